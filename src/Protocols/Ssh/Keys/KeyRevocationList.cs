using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>
/// Keys and certificates that are no longer good: a binary list of ssh-keygen -k (PROTOCOL.krl), or a file with a public key on each line, as sshd's RevokedKeys
/// takes both. Immutable, thread-safe.
/// </summary>
public sealed class KeyRevocationList
{
    /// <summary>Longest list, bytes.</summary>
    public const int MaxFile = 64 << 20;

    private readonly HashSet<SshPublicKey> _keys = [];
    private readonly HashSet<string> _sha1 = new(StringComparer.Ordinal);
    private readonly HashSet<string> _sha256 = new(StringComparer.Ordinal);
    private readonly List<KrlCertificates> _certificates = [];

    internal KeyRevocationList()
    {
    }

    /// <summary>Revokes nothing.</summary>
    public static KeyRevocationList Empty { get; } = new();

    /// <summary>Counts up with every version of a binary list; 0 for others.</summary>
    public ulong Version { get; internal set; }

    /// <summary>Reads a list of either form. False for anything that is not understood to the last byte: a list half understood would let in what it revokes.</summary>
    public static bool TryParse(ReadOnlySpan<byte> file, [NotNullWhen(true)] out KeyRevocationList? list)
    {
        list = null;
        if (file.Length > MaxFile)
            return false;
        var read = new KeyRevocationList();
        if (!(file.StartsWith(KrlReader.Magic) ? KrlReader.TryRead(file, read) : TryReadLines(file, read)))
            return false;
        list = read;
        return true;
    }

    /// <summary>A list of these keys.</summary>
    public static KeyRevocationList Of(IEnumerable<SshPublicKey> keys)
    {
        var list = new KeyRevocationList();
        list._keys.UnionWith(keys);
        return list;
    }

    /// <summary>Revokes what either does.</summary>
    public static KeyRevocationList AnyOf(KeyRevocationList one, KeyRevocationList other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        var list = new KeyRevocationList();
        foreach (KeyRevocationList from in new[] { one, other })
        {
            list._keys.UnionWith(from._keys);
            list._sha1.UnionWith(from._sha1);
            list._sha256.UnionWith(from._sha256);
            list._certificates.AddRange(from._certificates);
        }

        return list;
    }

    /// <summary>Whether the key is revoked, whatever it is used as: a person's, a host's, an authority's.</summary>
    public bool IsRevoked(SshPublicKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _keys.Contains(key)
            || (_sha1.Count > 0 && _sha1.Contains(Convert.ToHexString(Sha1(key.Blob.Span))))
            || (_sha256.Count > 0 && _sha256.Contains(Convert.ToHexString(SHA256.HashData(key.Blob.Span))));
    }

    /// <summary>Whether the certificate is revoked: itself, its key, or its authority, with which all of its certificates die.</summary>
    public bool IsRevoked(SshCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return IsRevoked(certificate.Key) || IsRevoked(certificate.Authority) || _certificates.Any(section => section.Has(certificate));
    }

    internal void Add(SshPublicKey key) => _keys.Add(key);

    internal void AddSha1(ReadOnlySpan<byte> hash) => _sha1.Add(Convert.ToHexString(hash));

    internal void AddSha256(ReadOnlySpan<byte> hash) => _sha256.Add(Convert.ToHexString(hash));

    internal void Add(KrlCertificates certificates) => _certificates.Add(certificates);

    private static bool TryReadLines(ReadOnlySpan<byte> file, KeyRevocationList list)
    {
        if (!System.Text.Unicode.Utf8.IsValid(file))
            return false;
        foreach (string line in Encoding.UTF8.GetString(file).Split('\n').Select(line => line.Trim()))
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (!SshPublicKey.TryParseLine(line, out SshPublicKey? key, out _))
                return false;
            list.Add(key);
        }

        return true;
    }

    [SuppressMessage("Security", "CA5350", Justification = "The format has lists of SHA-1 fingerprints; revoking too much is all that a collision could do.")]
    private static byte[] Sha1(ReadOnlySpan<byte> blob) => SHA1.HashData(blob);
}

/// <summary>Certificates that are revoked: of one authority, or of any.</summary>
internal sealed class KrlCertificates(SshPublicKey? authority)
{
    private readonly HashSet<string> _keyIds = new(StringComparer.Ordinal);
    private readonly List<(ulong First, ulong Last)> _ranges = [];
    private ImmutableArray<(ulong First, ulong Last)> _sorted = [];

    public void Add(ulong first, ulong last) => _ranges.Add((first, last));

    public void Add(string keyId) => _keyIds.Add(keyId);

    /// <summary>Joins and sorts the ranges, so that a look-up takes a few steps however long the list is.</summary>
    public void Seal()
    {
        _ranges.Sort();
        ImmutableArray<(ulong First, ulong Last)>.Builder joined = ImmutableArray.CreateBuilder<(ulong, ulong)>();
        foreach ((ulong first, ulong last) in _ranges)
        {
            if (joined.Count > 0 && first <= joined[^1].Last)
                joined[^1] = (joined[^1].First, Math.Max(joined[^1].Last, last));
            else
                joined.Add((first, last));
        }

        _sorted = joined.ToImmutable();
        _ranges.Clear();
    }

    public bool Has(SshCertificate certificate) =>
        (authority is null || authority.Equals(certificate.Authority)) && (_keyIds.Contains(certificate.KeyId) || HasSerial(certificate.Serial));

    private bool HasSerial(ulong serial)
    {
        int low = 0, high = _sorted.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (serial < _sorted[middle].First)
                high = middle - 1;
            else if (serial > _sorted[middle].Last)
                low = middle + 1;
            else
                return true;
        }

        return false;
    }
}
