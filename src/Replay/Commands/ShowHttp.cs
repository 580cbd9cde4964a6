using System.Globalization;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Transcript;
using Sallyport.Replay.Http;
using Sallyport.Replay.Terminal;
using Spectre.Console;

namespace Sallyport.Replay.Commands;

/// <summary>An HTTP session for people: a line for each request, in the order in which they came, those of one call of kubectl under its name.</summary>
/// <param name="other">Tells what is no request.</param>
internal sealed class ShowHttp(Screen screen, Action<PlayedItem> other)
{
    // A watch lasts as long as the session, and everything after it waits for it: beyond so many, it is told as it is known by then.
    private const int MostWaiting = 10_000;
    private const string Indent = "              ";

    private readonly Queue<Waiting> _waiting = new();
    private readonly Dictionary<HttpTranscriptExchange, Waiting> _underWay = [];
    private HttpTranscriptCommand? _command;

    private sealed record Waiting(HttpTranscriptExchange? Exchange, PlayedItem? Item)
    {
        public bool IsDone { get; set; } = Exchange is null;
    }

    public void Item(PlayedItem item)
    {
        switch (item.Http)
        {
            case HttpExchangeEntry { Step: HttpExchangeStep.Asked } asked:
                _waiting.Enqueue(_underWay[asked.Exchange] = new Waiting(asked.Exchange, null));
                break;
            case HttpExchangeEntry { Step: HttpExchangeStep.Ended } ended:
                if (_underWay.Remove(ended.Exchange, out Waiting? line))
                    line.IsDone = true;
                break;
            case null or HttpMalformedEntry:
                _waiting.Enqueue(new Waiting(null, item));
                break;
        }

        while (_waiting.TryPeek(out Waiting? first) && (first.IsDone || _waiting.Count > MostWaiting))
            Tell(_waiting.Dequeue());
    }

    public void End()
    {
        while (_waiting.TryDequeue(out Waiting? line))
            Tell(line);
    }

    private void Tell(Waiting line)
    {
        if (line.Exchange is { } exchange)
            Request(exchange);
        else if (line.Item is { Http: HttpMalformedEntry malformed })
            screen.Line(($"{Moment.Time(malformed.At)}  ", Screen.Dim), ("MALFORMED", Screen.Bad), (SafeText.Line($"  byte {malformed.Offset} {(malformed.Direction == Direction.FromClient ? "from" : "to")} the client: {malformed.Reason}"), Screen.Bad));
        else
            other(line.Item!);
    }

    private void Request(HttpTranscriptExchange exchange)
    {
        if (exchange.Command is { } command && !ReferenceEquals(command, _command))
            screen.Line((Indent, Screen.Dim), (SafeText.Line(command.Name), Screen.Good), (command.Session.Length > 0 ? SafeText.Line($"  ({command.Session})") : "", Screen.Dim));
        _command = exchange.Command;
        string indent = exchange.Command is null ? "" : "  ";
        string rule = HttpWords.Rule(exchange);
        Style? style = exchange.Verdict is VerdictKind.Deny ? Screen.Bad : exchange.Status is 0 or >= 400 || exchange.Tunnel?.ExitStatus is not (null or 0) ? Screen.Warn : (Style?)null;
        (long sent, long received) = HttpWords.Sizes(exchange);
        string took = exchange.Duration is { } duration ? $", {Moment.Span(duration)}" : "";
        string sizes = string.Create(CultureInfo.InvariantCulture, $", {sent} B in, {received} B out");
        screen.Line(
            ($"{Moment.Time(exchange.At)}  ", Screen.Dim),
            ($"{exchange.Number,3}  ", Screen.Dim),
            (indent + SafeText.Line(HttpWords.What(exchange)), style),
            ("  " + SafeText.Line($"{HttpWords.Outcome(exchange)}{took}{sizes}"), style ?? Screen.Dim),
            (rule.Length > 0 ? "  " + SafeText.Line(rule) : "", exchange.Verdict == VerdictKind.Allow ? Screen.Dim : Screen.Bad));
        if (exchange is { Hint: { } hint, Verdict: not VerdictKind.Allow })
            screen.Line(($"{Indent}hint: {SafeText.Line(hint)}", Screen.Warn));
    }
}
