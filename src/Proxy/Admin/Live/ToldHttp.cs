using System.Globalization;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Http2.Transcript;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>
/// Requests, their answers, what bodies are recorded, and what goes through terminals. Every piece begins with a message (docs/recording-format.md), so whoever comes in the middle is
/// shown all that begins from then on; of requests that came before, nothing.
/// </summary>
internal sealed class ToldHttp : IToldSession
{
    private static readonly HttpTranscriptLimits Limits = new() { Exchanges = 1024, FieldChars = 4 << 20 };

    private readonly Dictionary<(uint Exchange, string Stream), ToldText> _texts = [];
    private HttpTranscript _transcript = new(Limits);

    public List<TranscriptJson> Take(DateTimeOffset at, Direction direction, ReadOnlySpan<byte> bytes)
    {
        _transcript.Feed(direction, bytes, at);
        return Told();
    }

    public void Decide(FollowedDecision decision) => _transcript.Decided(decision.Text, decision.Verdict, decision.RuleId, decision.Hint, masked: false);

    public List<TranscriptJson> End(DateTimeOffset at)
    {
        _transcript.End(at);
        return Told();
    }

    private List<TranscriptJson> Told()
    {
        List<TranscriptJson> told = [];
        while (_transcript.TryTake(out HttpTranscriptEntry? entry))
        {
            if (entry is HttpMalformedEntry { Stopped: true } malformed)
            {
                told.Add(new TranscriptJson("malformed", malformed.At) { Reason = malformed.Reason });
                _texts.Clear();
                _transcript = new HttpTranscript(Limits);
                break;
            }

            if (Of(entry!) is { } json)
                told.Add(json);
        }

        return told;
    }

    private TranscriptJson? Of(HttpTranscriptEntry entry) => entry switch
    {
        HttpExchangeEntry exchange => Of(exchange),
        HttpBodyEntry body => Text(body.Exchange, "body", body.IsResponse ? "response" : "request", body.At, body.Bytes.Span),
        HttpTunnelEntry { Stream: HttpTunnelStream.Input } tunnel => Text(tunnel.Exchange, "input", null, tunnel.At, tunnel.Bytes.Span),
        HttpTunnelEntry { Stream: HttpTunnelStream.Output } tunnel => Text(tunnel.Exchange, "output", null, tunnel.At, tunnel.Bytes.Span),
        HttpTunnelEntry { Stream: HttpTunnelStream.Error } tunnel => Text(tunnel.Exchange, "output", "stderr", tunnel.At, tunnel.Bytes.Span),
        _ => null,
    };

    private TranscriptJson Of(HttpExchangeEntry entry)
    {
        HttpTranscriptExchange exchange = entry.Exchange;
        if (entry.Step == HttpExchangeStep.Ended)
            Forget(exchange.Number);
        uint? reset = exchange.ResetByClient ?? exchange.ResetByTarget;
        return new TranscriptJson("exchange", entry.At)
        {
            Exchange = exchange.Number,
            Step = KebabNames.Name(entry.Step),
            Method = exchange.Method,
            Url = $"{exchange.Scheme}://{exchange.Authority}{exchange.Target}",
            Detail = exchange.Kube?.ToString() ?? (exchange.Tunnel is { Command.Length: > 0 } tunnel ? tunnel.Command : null),
            Status = exchange.Status == 0 ? null : exchange.Status,
            DurationMs = exchange.Duration?.TotalMilliseconds,
            RequestBytes = entry.Step == HttpExchangeStep.Ended ? exchange.RequestBytes : null,
            ResponseBytes = entry.Step == HttpExchangeStep.Ended ? exchange.ResponseBytes : null,
            Verdict = exchange.Verdict is { } verdict ? KebabNames.Name(verdict) : null,
            RuleId = exchange.Verdict is null ? null : exchange.Rule,
            Reason = reset is { } code ? $"reset by the {(exchange.ResetByClient is null ? "target" : "client")}, code {code.ToString(CultureInfo.InvariantCulture)}" : null,
        };
    }

    private TranscriptJson? Text(HttpTranscriptExchange exchange, string type, string? kind, DateTimeOffset at, ReadOnlySpan<byte> bytes)
    {
        (uint, string) key = (exchange.Number, type + kind);
        if (!_texts.TryGetValue(key, out ToldText? text))
            _texts[key] = text = new ToldText();
        return text.Of(type, at, bytes) is { } told ? told with { Exchange = exchange.Number, Kind = kind } : null;
    }

    private void Forget(uint exchange)
    {
        foreach ((uint Exchange, string Stream) key in _texts.Keys.Where(key => key.Exchange == exchange).ToArray())
            _texts.Remove(key);
    }
}
