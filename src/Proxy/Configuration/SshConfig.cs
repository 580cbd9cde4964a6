using System.Collections.Immutable;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Proxy.Configuration;

/// <summary><c>ssh</c>: by what keys and certificates people are known, and our own authorities.</summary>
internal sealed record SshConfig
{
    public static SshConfig None { get; } = new();

    /// <summary>Private key that signs user certificates for targets; null: none are minted.</summary>
    public ConfigPath? UserAuthority { get; init; }

    /// <summary>Private key that signs host certificates of this gateway; null: its host keys stand alone.</summary>
    public ConfigPath? HostAuthority { get; init; }

    /// <summary>Authorities whose user certificates are taken.</summary>
    public ImmutableArray<UserAuthorityConfig> UserAuthorities { get; init; } = [];

    /// <summary>An OpenSSH key revocation list; null: none.</summary>
    public ConfigPath? RevokedKeys { get; init; }

    /// <summary>People's keys, a file for each; null: none.</summary>
    public AuthorizedKeysConfig? AuthorizedKeys { get; init; }

    /// <summary>How long a login by key is good when nothing ends it before.</summary>
    public TimeSpan LoginLifetime { get; init; } = TimeSpan.FromHours(12);
}

/// <summary>Whose subjects keys and certificates stand for.</summary>
/// <param name="Issuer">What policy and records call their issuer; null: they are the broker's, and the store says which groups they have.</param>
/// <param name="Groups">Of all of them; only where there is an issuer.</param>
/// <param name="Kind">Of all of them; only where there is an issuer.</param>
internal sealed record KeyHolders(string? Issuer, ImmutableArray<string> Groups, IdentityKind Kind);

/// <summary>What of a certificate names the person.</summary>
internal enum CertificateSubject : byte
{
    /// <summary>Its key id, whole.</summary>
    KeyId,

    /// <summary>Its principal, of which it has exactly one.</summary>
    Principal,
}

/// <summary>Which accounts a certificate is good for.</summary>
internal enum CertificateAccounts : byte
{
    /// <summary>Those among its principals.</summary>
    Principals,

    /// <summary>Any that policy allows.</summary>
    Any,
}

/// <summary>An authority for user certificates.</summary>
/// <param name="File">Its public keys, one a line.</param>
internal sealed record UserAuthorityConfig(ConfigPath File, CertificateSubject Subject, CertificateAccounts Accounts, KeyHolders Holders);

/// <summary>A directory of files in the form of authorized_keys (sshd(8)), each named after the person.</summary>
internal sealed record AuthorizedKeysConfig(ConfigPath Directory, KeyHolders Holders);

/// <summary>A kind of host key.</summary>
internal enum HostKeyKind : byte
{
    Ed25519,
    Ecdsa,
    Rsa,
}

/// <summary>What an SSH listener has beside its address.</summary>
internal sealed record SshListenerConfig
{
    /// <summary>The directory of its host keys, which are made there when they are not.</summary>
    public required ConfigPath HostKeys { get; init; }

    public ImmutableArray<HostKeyKind> HostKeyKinds { get; init; } = [HostKeyKind.Ed25519, HostKeyKind.Ecdsa, HostKeyKind.Rsa];

    /// <summary>Host certificates made elsewhere, one for each key at most.</summary>
    public ImmutableArray<ConfigPath> HostCertificates { get; init; } = [];

    /// <summary>Names by which people reach it: the host certificate of our own authority is for these.</summary>
    public ImmutableArray<string> HostNames { get; init; } = [];

    /// <summary>Algorithms by the names they have on the wire; empty: the engine's own choice.</summary>
    public SshAlgorithmsConfig Algorithms { get; init; } = new();

    /// <summary>Alternatives, each a sequence of factors; empty: any one of all.</summary>
    public ImmutableArray<ImmutableArray<SshMethod>> Methods { get; init; } = [];
}

/// <summary>Algorithms in order of preference; an empty list is the engine's own.</summary>
internal sealed record SshAlgorithmsConfig
{
    public ImmutableArray<string> KeyExchanges { get; init; } = [];

    public ImmutableArray<string> HostKeys { get; init; } = [];

    public ImmutableArray<string> Ciphers { get; init; } = [];

    public ImmutableArray<string> Macs { get; init; } = [];

    public ImmutableArray<string> PublicKeys { get; init; } = [];
}

/// <summary>What an SSH target has beside its address.</summary>
internal sealed record SshTargetConfig
{
    /// <summary>How the daemon logs in there.</summary>
    public required SshCredentialConfig Credential { get; init; }

    public SshTargetHostKeysConfig HostKeys { get; init; } = new();
}

/// <summary>How the daemon logs in at an SSH target: exactly one of password, key and minted certificate.</summary>
internal sealed record SshCredentialConfig
{
    /// <summary>The password is <see cref="TargetConfig.Password"/>, or the store's.</summary>
    public bool IsPassword { get; init; }

    /// <summary>True: a private key, <see cref="PrivateKey"/> or the store's.</summary>
    public bool IsKey { get; init; }

    public SecretReference? PrivateKey { get; init; }

    /// <summary>An OpenSSH certificate of that key; null: the key alone.</summary>
    public ConfigPath? Certificate { get; init; }

    /// <summary>How long a certificate that is minted for a session is good; null: none is.</summary>
    public TimeSpan? MintValidity { get; init; }

    /// <summary>Principals of minted certificates; empty: the account alone.</summary>
    public ImmutableArray<string> MintPrincipals { get; init; } = [];
}

/// <summary>By what an SSH target's host keys are known, beside the pins of the store.</summary>
internal sealed record SshTargetHostKeysConfig
{
    /// <summary>A file in the form of known_hosts (sshd(8)); null: none.</summary>
    public ConfigPath? KnownHosts { get; init; }

    /// <summary>Authorities for host certificates: a file of public keys, one a line; null: none.</summary>
    public ConfigPath? Authority { get; init; }

    /// <summary>The same as text: for targets of the store.</summary>
    public ImmutableArray<string> AuthorityKeys { get; init; } = [];

    /// <summary>Fingerprints (<c>SHA256:…</c>) or public keys.</summary>
    public ImmutableArray<string> Pinned { get; init; } = [];
}
