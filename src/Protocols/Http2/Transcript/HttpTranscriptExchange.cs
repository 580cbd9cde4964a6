using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Transcript;

/// <summary>A field line of a recorded head. Values that are secrets are not recorded.</summary>
public readonly record struct HttpTranscriptField(string Name, string Value);

/// <summary>What a request to a Kubernetes API server was about; all words are as the server reads them.</summary>
/// <param name="Verb"><c>get</c>, <c>list</c>, …, <c>connect</c>; empty for what is none.</param>
/// <param name="Group">Empty: the core group.</param>
/// <param name="Namespace">Empty: none, or all.</param>
/// <param name="Name">Empty: none was named.</param>
public sealed record HttpKubeRequest(string Verb, string Group, string Version, string Resource, string Subresource, string Namespace, string Name)
{
    /// <summary>Resource, group and subresource, as policy's patterns have them: <c>deployments.apps/scale</c>.</summary>
    public string Qualified => Resource + (Group.Length > 0 ? "." + Group : "") + (Subresource.Length > 0 ? "/" + Subresource : "");

    /// <summary>Such as <c>get pods/log shop/web-1</c>; a namespace without a name ends in a slash.</summary>
    public override string ToString() => $"{Verb} {Qualified}{(Namespace.Length + Name.Length > 0 ? " " : "")}{(Namespace.Length > 0 ? Namespace + "/" : "")}{Name}";
}

/// <summary>Requests that one call of a command line program made.</summary>
/// <param name="Number">From 1, within the recording.</param>
/// <param name="Name">As the program calls it (<c>kubectl get</c>), or the program itself.</param>
/// <param name="Session">What kubectl names this call by, in every recording that it is in; empty when it says nothing.</param>
public sealed record HttpTranscriptCommand(int Number, string Name, string Session, DateTimeOffset StartedAt)
{
    /// <summary>Requests so far.</summary>
    public int Requests { get; internal set; }
}

/// <summary>The terminal, or plain streams, of an exchange that runs a command in a container.</summary>
public sealed record HttpTranscriptTunnel
{
    /// <summary>What was run; empty for what was attached to.</summary>
    public required string Command { get; init; }

    public required string Container { get; init; }

    /// <summary>The client asked for a terminal.</summary>
    public required bool HasTerminal { get; init; }

    /// <summary>Size of the terminal as it is now; 0 as long as none was sent.</summary>
    public int Columns { get; internal set; }

    /// <inheritdoc cref="Columns"/>
    public int Rows { get; internal set; }

    public long InputBytes { get; internal set; }

    public long OutputBytes { get; internal set; }

    public long ErrorBytes { get; internal set; }

    /// <summary>Exit status of the command; null when the recording has none.</summary>
    public int? ExitStatus { get; internal set; }

    internal WebSockets.KubeResizeReader Sizes { get; } = new();

    internal List<byte> Outcome { get; } = [];
}

/// <summary>One request and its response as far as it is known by now; entries about it carry it, and it goes on changing.</summary>
public sealed class HttpTranscriptExchange
{
    /// <summary>In the recording, from 1.</summary>
    public required uint Number { get; init; }

    /// <summary>When its head was recorded.</summary>
    public required DateTimeOffset At { get; init; }

    public string Method { get; internal set; } = "";

    public string Scheme { get; internal set; } = "";

    public string Authority { get; internal set; } = "";

    /// <summary>Path and query as the client sent them, without secrets.</summary>
    public string Target { get; internal set; } = "";

    /// <summary>Characters at the start of <see cref="Target"/> that led to Sallyport's target.</summary>
    public int Prefix { get; internal set; }

    /// <summary>Path and query as the target has them.</summary>
    public string Path => Prefix < Target.Length ? Target[Prefix..] : "/";

    public bool IsKubernetes { get; internal set; }

    /// <summary>The client's version of HTTP is 1.1.</summary>
    public bool IsHttp1 { get; internal set; }

    /// <summary>Null for what is no resource of Kubernetes.</summary>
    public HttpKubeRequest? Kube { get; internal set; }

    /// <summary>Null: it is of no command that is known.</summary>
    public HttpTranscriptCommand? Command { get; internal set; }

    /// <summary>Null for what is no exec, attach or port-forward.</summary>
    public HttpTranscriptTunnel? Tunnel { get; internal set; }

    /// <summary>Without pseudo-header fields.</summary>
    public IReadOnlyList<HttpTranscriptField> RequestFields { get; internal set; } = [];

    public IReadOnlyList<HttpTranscriptField> RequestTrailers { get; internal set; } = [];

    /// <summary>Of the final response; 0: the client was not shown one.</summary>
    public int Status { get; internal set; }

    /// <summary>When the final response's head was recorded.</summary>
    public DateTimeOffset? AnsweredAt { get; internal set; }

    public IReadOnlyList<HttpTranscriptField> ResponseFields { get; internal set; } = [];

    public IReadOnlyList<HttpTranscriptField> ResponseTrailers { get; internal set; } = [];

    /// <summary>Code (RFC 9113 7) with which the client gave it up.</summary>
    public uint? ResetByClient { get; internal set; }

    /// <summary>Code with which the target did.</summary>
    public uint? ResetByTarget { get; internal set; }

    /// <summary>Null: the recording ends before.</summary>
    public DateTimeOffset? EndedAt { get; internal set; }

    /// <summary>How long it took, as it was measured; null as long as it is not over.</summary>
    public TimeSpan? Duration { get; internal set; }

    /// <summary>Bytes of the request's body that went to the target.</summary>
    public long RequestBytes { get; internal set; }

    /// <summary>Bytes of the response's body that went to the client.</summary>
    public long ResponseBytes { get; internal set; }

    /// <summary>How much of the bodies is in the recording.</summary>
    public long RecordedRequestBytes { get; internal set; }

    /// <inheritdoc cref="RecordedRequestBytes"/>
    public long RecordedResponseBytes { get; internal set; }

    /// <summary>What policy said; null: the recording has no decision that is certainly about it.</summary>
    public VerdictKind? Verdict { get; internal set; }

    /// <summary>Of the decision.</summary>
    public string Rule { get; internal set; } = "";

    public string? Hint { get; internal set; }

    /// <summary>The response was masked.</summary>
    public bool IsMasked { get; internal set; }

    /// <summary>The program that says it sent it.</summary>
    public string UserAgent => Field(RequestFields, "user-agent");

    internal long Kept { get; set; }

    /// <summary>The value of the first field of this name; empty when there is none.</summary>
    public static string Field(IReadOnlyList<HttpTranscriptField> fields, string name)
    {
        foreach (HttpTranscriptField field in fields)
        {
            if (field.Name == name)
                return field.Value;
        }

        return "";
    }
}
