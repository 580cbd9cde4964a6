using System.Globalization;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>The options before a key in an authorized_keys line (sshd(8)), read from left to right.</summary>
internal sealed class AuthorizedKeyOptions
{
    private const int MaxPrincipals = 256;

    private static readonly string[] Times = ["yyyyMMdd", "yyyyMMddHHmm", "yyyyMMddHHmmss"];

    private readonly HashSet<string> _once = new(StringComparer.Ordinal);
    private string? _command;
    private bool _noPty;
    private bool _noForwarding;
    private bool _noAgent;
    private bool _noX11;
    private bool _onlySome;

    public bool Authority { get; private set; }

    public bool VerifyRequired { get; private set; }

    public IReadOnlyList<string> Principals { get; private set; } = [];

    public DateTimeOffset? ExpiresAt { get; private set; }

    public SshAddressList? From { get; private set; }

    public LoginRestrictions ToRestrictions() => new()
    {
        ForceCommand = _command,
        NoPty = _noPty,
        NoForwarding = _noForwarding || _onlySome,
        NoAgent = _noAgent,
        NoX11 = _noX11,
    };

    public bool TryParse(ReadOnlySpan<char> text, out string problem)
    {
        while (true)
        {
            int end = text.IndexOfAny('=', ',');
            string name = (end < 0 ? text : text[..end]).ToString().ToLowerInvariant();
            string? value = null;
            text = end < 0 ? [] : text[end..];
            if (!text.IsEmpty && text[0] == '=' && !TryTakeValue(ref text, out value))
            {
                problem = $"The value of the option '{Shown(name)}' is not in quotes.";
                return false;
            }

            if (!(value is null ? TryFlag(name) : TryValue(name, value)))
            {
                problem = $"The option '{Shown(name)}' is not known, cannot be honoured, or is not right.";
                return false;
            }

            if (text.IsEmpty)
                break;
            text = text[1..];
        }

        problem = Principals.Count > 0 && !Authority ? "The option 'principals' is for authorities." : "";
        return problem.Length == 0;
    }

    /// <summary>Takes <c>="value"</c>, in which <c>\"</c> is a quote, and stops before the comma.</summary>
    private static bool TryTakeValue(ref ReadOnlySpan<char> text, out string value)
    {
        value = "";
        if (text.Length < 3 || text[1] != '"')
            return false;
        var read = new System.Text.StringBuilder();
        for (int i = 2; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] == '"')
            {
                read.Append('"');
                i++;
            }
            else if (text[i] == '"')
            {
                value = read.ToString();
                text = text[(i + 1)..];
                return text.IsEmpty || text[0] == ',';
            }
            else
            {
                read.Append(text[i]);
            }
        }

        return false;
    }

    private bool TryFlag(string name)
    {
        switch (name)
        {
            case "restrict":
                _noPty = _noForwarding = _noAgent = _noX11 = true;
                return true;
            case "pty" or "no-pty":
                _noPty = name[0] == 'n';
                return true;
            case "port-forwarding" or "no-port-forwarding":
                _noForwarding = name[0] == 'n';
                return true;
            case "agent-forwarding" or "no-agent-forwarding":
                _noAgent = name[0] == 'n';
                return true;
            case "x11-forwarding" or "no-x11-forwarding":
                _noX11 = name[0] == 'n';
                return true;
            case "user-rc" or "no-user-rc":
                // Of the target's own server: the gateway runs no rc file.
                return true;
            case "cert-authority":
                Authority = true;
                return true;
            case "verify-required":
                VerifyRequired = true;
                return true;
            case "no-touch-required":
                // Allowed to stand there, never honoured: a FIDO key that was not touched proves nothing.
                return true;
            default:
                return false;
        }
    }

    private bool TryValue(string name, string value)
    {
        switch (name)
        {
            case "command":
                _command = value;
                return value.Length > 0 && _once.Add(name);
            case "from":
                bool read = SshAddressList.TryParse(value, patterns: true, out SshAddressList? list);
                From = list;
                return read && _once.Add(name);
            case "expiry-time":
                ExpiresAt = ParseTime(value);
                return ExpiresAt is not null && _once.Add(name);
            case "principals":
                Principals = value.Split(',');
                return Principals.Count <= MaxPrincipals && Principals.All(one => one.Length > 0) && _once.Add(name);
            case "permitopen" or "permitlisten":
                _onlySome = true;
                return value.Length > 0;
            case "tunnel":
                // Of layer 2 and 3 forwarding, which nobody gets.
                return value.Length > 0;
            default:
                return false;
        }
    }

    /// <summary>YYYYMMDD[HHMM[SS]] with or without Z: always UTC, as nodes may stand in several time zones.</summary>
    private static DateTimeOffset? ParseTime(string value) =>
        DateTimeOffset.TryParseExact(value.TrimEnd('Z', 'z'), Times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time) ? time : null;

    private static string Shown(string name) => new([.. name.Take(64).Select(c => char.IsControl(c) ? '?' : c)]);
}
