using System.Collections.Immutable;
using System.Net;

namespace Sallyport.Contract;

/// <summary>What kind of subject acts.</summary>
public enum IdentityKind : byte
{
    Human = 0,
    Agent = 1,
    Service = 2,
}

/// <summary>Who acts, as a verified proof said it.</summary>
public sealed record Identity
{
    /// <summary>The subject as its issuer names it.</summary>
    public required string Subject { get; init; }

    /// <summary>Groups as the issuer names them.</summary>
    public ImmutableArray<string> Groups { get; init; } = [];

    public IdentityKind Kind { get; init; }

    /// <summary>Who the subject acts for, nearest first; empty when for itself.</summary>
    public ImmutableArray<string> ActingFor { get; init; } = [];

    public required string Issuer { get; init; }

    /// <summary>The proof's own id (<c>jti</c>), when it has one.</summary>
    public string? TokenId { get; init; }

    /// <summary>The login at the issuer it comes from (<c>sid</c>): logging out there ends it; null when the issuer does not say.</summary>
    public string? LoginSession { get; init; }

    /// <summary>When the person last proved who they are (<c>auth_time</c>, UTC); null when the issuer does not say.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>How they proved it (<c>acr</c>): a word of the issuer's; null when it does not say.</summary>
    public string? AuthenticationContext { get; init; }

    /// <summary>When the proof was issued (<c>iat</c>, UTC): what is revoked "up to now" is revoked by it; null when the issuer does not say.</summary>
    public DateTimeOffset? IssuedAt { get; init; }

    /// <summary>The only targets the proof may be used for; empty: any that policy allows.</summary>
    public ImmutableArray<string> Targets { get; init; } = [];

    /// <summary>The key or certificate that signed; null: the proof was none. What is said of keys may change while a session lasts, and is then looked at again.</summary>
    public KeyProof? Key { get; init; }

    /// <summary>What the same person proved before this, where several proofs were asked for, first one first. Whatever takes one of them back takes this back.</summary>
    public ImmutableArray<Identity> Earlier { get; init; } = [];

    /// <summary>From then on nothing more is allowed.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Who, from where, to what and when: all that is fixed when a session starts.</summary>
public sealed record SessionFacts
{
    public required Guid SessionId { get; init; }

    public required string Node { get; init; }

    public required string Listener { get; init; }

    /// <summary><c>postgres</c>, <c>ssh</c> or <c>http2</c>.</summary>
    public required string Protocol { get; init; }

    public required Identity Identity { get; init; }

    /// <summary>The target's name in the configuration.</summary>
    public required string Target { get; init; }

    /// <summary>The part of the target that was asked for (a database name); empty when the protocol has none.</summary>
    public string Resource { get; init; } = "";

    public required IPEndPoint Source { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The user name the client gave: a label, recorded, never believed.</summary>
    public string ClientUser { get; init; } = "";

    /// <summary>What the client says it is (<c>application_name</c>): a label, recorded, never believed.</summary>
    public string ClientApplication { get; init; } = "";

    public bool ClientTls { get; init; }
}
