using System.Collections.Frozen;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Ssh;

/// <summary>An authority for user certificates, and how they are read.</summary>
internal sealed record UserAuthority(IReadOnlyList<SshPublicKey> Keys, CertificateSubject Subject, CertificateAccounts Accounts, KeyHolders Holders);

/// <summary>What files say of keys and certificates, as of one moment.</summary>
internal sealed record KeyTrust
{
    public static KeyTrust None { get; } = new();

    public IReadOnlyList<UserAuthority> Authorities { get; init; } = [];

    public KeyRevocationList Revoked { get; init; } = KeyRevocationList.Empty;

    /// <summary>By fingerprint.</summary>
    public FrozenDictionary<string, FileKey> Files { get; init; } = FrozenDictionary<string, FileKey>.Empty;

    /// <summary>Whose subjects those of <see cref="Files"/> are.</summary>
    public KeyHolders Holders { get; init; } = new(null, [], Contract.IdentityKind.Human);

    /// <summary>How long a login by key is good when nothing ends it before.</summary>
    public TimeSpan LoginLifetime { get; init; } = SshConfig.None.LoginLifetime;

    /// <summary>Which of the authorities has certified.</summary>
    public UserAuthority? AuthorityOf(SshCertificate certificate) => Authorities.FirstOrDefault(authority => authority.Keys.Contains(certificate.Authority));
}
