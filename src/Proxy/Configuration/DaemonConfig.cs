using System.Collections.Immutable;
using System.Net;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Logging;
using Sallyport.Recording;

namespace Sallyport.Proxy.Configuration;

/// <summary>The configuration file, read and checked as far as that goes without opening other files. Immutable.</summary>
internal sealed record DaemonConfig
{
    /// <summary>Name of this node, in records and logs.</summary>
    public required string Node { get; init; }

    public required ImmutableArray<IssuerConfig> Issuers { get; init; }

    /// <summary>The issuer whose tokens this daemon's own command signs; null: there is none.</summary>
    public required LocalIssuerConfig? Local { get; init; }

    public required ImmutableArray<ListenerConfig> Listeners { get; init; }

    public required ImmutableArray<TargetConfig> Targets { get; init; }

    /// <summary>Directory of the policy documents.</summary>
    public required ConfigPath Policies { get; init; }

    /// <summary>Key of the <c>hash</c> mask; null: there is none.</summary>
    public required SecretReference? MaskKey { get; init; }

    public required RecordingsConfig Recordings { get; init; }

    /// <summary>Where the state is; null: there is none, and nothing that needs it.</summary>
    public StoreConfig? Store { get; init; }

    /// <summary>The audit's file; there is one wherever there is a state.</summary>
    public AuditConfig? Audit { get; init; }

    public required LimitsConfig Limits { get; init; }

    /// <summary>Who is told of what waits for approval, and what can be asked for.</summary>
    public ApprovalsConfig Approvals { get; init; } = ApprovalsConfig.Default;

    public required LogFormat LogFormat { get; init; }

    /// <summary>The admin API; null: there is none.</summary>
    public AdminConfig? Admin { get; init; }

    /// <summary>The OpenID Provider of this daemon; null: there is none.</summary>
    public BrokerConfig? Broker { get; init; }

    /// <summary>Keys and certificates of people, and our own authorities.</summary>
    public SshConfig Ssh { get; init; } = SshConfig.None;
}

/// <summary>A file or directory named in the configuration: absolute, and where it was named.</summary>
internal readonly record struct ConfigPath(string Path, YamlMark Mark);

/// <summary>An issuer of tokens, and where its keys are.</summary>
/// <param name="Rules">How its tokens are judged.</param>
/// <param name="KeysFile">A JWKS file; null: fetched.</param>
/// <param name="KeysAddress">Where keys are fetched; null: a file.</param>
/// <param name="Discover">True when <paramref name="KeysAddress"/> leads to metadata, false when it is the JWKS document itself.</param>
internal sealed record IssuerConfig(IssuerRules Rules, ConfigPath? KeysFile, Uri? KeysAddress, bool Discover);

/// <summary>The local issuer.</summary>
internal sealed record LocalIssuerConfig(IssuerRules Rules, ConfigPath Key)
{
    /// <summary>The name its key and tokens go by in messages.</summary>
    public const string Name = "local";
}

/// <summary>Where clients connect.</summary>
internal sealed record ListenerConfig
{
    public required string Name { get; init; }

    public required IPEndPoint Address { get; init; }

    /// <summary>Certificate chain, leaf first (PEM); null: no TLS.</summary>
    public ConfigPath? Certificate { get; init; }

    /// <summary>Its private key (PEM).</summary>
    public ConfigPath? Key { get; init; }

    /// <summary>Authorities of which clients must have a certificate, besides their login (PEM); null: they need none.</summary>
    public ConfigPath? ClientAuthority { get; init; }

    /// <summary>Tokens may come unencrypted. Only ever true on a loopback address.</summary>
    public bool Plaintext { get; init; }

    /// <summary>What an SSH listener has; null: it is another.</summary>
    public SshListenerConfig? Ssh { get; init; }

    /// <summary>What a listener for HTTP has; without this and <see cref="Ssh"/> it is one for PostgreSQL.</summary>
    public HttpListenerConfig? Http { get; init; }
}

/// <summary>What clients are led to.</summary>
internal sealed record TargetConfig
{
    public required string Name { get; init; }

    public required string Protocol { get; init; }

    public required string Host { get; init; }

    public required int Port { get; init; }

    public TargetTlsMode TlsMode { get; init; } = TargetTlsMode.VerifyFull;

    /// <summary>Certificate authorities to trust (PEM); null: those of the system.</summary>
    public ConfigPath? CertificateAuthority { get; init; }

    /// <summary>The name that the certificate must be for.</summary>
    public required string ServerName { get; init; }

    public required string User { get; init; }

    /// <summary>Null: it logs in by something else.</summary>
    public required SecretReference? Password { get; init; }

    /// <summary>The database, or the account of an SSH target, when a client names none.</summary>
    public string Database { get; init; } = "";

    /// <summary>Databases, or accounts of an SSH target, that may be asked for.</summary>
    public ImmutableArray<string> Databases { get; init; } = [];

    /// <summary>What an SSH target has; null: it is another.</summary>
    public SshTargetConfig? Ssh { get; init; }

    /// <summary>What a target that speaks HTTP has; null: it is another.</summary>
    public HttpTargetConfig? Http { get; init; }

    public ImmutableArray<string> WeakLogins { get; init; } = [];

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Where recordings go.</summary>
internal sealed record RecordingsConfig
{
    public required ConfigPath Directory { get; init; }

    /// <summary>False: nothing is recorded, by the operator's explicit word.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>When recorded bytes are forced to the disk itself.</summary>
    public FsyncPolicy Fsync { get; init; } = FsyncPolicy.Close;

    /// <summary>With less free space than this, bytes, no session starts.</summary>
    public long MinFree { get; init; } = 256L << 20;
}

/// <summary>Bounds an operator may need to change.</summary>
internal sealed record LimitsConfig
{
    /// <summary>Connections that have not logged in, in all. Each holds a file descriptor and tens of kilobytes.</summary>
    public int Unauthenticated { get; init; } = 1024;

    /// <summary>… and per source: an IPv4 address or an IPv6 /64. A connection pool on one host opens many at once.</summary>
    public int UnauthenticatedPerSource { get; init; } = 128;

    /// <summary>From accept to a logged-in target.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What live sessions get to finish when the daemon stops.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);
}
