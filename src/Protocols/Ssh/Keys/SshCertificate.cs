using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>What a certificate is for (PROTOCOL.certkeys: its <c>type</c> field).</summary>
public enum SshCertificateKind : byte
{
    User = 1,
    Host = 2,
}

/// <summary>
/// An OpenSSH certificate (PROTOCOL.certkeys), strictly read. Reading proves nothing: <see cref="Check"/> does. Neither the certified key nor the authority's
/// can be a certificate: a chain of them would let every holder certify. Immutable.
/// </summary>
public sealed partial class SshCertificate
{
    /// <summary>Longest certificate, bytes.</summary>
    public const int MaxBlob = 32 << 10;

    /// <summary>Most principals of one certificate (OpenSSH's limit).</summary>
    public const int MaxPrincipals = 256;

    private const int MaxOptions = 64;
    private const int MaxKeyId = 4096;
    private const int MaxPrincipal = 1024;
    private const int MaxOption = 8192;

    private readonly byte[] _blob;
    private readonly int _signedLength;
    private readonly byte[] _signature;

    private SshCertificate(ReadOnlySpan<byte> blob, int signedLength, ReadOnlySpan<byte> signature)
    {
        _blob = blob.ToArray();
        _signedLength = signedLength;
        _signature = signature.ToArray();
    }

    /// <summary>The wire form.</summary>
    public ReadOnlyMemory<byte> Blob => _blob;

    /// <summary>Its type (<c>ssh-ed25519-cert-v01@openssh.com</c>).</summary>
    public required string Type { get; init; }

    public required SshCertificateKind Kind { get; init; }

    /// <summary>The key that is certified.</summary>
    public required SshPublicKey Key { get; init; }

    /// <summary>The key that certifies.</summary>
    public required SshPublicKey Authority { get; init; }

    public required ulong Serial { get; init; }

    /// <summary>What the authority calls it: for the log.</summary>
    public required string KeyId { get; init; }

    /// <summary>Whole names. Empty: none, never any.</summary>
    public required IReadOnlyList<string> Principals { get; init; }

    public required DateTimeOffset ValidAfter { get; init; }

    /// <summary>The first moment it is no longer good; <see cref="DateTimeOffset.MaxValue"/>: never.</summary>
    public required DateTimeOffset ValidBefore { get; init; }

    /// <summary>Critical options as they are, by name.</summary>
    public required IReadOnlyDictionary<string, string> CriticalOptions { get; init; }

    /// <summary>Names of the extensions. What is not known permits nothing.</summary>
    public required IReadOnlySet<string> Extensions { get; init; }

    /// <summary>Reads a certificate. False for anything that is not exactly one; never throws.</summary>
    public static bool TryParse(ReadOnlySpan<byte> blob, [NotNullWhen(true)] out SshCertificate? certificate)
    {
        certificate = null;
        if (blob.Length > MaxBlob)
            return false;
        var reader = new SshReader(blob);
        string type = reader.ReadText(64);
        if (reader.Failed || !SshKeyTypes.IsCertificate(type))
            return false;
        string plain = SshKeyTypes.Plain(type);
        reader.ReadString(); // nonce
        if (reader.Failed || SshKeyTypes.Certified(plain) != type || SshPublicKey.ReadFields(ref reader, plain) is not { } key)
            return false;
        ulong serial = reader.ReadUInt64();
        uint kind = reader.ReadUInt32();
        string keyId = reader.ReadText(MaxKeyId);
        ReadOnlySpan<byte> principals = reader.ReadString();
        ulong after = reader.ReadUInt64(), before = reader.ReadUInt64();
        ReadOnlySpan<byte> critical = reader.ReadString(), extensions = reader.ReadString();
        reader.ReadString(); // reserved
        ReadOnlySpan<byte> authority = reader.ReadString();
        int signed = blob.Length - reader.Left;
        ReadOnlySpan<byte> signature = reader.ReadString();
        if (!reader.AtEnd || kind is not ((uint)SshCertificateKind.User or (uint)SshCertificateKind.Host)
            || !SshPublicKey.TryParse(authority, out SshPublicKey? by)
            || !TryReadPrincipals(principals, out List<string> names)
            || !TryReadOptions(critical, out Dictionary<string, string> options)
            || !TryReadOptions(extensions, out Dictionary<string, string> permits))
            return false;
        certificate = new SshCertificate(blob, signed, signature)
        {
            Type = type,
            Kind = (SshCertificateKind)kind,
            Key = key,
            Authority = by,
            Serial = serial,
            KeyId = keyId,
            Principals = names,
            ValidAfter = TimeOf(after),
            ValidBefore = TimeOf(before),
            CriticalOptions = options,
            Extensions = permits.Keys.ToHashSet(StringComparer.Ordinal),
        };
        return true;
    }

    /// <summary>Seconds of the epoch; what lies beyond the calendar is its end (<c>forever</c> is 2^64 - 1).</summary>
    private static DateTimeOffset TimeOf(ulong seconds) =>
        seconds > (ulong)DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? DateTimeOffset.MaxValue : DateTimeOffset.FromUnixTimeSeconds((long)seconds);

    private static bool TryReadPrincipals(ReadOnlySpan<byte> packed, out List<string> names)
    {
        names = [];
        var reader = new SshReader(packed);
        while (reader.HasMore)
        {
            names.Add(reader.ReadText(MaxPrincipal));
            if (names.Count > MaxPrincipals || names[^1].Length == 0)
                return false;
        }

        return !reader.Failed;
    }

    /// <summary>Pairs of name and value, in the order of their names, none twice. A value is a string within the string; a flag's is empty.</summary>
    private static bool TryReadOptions(ReadOnlySpan<byte> packed, out Dictionary<string, string> options)
    {
        options = new Dictionary<string, string>(StringComparer.Ordinal);
        string last = "";
        var reader = new SshReader(packed);
        while (reader.HasMore)
        {
            string name = reader.ReadText(MaxPrincipal);
            ReadOnlySpan<byte> value = reader.ReadString();
            if (reader.Failed || options.Count == MaxOptions || string.CompareOrdinal(name, last) <= 0 || !TryReadValue(value, out string text))
                return false;
            options.Add(name, text);
            last = name;
        }

        return !reader.Failed;
    }

    private static bool TryReadValue(ReadOnlySpan<byte> value, out string text)
    {
        text = "";
        if (value.IsEmpty)
            return true;
        var inner = new SshReader(value);
        text = inner.ReadText(MaxOption);
        return inner.AtEnd;
    }
}
