using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Sallyport.Proxy.Identity;

/// <summary>
/// A subject put together from claims, such as <c>repo:{repository}:ref:{ref}</c>. No two sets of claims make the same subject: a value may not
/// hold the character that ends it in the template, so whoever can choose one claim (a branch's name) cannot write the next.
/// </summary>
internal sealed record SubjectTemplate
{
    /// <summary>Most claims in a template.</summary>
    private const int MostClaims = 16;

    private SubjectTemplate(string head, ImmutableArray<Part> parts)
    {
        Head = head;
        Parts = parts;
    }

    private string Head { get; }

    private ImmutableArray<Part> Parts { get; }

    /// <summary>True when the text has a place for a claim: otherwise it names a claim.</summary>
    public static bool IsTemplate(string text) => text.Contains('{', StringComparison.Ordinal);

    /// <summary>Reads a template.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static SubjectTemplate Parse(string text)
    {
        int open = text.IndexOf('{', StringComparison.Ordinal);
        string head = open < 0 ? text : text[..open];
        ImmutableArray<Part>.Builder parts = ImmutableArray.CreateBuilder<Part>();
        while (open >= 0)
        {
            int close = text.IndexOf('}', open);
            int next = close < 0 ? -1 : text.IndexOf('{', close);
            if (close < 0 || close == open + 1)
                throw new FormatException("a claim is written {name}");
            string name = text[(open + 1)..close];
            string tail = text[(close + 1)..(next < 0 ? text.Length : next)];
            if (name.Contains('{', StringComparison.Ordinal) || tail.Contains('}', StringComparison.Ordinal) || parts.Count == MostClaims)
                throw new FormatException($"a claim is written {{name}}, and there are at most {MostClaims}");
            if (tail.Length == 0 && next >= 0)
                throw new FormatException("between two claims there must be something that tells where one ends, such as \":\"");
            parts.Add(new Part(name, tail));
            open = next;
        }

        if (parts.Count == 0 || head.Contains('}', StringComparison.Ordinal))
            throw new FormatException("a claim is written {name}");
        return new SubjectTemplate(head, parts.ToImmutable());
    }

    /// <summary>The subject; null when a claim is missing, is no single value, or could be mistaken for more than itself.</summary>
    public string? Fill(JsonElement payload)
    {
        var subject = new StringBuilder(Head);
        foreach ((string claim, string tail) in Parts)
        {
            if (!ClaimPath.TryFind(payload, claim, out JsonElement found) || ClaimPath.Scalar(found) is not { Length: > 0 and <= TokenParts.LongestName } value
                || (tail.Length > 0 && value.Contains(tail[0], StringComparison.Ordinal)))
                return null;
            subject.Append(value).Append(tail);
        }

        return subject.Length <= TokenParts.LongestName ? subject.ToString() : null;
    }

    /// <param name="Claim">Its place.</param>
    /// <param name="Tail">What follows it.</param>
    private readonly record struct Part(string Claim, string Tail);
}
