using Sallyport.Protocols.Http2.Transcript;
using Sallyport.Replay.Ssh;

namespace Sallyport.Replay.Http;

/// <summary>Looks through an HTTP session: what was asked, heads, recorded bodies, and terminals.</summary>
/// <param name="text">What is looked for.</param>
/// <param name="tryText">Told when, in which request, where, and the text to look into.</param>
internal sealed class HttpSearcher(string text, Action<DateTimeOffset, string, string, string> tryText)
{
    // Screens are large, and so are windows over bodies.
    private const int MostScreens = 64;
    private const int MostBodies = 256;

    private readonly Dictionary<uint, SearchedScreen> _screens = [];
    private readonly Dictionary<(uint Number, bool IsResponse), BodySearch> _bodies = [];

    public void Take(HttpTranscriptEntry entry)
    {
        switch (entry)
        {
            case HttpExchangeEntry { Step: HttpExchangeStep.Ended } ended:
                Ended(ended);
                break;
            case HttpBodyEntry body when Body(body) is { } search:
                search.Feed(body.Bytes.Span);
                break;
            case HttpResizeEntry resized when _screens.TryGetValue(resized.Exchange.Number, out SearchedScreen? known):
                known.Resize(resized.Columns, resized.Rows);
                break;
            case HttpTunnelEntry { Stream: HttpTunnelStream.Input } typed when _screens.TryGetValue(typed.Exchange.Number, out SearchedScreen? looked):
                looked.Look(typed.At);
                break;
            case HttpTunnelEntry { Stream: HttpTunnelStream.Output or HttpTunnelStream.Error } shown when Screen(shown.Exchange) is { } screen:
                screen.Feed(shown.Bytes.Span, shown.At);
                break;
        }
    }

    private void Ended(HttpExchangeEntry ended)
    {
        HttpTranscriptExchange exchange = ended.Exchange;
        string label = TrackInfo.Label(exchange);
        foreach (bool isResponse in (bool[])[false, true])
        {
            if (_bodies.Remove((exchange.Number, isResponse), out BodySearch? body))
                body.End();
        }

        if (_screens.Remove(exchange.Number, out SearchedScreen? screen))
            screen.End(ended.At);
        string what = HttpWords.What(exchange);
        tryText(exchange.At, label, "request", exchange.Kube is null ? what : $"{what} ({exchange.Method} {exchange.Target})");
        if (exchange.Command is { } command)
            tryText(exchange.At, label, "command", $"{command.Name} {command.Session}");
        foreach (HttpTranscriptField field in (IEnumerable<HttpTranscriptField>)[.. exchange.RequestFields, .. exchange.RequestTrailers])
            tryText(exchange.At, label, "request-field", $"{field.Name}: {field.Value}");
        foreach (HttpTranscriptField field in (IEnumerable<HttpTranscriptField>)[.. exchange.ResponseFields, .. exchange.ResponseTrailers])
            tryText(exchange.AnsweredAt ?? ended.At, label, "response-field", $"{field.Name}: {field.Value}");
    }

    private BodySearch? Body(HttpBodyEntry body)
    {
        if (_bodies.TryGetValue((body.Exchange.Number, body.IsResponse), out BodySearch? search) || _bodies.Count >= MostBodies)
            return search;
        string label = TrackInfo.Label(body.Exchange);
        return _bodies[(body.Exchange.Number, body.IsResponse)] = new BodySearch(text, around => tryText(body.At, label, body.IsResponse ? "response-body" : "request-body", around));
    }

    private SearchedScreen? Screen(HttpTranscriptExchange exchange)
    {
        if (_screens.TryGetValue(exchange.Number, out SearchedScreen? screen) || _screens.Count >= MostScreens)
            return screen;
        (int Columns, int Rows)? size = exchange.Tunnel is { HasTerminal: true } tunnel ? (tunnel.Columns > 0 ? tunnel.Columns : 80, tunnel.Rows > 0 ? tunnel.Rows : 24) : null;
        string label = TrackInfo.Label(exchange);
        return _screens[exchange.Number] = new SearchedScreen(size, (at, line) => tryText(at, label, "output", line));
    }
}
