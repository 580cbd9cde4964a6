using System.Text.Json.Nodes;
using Sallyport.Shared.KubernetesServer.Requests;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>Label and field selectors (Kubernetes, "Labels and Selectors", "Field Selectors").</summary>
internal static class Selectors
{
    /// <summary>A test of an object; true for all where both are empty.</summary>
    /// <exception cref="ApiException">400: not a selector.</exception>
    public static Func<JsonObject, bool> Parse(string? labels, string? fields)
    {
        List<Func<JsonObject, bool>> all = [.. Split(labels).Select(Label), .. Split(fields).Select(Field)];
        return value => all.TrueForAll(test => test(value));
    }

    private static Func<JsonObject, bool> Label(string term)
    {
        if (term.IndexOf('(', StringComparison.Ordinal) is var open and > 0 && term.EndsWith(')'))
        {
            string[] words = term[..open].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] values = term[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries);
            return words switch
            {
                [var key, "in"] => value => Get(value, key) is { } label && values.Contains(label),
                [var key, "notin"] => value => Get(value, key) is not { } label || !values.Contains(label),
                _ => throw ApiException.BadRequest($"unable to parse requirement: {term}"),
            };
        }

        if (Comparison(term) is var (name, wanted, equal))
            return value => (Get(value, name) == wanted) == equal;
        return term.StartsWith('!') ? value => Get(value, term[1..].Trim()) is null : value => Get(value, term) is not null;

        static string? Get(JsonObject value, string key) => (value.At("metadata.labels") as JsonObject)?[key]?.ToString();
    }

    private static Func<JsonObject, bool> Field(string term)
    {
        if (Comparison(term) is not var (path, wanted, equal))
            throw ApiException.BadRequest($"invalid field selector {term}");
        return value => ((value.Text(path) ?? "") == wanted) == equal;
    }

    private static (string Name, string Wanted, bool Equal)? Comparison(string term)
    {
        foreach (string sign in (ReadOnlySpan<string>)["!=", "==", "="])
        {
            int at = term.IndexOf(sign, StringComparison.Ordinal);
            if (at > 0)
                return (term[..at].Trim(), term[(at + sign.Length)..].Trim(), sign != "!=");
        }

        return null;
    }

    /// <summary>At the commas that are not between parentheses.</summary>
    private static IEnumerable<string> Split(string? selector)
    {
        int from = 0, depth = 0;
        string text = selector ?? "";
        for (int at = 0; at <= text.Length; at++)
        {
            if (at == text.Length || (text[at] == ',' && depth == 0))
            {
                if (text[from..at].Trim() is { Length: > 0 } term)
                    yield return term;
                from = at + 1;
            }
            else if (text[at] is '(' or ')')
            {
                depth += text[at] == '(' ? 1 : -1;
            }
        }
    }
}
