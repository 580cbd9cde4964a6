using Sallyport.Contract;

namespace Sallyport.Proxy.Configuration;

/// <summary>Where the state is: exactly one of the two databases.</summary>
internal sealed record StoreConfig
{
    /// <summary>One node's state, in a file.</summary>
    public ConfigPath? Sqlite { get; init; }

    /// <summary>The state of one or several nodes.</summary>
    public PostgresStoreConfig? Postgres { get; init; }

    /// <summary>The operator's key: 32 bytes as hex or base64. It seals the keys that seal secrets.</summary>
    public required SecretReference Key { get; init; }

    /// <summary>How long live sessions go on by the last known policy while the state is lost.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>The PostgreSQL that keeps the state.</summary>
internal sealed record PostgresStoreConfig
{
    public required string Host { get; init; }

    public required int Port { get; init; }

    public required string Database { get; init; }

    public required string User { get; init; }

    /// <summary>Read afresh for each connection; null: it trusts us by certificate or socket.</summary>
    public SecretReference? Password { get; init; }

    public TargetTlsMode TlsMode { get; init; } = TargetTlsMode.VerifyFull;

    /// <summary>Certificate authorities to trust (PEM); null: those of the system.</summary>
    public ConfigPath? CertificateAuthority { get; init; }
}

/// <summary>Where the audit goes besides the store.</summary>
internal sealed record AuditConfig
{
    /// <summary>JSON lines.</summary>
    public required ConfigPath File { get; init; }
}
