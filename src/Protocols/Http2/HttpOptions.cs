using System.Net.Security;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;

namespace Sallyport.Protocols.Http2;

/// <summary>What an engine needs to know of the listener that a connection came in by.</summary>
public sealed record HttpListener
{
    public required string Node { get; init; }

    public required string Name { get; init; }

    /// <summary>TLS as it is now; null: there is none, and only <see cref="AllowPlaintext"/> lets anybody in.</summary>
    public required Func<SslServerAuthenticationOptions?> Tls { get; init; }

    /// <summary>HTTP without TLS, with or without knowing that it will be HTTP/2 (RFC 9113 3.3). For loopback only.</summary>
    public bool AllowPlaintext { get; init; }

    public HttpLimits Limits { get; init; } = new();

    /// <summary>How long a held request waits with its stream open before it is told to come again; zero: not at all.</summary>
    public TimeSpan HoldWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Called once when the client has proven who it is.</summary>
    public Action? Authenticated { get; init; }

    /// <summary>Called when somebody is not let in at a target: whom it was, and the rule.</summary>
    public Action<SessionFacts, string>? Forbidden { get; init; }

    /// <summary>Cancelled when the daemon is about to stop: connections take no more requests, and end when those under way have.</summary>
    public CancellationToken Draining { get; init; }
}

/// <summary>How a target is told that it is us.</summary>
public enum HttpCredentialKind : byte
{
    /// <summary>By a client certificate, or not at all.</summary>
    None,

    /// <summary><c>Authorization: Bearer</c> and the password.</summary>
    Bearer,

    /// <summary><c>Authorization: Basic</c> of user and password (RFC 7617).</summary>
    Basic,

    /// <summary>A field of the operator's choosing (<see cref="HttpTarget.CredentialHeader"/>) with the password as its value.</summary>
    Header,
}

/// <summary>Bodies in recordings. Heads are always there.</summary>
public enum HttpRecordedBodies : byte
{
    None,

    /// <summary>What clients send.</summary>
    Requests,

    /// <summary>And what they are shown.</summary>
    All,
}

/// <summary>A target that speaks HTTP.</summary>
public sealed record HttpTarget
{
    public required TargetInfo Info { get; init; }

    /// <summary>It is a Kubernetes API server: requests are understood as it would, and refusals are its <c>Status</c>.</summary>
    public bool IsKubernetes { get; init; }

    /// <summary>Its own host and port, for <c>Host</c> and <c>:authority</c>.</summary>
    public required string Authority { get; init; }

    public HttpCredentialKind Credential { get; init; }

    /// <summary>In lower case.</summary>
    public string CredentialHeader { get; init; } = "";

    /// <summary>Without TLS it is spoken to in HTTP/2 from the first byte on (RFC 9113 3.3); otherwise in HTTP/1.1. With TLS, ALPN says.</summary>
    public bool PlainHttp2 { get; init; }

    /// <summary>Paths of MCP servers, as policy looks at paths: requests there are judged by their messages.</summary>
    public IReadOnlyList<string> McpPaths { get; init; } = [];

    /// <summary>The target is told who the person is by Kubernetes' impersonation fields; null: it is not.</summary>
    public HttpImpersonation? Impersonation { get; init; }

    /// <summary>Which bodies are recorded, as the client sent them or was shown them.</summary>
    public HttpRecordedBodies RecordedBodies { get; init; }

    /// <summary>Of each body so many bytes at most.</summary>
    public int RecordedBodyBytes { get; init; } = DefaultRecordedBodyBytes;

    /// <summary>Objects are smaller; what is larger is a list, an image or a stream, whose head says what it was.</summary>
    public const int DefaultRecordedBodyBytes = 1 << 20;
}

/// <summary>Where requests lead: by the host they name, or by a path prefix.</summary>
public interface IHttpTargets
{
    /// <summary>The target of a request; null: there is none. Says nothing about who may use it. Any thread.</summary>
    /// <param name="authority">As the client gave it, with or without a port.</param>
    /// <param name="path">With its query.</param>
    /// <param name="prefix">Bytes at the start of the path that named the target, and that the target does not get.</param>
    HttpTarget? Route(ReadOnlySpan<byte> authority, ReadOnlySpan<byte> path, out int prefix);
}

/// <summary>Everything behind the engine.</summary>
public sealed record HttpDoors
{
    public required ILogin Login { get; init; }

    public required IHttpTargets Targets { get; init; }

    public required IUpstream Upstream { get; init; }

    public required IPolicy Policy { get; init; }

    public required IRecorder Recorder { get; init; }

    public required ILiveSessions Sessions { get; init; }

    /// <summary>Who is asked about held requests; null: nobody, they are refused.</summary>
    public required IApprovals? Approvals { get; init; }

    /// <summary>Connections to targets, which outlive those of clients.</summary>
    public required HttpUpstreams Pool { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>What bodies that are looked into may hold of memory, over all connections.</summary>
    internal BodyBudget Bodies { get; } = new(MostCollected, null);

    private const long MostCollected = 256 << 20;
}

/// <summary>How a connection ended, and whose it was once that was known.</summary>
public sealed record HttpOutcome(SessionEnd End, SessionFacts? Facts);
