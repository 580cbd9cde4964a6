using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>What is known of one host: its keys, authorities whose host certificates for its name are taken, and keys that are no longer good. Immutable.</summary>
/// <param name="name">The name that a host certificate must have among its principals, as a whole.</param>
public sealed class KnownHost(string name, IReadOnlyList<SshPublicKey> keys, IReadOnlyList<SshPublicKey> authorities, KeyRevocationList revoked)
{
    public IReadOnlyList<SshPublicKey> Keys { get; } = keys;

    public IReadOnlyList<SshPublicKey> Authorities { get; } = authorities;

    public KeyRevocationList Revoked { get; } = revoked;

    /// <summary>Types to ask for first: certificates of any key where an authority is trusted, then those of the keys.</summary>
    public IReadOnlyList<string> KnownTypes { get; } =
    [
        .. authorities.Count > 0 ? HostTypes.Select(SshKeyTypes.Certified) : [],
        .. keys.Select(key => key.Type).Distinct(StringComparer.Ordinal),
    ];

    private static IEnumerable<string> HostTypes => [SshKeyTypes.Ed25519, SshKeyTypes.EcdsaP256, SshKeyTypes.EcdsaP384, SshKeyTypes.EcdsaP521, SshKeyTypes.Rsa];

    /// <summary>This with what another list knows.</summary>
    public KnownHost With(KnownHost other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new KnownHost(name, [.. Keys, .. other.Keys], [.. Authorities, .. other.Authorities], KeyRevocationList.AnyOf(Revoked, other.Revoked));
    }

    /// <summary>Judges a key or host certificate in its wire form that the host has proven to hold.</summary>
    public HostKeyStatus Judge(ReadOnlySpan<byte> blob, DateTimeOffset now)
    {
        if (SshPublicKey.TryParse(blob, out SshPublicKey? key))
            return JudgeKey(key);
        if (!SshCertificate.TryParse(blob, out SshCertificate? certificate))
            return HostKeyStatus.Mismatch;
        if (Revoked.IsRevoked(certificate))
            return HostKeyStatus.Revoked;
        string? refusal = certificate.Check(new SshCertificateUse
        {
            Kind = SshCertificateKind.Host,
            Authorities = Authorities,
            Principals = [name],
            Now = now,
            Revoked = Revoked,
        });

        // A certificate that is not good proves no more than its key does, as with OpenSSH.
        return refusal is null ? HostKeyStatus.Trusted : JudgeKey(certificate.Key);
    }

    private HostKeyStatus JudgeKey(SshPublicKey key)
    {
        if (Revoked.IsRevoked(key))
            return HostKeyStatus.Revoked;
        if (Keys.Contains(key))
            return HostKeyStatus.Trusted;
        return Keys.Count > 0 || Authorities.Count > 0 ? HostKeyStatus.Mismatch : HostKeyStatus.Unknown;
    }
}
