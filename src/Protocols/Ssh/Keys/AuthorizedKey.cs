using System.Diagnostics.CodeAnalysis;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>
/// A line of an authorized_keys file (sshd(8), AUTHORIZED_KEYS FILE FORMAT). An option that is not known makes the line an error, and so does one that would
/// give something we do not give (<c>environment</c>): nothing that restricts is ever passed over. Immutable.
/// </summary>
public sealed class AuthorizedKey
{
    /// <summary>Longest line, characters.</summary>
    public const int MaxLine = 16 << 10;

    private readonly AuthorizedKeyOptions _options;

    private AuthorizedKey(SshPublicKey key, string comment, AuthorizedKeyOptions options)
    {
        Key = key;
        Comment = comment;
        _options = options;
    }

    public SshPublicKey Key { get; }

    public string Comment { get; }

    /// <summary>The key is an authority: what it certifies is taken, and it itself is not.</summary>
    public bool IsAuthority => _options.Authority;

    /// <summary>For an authority: principals of which a certificate must have one, as a whole; empty: not said.</summary>
    public IReadOnlyList<string> Principals => _options.Principals;

    /// <summary>The first moment it is no longer good (UTC); null: always.</summary>
    public DateTimeOffset? ExpiresAt => _options.ExpiresAt;

    /// <summary>Where it may be used from; null: anywhere.</summary>
    public SshAddressList? From => _options.From;

    /// <summary>A FIDO key must say that it knows the person.</summary>
    public bool VerifyRequired => _options.VerifyRequired;

    /// <summary>What it leaves its holder. <c>permitopen</c> and <c>permitlisten</c> cannot be kept here, so they forbid all forwarding: policy says what may be reached.</summary>
    public LoginRestrictions Restrictions => _options.ToRestrictions();

    /// <summary>Reads one line that is neither empty nor a comment.</summary>
    /// <param name="problem">What is wrong with it, when false.</param>
    public static bool TryParse(string line, [NotNullWhen(true)] out AuthorizedKey? key, out string problem)
    {
        ArgumentNullException.ThrowIfNull(line);
        key = null;
        problem = "The line is too long.";
        if (line.Length > MaxLine)
            return false;
        string text = line.Trim();
        var options = new AuthorizedKeyOptions();
        if (!SshPublicKey.TryParseLine(text, out SshPublicKey? read, out string comment))
        {
            int end = EndOfOptions(text);
            if (end < 0 || !SshPublicKey.TryParseLine(text[end..], out read, out comment))
            {
                problem = "There is no key of a known type.";
                return false;
            }

            if (!options.TryParse(text.AsSpan(0, end), out problem))
                return false;
        }

        key = new AuthorizedKey(read, comment, options);
        return true;
    }

    /// <summary>Reads a file: comments and empty lines are passed over, problems told by line.</summary>
    public static IReadOnlyList<AuthorizedKey> ParseFile(string text, out IReadOnlyList<KeyFileProblem> problems)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<AuthorizedKey> keys = [];
        List<KeyFileProblem> found = [];
        int number = 0;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            number++;
            ReadOnlySpan<char> trimmed = line.Trim();
            if (trimmed.IsEmpty || trimmed[0] == '#')
                continue;
            if (TryParse(trimmed.ToString(), out AuthorizedKey? key, out string problem))
                keys.Add(key);
            else
                found.Add(new KeyFileProblem(number, problem));
        }

        problems = found;
        return keys;
    }

    /// <summary>The first space outside quotes.</summary>
    private static int EndOfOptions(string text)
    {
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] == '"')
                i++;
            else if (text[i] == '"')
                quoted = !quoted;
            else if (!quoted && text[i] is ' ' or '\t')
                return i;
        }

        return -1;
    }
}
