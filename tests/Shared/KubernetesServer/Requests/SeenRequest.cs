namespace Sallyport.Shared.KubernetesServer.Requests;

/// <summary>Who the API took somebody for.</summary>
public sealed record SeenUser(string Name, string? Uid, IReadOnlyList<string> Groups, IReadOnlyDictionary<string, string[]> Extra);

/// <summary>One request as the API saw it: nothing left out, nothing put in order.</summary>
public sealed class SeenRequest
{
    /// <summary>Counts up from 1 over the life of the server.</summary>
    public required int Number { get; init; }

    /// <summary>The connection it came on; requests of one connection share it.</summary>
    public required string Connection { get; init; }

    /// <summary><c>HTTP/2</c> or <c>HTTP/1.1</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>The name the client asked for in TLS; empty where it asked for none.</summary>
    public required string ServerName { get; init; }

    public required string Method { get; init; }

    /// <summary>The path as it was on the wire, still escaped, without the query.</summary>
    public required string Path { get; init; }

    /// <summary>The query as it was on the wire, with its question mark; empty where there is none.</summary>
    public required string Query { get; init; }

    /// <summary>Every header in the order received, one entry per line.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    /// <summary>The whole body; empty where the request became a stream of its own (exec, attach, port-forward).</summary>
    public byte[] Body { get; internal set; } = [];

    /// <summary>Who the credential is of; null while nobody was let in.</summary>
    public SeenUser? User { get; internal set; }

    /// <summary>Who it was to be taken for instead (Impersonate-*); null when nobody.</summary>
    public SeenUser? Impersonated { get; internal set; }

    /// <summary>The status it was answered with; 0 while it was not.</summary>
    public int Status { get; internal set; }

    /// <summary>True once the answer has been sent whole, or the client went away.</summary>
    public bool Ended { get; internal set; }

    /// <summary>True where the client went away, or reset the stream, before the answer was whole.</summary>
    public bool Aborted { get; internal set; }

    /// <summary>Every value of a header, its name in any case.</summary>
    public IReadOnlyList<string> Header(string name) =>
        [.. Headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value)];

    public override string ToString() => $"{Method} {Path}{Query} {Protocol} {Status} by {User?.Name ?? "nobody"}{(Impersonated is null ? "" : " as " + Impersonated.Name)}";
}
