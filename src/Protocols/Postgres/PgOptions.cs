using System.Net.Security;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Catalog;

namespace Sallyport.Protocols.Postgres;

/// <summary>The doors a PostgreSQL session goes through; it knows nothing behind them.</summary>
public sealed record PgDoors
{
    public required ILogin Login { get; init; }

    public required IUpstream Upstream { get; init; }

    public required IPolicy Policy { get; init; }

    public required IRecorder Recorder { get; init; }

    /// <summary>Who is asked about held statements; null: nobody, they are refused.</summary>
    public IApprovals? Approvals { get; init; }

    public required ILiveSessions Sessions { get; init; }

    /// <summary>Cancel keys of every session of this node, whichever listener it came in by.</summary>
    public required PgCancelKeys CancelKeys { get; init; }

    /// <summary>Catalogs of the targets, shared by their sessions.</summary>
    public required PgCatalogs Catalogs { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>How a client proves who it is. A user name that ends in <c>+token</c>, <c>+oauth</c> or <c>+browser</c> chooses for itself; that of an issued password is asked for that.</summary>
public enum PgLoginMethod
{
    /// <summary>A token, as the password (AuthenticationCleartextPassword).</summary>
    Token,

    /// <summary>A token, by SASL OAUTHBEARER (RFC 7628).</summary>
    OAuth,

    /// <summary>Nothing: a NOTICE says where the person logs in, and the connection waits for it.</summary>
    Browser,
}

/// <summary>One listener's settings.</summary>
public sealed record PgListener
{
    /// <summary>Name of the node.</summary>
    public required string Node { get; init; }

    /// <summary>Name of the listener in the configuration.</summary>
    public required string Name { get; init; }

    /// <summary>The TLS settings in force (asked per connection, so that a reload takes effect), or null when the listener has none.</summary>
    public required Func<SslServerAuthenticationOptions?> Tls { get; init; }

    /// <summary>True when tokens may be sent unencrypted: configuration allows it on loopback only.</summary>
    public bool AllowPlaintext { get; init; }

    /// <summary>How clients log in here whose user name does not say it.</summary>
    public PgLoginMethod Login { get; init; } = PgLoginMethod.Token;

    /// <summary>Called once when a client is let in, or has sent a CancelRequest's worth of bytes: it no longer counts as unauthenticated.</summary>
    public Action? Authenticated { get; init; }

    public PgLimits Limits { get; init; } = new();
}
