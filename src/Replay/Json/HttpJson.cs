using System.Text.Json.Serialization;
using Sallyport.Protocols.Http2.Transcript;

namespace Sallyport.Replay.Json;

/// <summary>What a request asked of a Kubernetes API server.</summary>
internal sealed record KubeJson(string Verb, string? Group, string Version, string Resource, string? Subresource, string? Namespace, string? Name)
{
    public static KubeJson? Of(HttpKubeRequest? kube) => kube is null
        ? null
        : new KubeJson(kube.Verb, Text(kube.Group), kube.Version, kube.Resource, Text(kube.Subresource), Text(kube.Namespace), Text(kube.Name));

    private static string? Text(string text) => text.Length > 0 ? text : null;
}

/// <summary>The terminal, or the streams, of exec and attach.</summary>
internal sealed record TunnelJson(string? Command, string? Container, bool HasTerminal, int? Columns, int? Rows, int? ExitStatus, long InputBytes, long OutputBytes, long ErrorBytes)
{
    public static TunnelJson? Of(HttpTranscriptTunnel? tunnel) => tunnel is null
        ? null
        : new TunnelJson(
            tunnel.Command.Length > 0 ? tunnel.Command : null, tunnel.Container.Length > 0 ? tunnel.Container : null, tunnel.HasTerminal,
            tunnel.Columns > 0 ? tunnel.Columns : null, tunnel.Rows > 0 ? tunnel.Rows : null, tunnel.ExitStatus, tunnel.InputBytes, tunnel.OutputBytes, tunnel.ErrorBytes);
}

/// <summary>Requests of one call of a program carry the same number.</summary>
internal sealed record CommandJson(int Number, string Name, string? Session)
{
    public static CommandJson? Of(HttpTranscriptCommand? command) => command is null ? null : new CommandJson(command.Number, command.Name, command.Session.Length > 0 ? command.Session : null);
}

internal sealed record FieldJson(string Name, string Value);

/// <summary>A request and its answer. It stands where it ended; <c>at</c> is when it came.</summary>
internal sealed record ExchangeJson(DateTimeOffset At, uint Exchange, string Method, string Url)
{
    [JsonPropertyOrder(-1)]
    public string Type => "exchange";

    public required KubeJson? Kubernetes { get; init; }

    public required CommandJson? Command { get; init; }

    public required int? Status { get; init; }

    public required double? DurationMs { get; init; }

    public required long RequestBytes { get; init; }

    public required long ResponseBytes { get; init; }

    public required string? Verdict { get; init; }

    public required string? RuleId { get; init; }

    public required string? Hint { get; init; }

    public required bool Masked { get; init; }

    public required uint? ResetByClient { get; init; }

    public required uint? ResetByTarget { get; init; }

    public required TunnelJson? Tunnel { get; init; }

    public required IReadOnlyList<FieldJson>? RequestFields { get; init; }

    public required IReadOnlyList<FieldJson>? ResponseFields { get; init; }

    public required IReadOnlyList<FieldJson>? ResponseTrailers { get; init; }

    public static ExchangeJson Of(HttpTranscriptExchange exchange) => new(exchange.At, exchange.Number, exchange.Method, $"{exchange.Scheme}://{exchange.Authority}{exchange.Target}")
    {
        Kubernetes = KubeJson.Of(exchange.Kube),
        Command = CommandJson.Of(exchange.Command),
        Status = exchange.Status == 0 ? null : exchange.Status,
        DurationMs = exchange.Duration?.TotalMilliseconds,
        RequestBytes = exchange.RequestBytes,
        ResponseBytes = exchange.ResponseBytes,
        Verdict = exchange.Verdict is { } verdict ? Words.Verdict(verdict) : null,
        RuleId = exchange.Verdict is null ? null : exchange.Rule,
        Hint = exchange.Hint,
        Masked = exchange.IsMasked,
        ResetByClient = exchange.ResetByClient,
        ResetByTarget = exchange.ResetByTarget,
        Tunnel = TunnelJson.Of(exchange.Tunnel),
        RequestFields = Fields(exchange.RequestFields),
        ResponseFields = Fields(exchange.ResponseFields),
        ResponseTrailers = Fields(exchange.ResponseTrailers),
    };

    private static FieldJson[]? Fields(IReadOnlyList<HttpTranscriptField> fields) => fields.Count == 0 ? null : [.. fields.Select(field => new FieldJson(field.Name, field.Value))];
}
