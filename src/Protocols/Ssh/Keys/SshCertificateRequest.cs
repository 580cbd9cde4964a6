using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>A certificate to be minted.</summary>
public sealed record SshCertificateRequest
{
    private const int NonceLength = 32;

    public required SshCertificateKind Kind { get; init; }

    /// <summary>The key that is certified.</summary>
    public required SshPublicKey Key { get; init; }

    /// <summary>By which it can be revoked.</summary>
    public required ulong Serial { get; init; }

    /// <summary>What it is called in logs of those who take it.</summary>
    public required string KeyId { get; init; }

    /// <summary>Accounts or host names, at least one.</summary>
    public required IReadOnlyCollection<string> Principals { get; init; }

    public required DateTimeOffset ValidAfter { get; init; }

    public required DateTimeOffset ValidBefore { get; init; }

    /// <summary>Critical options; the value of a flag is empty. A host certificate has none.</summary>
    public IReadOnlyDictionary<string, string> CriticalOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>What is permitted (<see cref="SshCertificateOptions"/>), all of them flags. A host certificate has none.</summary>
    public IReadOnlyCollection<string> Extensions { get; init; } = [];

    /// <summary>The certificate, in its wire form.</summary>
    /// <param name="authority">Who certifies: an RSA key signs with SHA-512.</param>
    /// <exception cref="ArgumentException">It would be refused, or mean more than it says: no principals, one with a comma (others take it for a list), a life that ends before it begins, options of a host.</exception>
    public byte[] Mint(SshSigner authority)
    {
        ArgumentNullException.ThrowIfNull(authority);
        Require(Principals.Count is > 0 and <= SshCertificate.MaxPrincipals && Principals.All(IsPrincipal), "principals");
        Require(ValidAfter >= DateTimeOffset.UnixEpoch && ValidBefore > ValidAfter, "validity");
        Require(Kind is SshCertificateKind.User or SshCertificateKind.Host, "kind");
        Require(Kind == SshCertificateKind.User || (CriticalOptions.Count == 0 && Extensions.Count == 0), "options of a host");
        Require(!CriticalOptions.ContainsKey(SshCertificateOptions.SourceAddress) || SshAddressList.TryParse(CriticalOptions[SshCertificateOptions.SourceAddress], false, out _), "source-address");

        var principals = new SshWriter();
        foreach (string principal in Principals)
            principals.String(principal);
        ReadOnlySpan<byte> key = Key.Blob.Span;
        string type = SshKeyTypes.Certified(Key.Type);
        SshWriter writer = new SshWriter()
            .String(type)
            .String(RandomNumberGenerator.GetBytes(NonceLength))
            .Raw(key[(4 + Encoding.ASCII.GetByteCount(Key.Type))..])
            .UInt64(Serial)
            .UInt32((uint)Kind)
            .String(KeyId)
            .String(principals.Written)
            .UInt64((ulong)ValidAfter.ToUnixTimeSeconds())
            .UInt64(ValidBefore == DateTimeOffset.MaxValue ? ulong.MaxValue : (ulong)ValidBefore.ToUnixTimeSeconds())
            .String(Pack(CriticalOptions))
            .String(Pack(Extensions.Select(name => KeyValuePair.Create(name, ""))))
            .String([])
            .String(authority.PublicBlob.Span);
        writer.String(authority.Sign(authority.Algorithms[0], writer.Written));

        // What we mint we also take: anything out of bounds (a name too long, an option twice) shows here and not at the target.
        return SshCertificate.TryParse(writer.Written, out _) ? writer.ToArray() : throw new ArgumentException("The certificate cannot be minted: a part of it is too long or twice there.");
    }

    private static bool IsPrincipal(string name) => name.Length > 0 && !name.Any(c => c == ',' || char.IsControl(c));

    private static byte[] Pack(IEnumerable<KeyValuePair<string, string>> options)
    {
        var writer = new SshWriter();
        foreach ((string name, string value) in options.OrderBy(option => option.Key, StringComparer.Ordinal))
            writer.String(name).String(value.Length == 0 ? [] : new SshWriter().String(value).Written);
        return writer.ToArray();
    }

    private static void Require(bool condition, string what)
    {
        if (!condition)
            throw new ArgumentException($"The certificate cannot be minted: {what}.");
    }
}
