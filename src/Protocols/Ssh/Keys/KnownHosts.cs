using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>A line of a file that says nothing that is understood.</summary>
/// <param name="Line">From 1.</param>
public readonly record struct KeyFileProblem(int Line, string Message);

/// <summary>
/// A known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): names hashed or not, <c>[host]:port</c>, wildcards, negation, <c>@cert-authority</c>, <c>@revoked</c>.
/// Immutable, thread-safe.
/// </summary>
public sealed class KnownHosts
{
    /// <summary>Longest file, characters.</summary>
    public const int MaxFile = 16 << 20;

    private const int DefaultPort = 22;
    private const int MaxLine = 16 << 10;

    private readonly List<Line> _lines = [];

    private KnownHosts(IReadOnlyList<KeyFileProblem> problems) => Problems = problems;

    private enum Marker : byte
    {
        None,
        Authority,
        Revoked,
    }

    /// <summary>Lines that were passed over: OpenSSH does so too, but an operator should know.</summary>
    public IReadOnlyList<KeyFileProblem> Problems { get; }

    /// <summary>Reads a file; lines that are not understood are <see cref="Problems"/>.</summary>
    /// <exception cref="FormatException">It is too long.</exception>
    public static KnownHosts Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaxFile)
            throw new FormatException("The file of known hosts is too long.");
        List<KeyFileProblem> problems = [];
        var hosts = new KnownHosts(problems);
        int number = 0;
        foreach (ReadOnlySpan<char> raw in text.AsSpan().EnumerateLines())
        {
            number++;
            string line = raw.Trim().ToString();
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (Line.TryParse(line, out Line? read, out string problem))
                hosts._lines.Add(read);
            else
                problems.Add(new KeyFileProblem(number, problem));
        }

        return hosts;
    }

    /// <summary>What is known of a host. A port other than 22 has its own lines (<c>[host]:port</c>), as with OpenSSH.</summary>
    /// <param name="host">Name or address, without brackets.</param>
    public KnownHost For(string host, int port)
    {
        ArgumentNullException.ThrowIfNull(host);
        string name = host.ToLowerInvariant();
        string wanted = port == DefaultPort ? name : string.Create(CultureInfo.InvariantCulture, $"[{name}]:{port}");
        List<SshPublicKey> keys = [], authorities = [], revoked = [];
        foreach (Line line in _lines)
        {
            if (line.Matches(wanted))
                (line.Marker switch { Marker.Authority => authorities, Marker.Revoked => revoked, _ => keys }).Add(line.Key);
        }

        return new KnownHost(name, keys, authorities, KeyRevocationList.Of(revoked));
    }

    private sealed class Line
    {
        private string _names = "";
        private byte[]? _salt;
        private byte[]? _hash;

        public Marker Marker { get; private init; }

        public required SshPublicKey Key { get; init; }

        public static bool TryParse(string text, [NotNullWhen(true)] out Line? line, out string problem)
        {
            line = null;
            problem = "The line is too long.";
            if (text.Length > MaxLine)
                return false;
            Marker marker = Marker.None;
            string rest = text;
            if (text[0] == '@')
            {
                string word = text.Split([' ', '\t'], 2)[0];
                problem = "The marker is not known.";
                if (word is not ("@cert-authority" or "@revoked"))
                    return false;
                marker = word == "@revoked" ? Marker.Revoked : Marker.Authority;
                rest = text[word.Length..].TrimStart();
            }

            string[] parts = rest.Split([' ', '\t'], 2, StringSplitOptions.RemoveEmptyEntries);
            problem = "There is no key of a known type.";
            if (parts.Length < 2 || !SshPublicKey.TryParseLine(parts[1], out SshPublicKey? key, out _))
                return false;
            var read = new Line { Marker = marker, Key = key, _names = parts[0] };
            problem = "The hashed name is not right.";
            if (parts[0][0] == '|' && !read.TryReadHash(parts[0]))
                return false;
            line = read;
            return true;
        }

        public bool Matches(string wanted)
        {
            if (_hash is null)
                return HostPattern.ListMatches(_names, wanted);
            return CryptographicOperations.FixedTimeEquals(Hash(_salt!, wanted), _hash);
        }

        /// <summary><c>|1|salt|HMAC-SHA1 of the name</c>.</summary>
        private bool TryReadHash(string name)
        {
            string[] parts = name.Split('|');
            return parts.Length == 4 && parts[1] == "1" && KeyText.TryDecode(parts[2], 64, out _salt) && KeyText.TryDecode(parts[3], 20, out _hash) && _salt.Length > 0 && _hash.Length == 20;
        }

        [SuppressMessage("Security", "CA5350", Justification = "The format hashes names with HMAC-SHA1; it hides them, and proves nothing.")]
        private static byte[] Hash(byte[] salt, string name) => HMACSHA1.HashData(salt, Encoding.UTF8.GetBytes(name));
    }
}
