using System.Buffers.Binary;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.WebSockets;

namespace Sallyport.Protocols.Http2.Transcript;

/// <summary>Turns messages into entries, and follows the exchanges they are about.</summary>
internal sealed class HttpTranscriptReader(HttpTranscriptLimits limits)
{
    private readonly Dictionary<uint, HttpTranscriptExchange> _open = [];
    private readonly Queue<HttpTranscriptEntry> _entries = new();
    private readonly HttpTranscriptCommands _commands = new(limits);
    private (uint Exchange, TapeRoute Route, int Prefix) _route;
    private (uint Exchange, bool IsSaid)? _judging;
    private long _kept;
    private bool _toldMany;

    public bool TryTake(out HttpTranscriptEntry? entry) => _entries.TryDequeue(out entry);

    public void Add(HttpTranscriptEntry entry) => _entries.Enqueue(entry);

    public void End(DateTimeOffset time)
    {
        foreach (HttpTranscriptExchange exchange in _open.Values.OrderBy(exchange => exchange.Number))
            Over(exchange, time);
        _open.Clear();
    }

    /// <inheritdoc cref="HttpTranscript.Decided"/>
    public HttpTranscriptExchange? Decided(string text, VerdictKind verdict, string rule, string? hint, bool masked)
    {
        if (_judging is not var (number, isSaid) || !_open.TryGetValue(number, out HttpTranscriptExchange? exchange))
            return null;
        // What else was judged in between, such as a port of another exchange, is not about this one.
        if (!isSaid && !IsAbout(text, exchange))
            return null;
        _judging = null;
        exchange.IsMasked |= masked;
        if (exchange.Verdict <= verdict)
            return exchange;
        (exchange.Verdict, exchange.Rule, exchange.Hint) = (verdict, rule, hint);
        return exchange;
    }

    /// <summary>A piece of a body.</summary>
    public void Body(uint number, Direction direction, ReadOnlySpan<byte> piece, DateTimeOffset time)
    {
        if (!_open.TryGetValue(number, out HttpTranscriptExchange? exchange))
            return;
        bool isResponse = direction == Direction.ToClient;
        if (isResponse)
            exchange.RecordedResponseBytes += piece.Length;
        else
            exchange.RecordedRequestBytes += piece.Length;
        if (limits.KeepData)
            Add(new HttpBodyEntry(time, exchange, isResponse, piece.ToArray()));
    }

    /// <summary>A piece of what a tunnel carried.</summary>
    public void Tunnel(uint number, byte channel, Direction direction, ReadOnlySpan<byte> piece, DateTimeOffset time)
    {
        if (!_open.TryGetValue(number, out HttpTranscriptExchange? exchange))
            return;
        HttpTranscriptTunnel tunnel = exchange.Tunnel ??= new HttpTranscriptTunnel { Command = "", Container = "", HasTerminal = false };
        switch (channel)
        {
            case TapeChannel.Resize:
                // Of sizes that came at once the last one counts; cut anywhere, each is told when its last byte is there.
                for (int i = 0; i < piece.Length; i++)
                {
                    if (!tunnel.Sizes.Take(piece.Slice(i, 1)))
                        continue;
                    (tunnel.Columns, tunnel.Rows) = (tunnel.Sizes.Width, tunnel.Sizes.Height);
                    Add(new HttpResizeEntry(time, exchange, tunnel.Columns, tunnel.Rows));
                }

                return;
            case TapeChannel.Outcome:
                tunnel.Outcome.AddRange(piece[..Math.Min(piece.Length, KubeExit.LongestStatus - tunnel.Outcome.Count)]);
                return;
        }

        HttpTunnelStream stream = channel switch
        {
            TapeChannel.Input => HttpTunnelStream.Input,
            TapeChannel.Output => HttpTunnelStream.Output,
            TapeChannel.Error => HttpTunnelStream.Error,
            _ => HttpTunnelStream.Port,
        };
        switch (stream)
        {
            case HttpTunnelStream.Error: tunnel.ErrorBytes += piece.Length; break;
            case HttpTunnelStream.Input: tunnel.InputBytes += piece.Length; break;
            case HttpTunnelStream.Port when direction == Direction.FromClient: tunnel.InputBytes += piece.Length; break;
            default: tunnel.OutputBytes += piece.Length; break;
        }

        if (limits.KeepData)
            Add(new HttpTunnelEntry(time, exchange, stream, piece.ToArray()));
    }

    /// <summary>Any other message.</summary>
    /// <returns>What is wrong with it; null: nothing.</returns>
    public string? Message(TapeKind kind, uint number, ReadOnlySpan<byte> message, Direction direction, DateTimeOffset time)
    {
        switch (kind)
        {
            case TapeKind.Route when message.Length >= 3:
                _route = (number, (TapeRoute)message[0], BinaryPrimitives.ReadUInt16BigEndian(message[1..]));
                return null;
            case TapeKind.Judging:
                _judging = (number, true);
                return null;
            case TapeKind.Head when direction == Direction.FromClient:
                return Request(number, message, time);
            case TapeKind.Head or TapeKind.Trailers or TapeKind.Reset or TapeKind.End when !_open.ContainsKey(number):
                return _toldMany ? null : $"exchange {number} is not under way";
            case TapeKind.Head:
                return Response(_open[number], message, time);
            case TapeKind.Trailers:
                return Trailers(_open[number], message, direction);
            case TapeKind.Reset when message.Length >= 4:
                uint code = BinaryPrimitives.ReadUInt32BigEndian(message);
                if (direction == Direction.FromClient)
                    _open[number].ResetByClient = code;
                else
                    _open[number].ResetByTarget = code;
                return null;
            case TapeKind.End when message.Length >= 22:
                Ended(_open[number], message, time);
                return null;
            default:
                return "a message that is cut short";
        }
    }

    private string? Request(uint number, ReadOnlySpan<byte> message, DateTimeOffset time)
    {
        if (_open.ContainsKey(number))
            return $"exchange {number} begins twice";
        if (_open.Count >= limits.Exchanges)
        {
            bool told = _toldMany;
            _toldMany = true;
            return told ? null : "more exchanges are under way than are followed";
        }

        if (HttpTranscriptHead.Read(message) is not { } fields)
            return "a head that is not one";
        var exchange = new HttpTranscriptExchange
        {
            Number = number,
            At = time,
            Method = HttpTranscriptExchange.Field(fields, ":method"),
            Scheme = HttpTranscriptExchange.Field(fields, ":scheme"),
            Authority = HttpTranscriptExchange.Field(fields, ":authority"),
            Target = HttpTranscriptExchange.Field(fields, ":path"),
        };
        if (_route.Exchange == number)
        {
            exchange.Prefix = _route.Prefix;
            exchange.IsKubernetes = _route.Route.HasFlag(TapeRoute.Kubernetes);
            exchange.IsHttp1 = _route.Route.HasFlag(TapeRoute.Http1);
        }

        bool upgrades = fields.Exists(field => field.Name is "upgrade" or ":protocol");
        exchange.Kube = exchange.IsKubernetes ? HttpTranscriptKube.Read(exchange.Method, exchange.Path, upgrades) : null;
        exchange.Tunnel = HttpTranscriptKube.Tunnel(exchange.Kube, exchange.Path);
        exchange.RequestFields = Keep(exchange, fields);
        exchange.Command = _commands.Of(exchange);
        _open[number] = exchange;
        _judging = (number, false);
        Add(new HttpExchangeEntry(time, exchange, HttpExchangeStep.Asked));
        return null;
    }

    private string? Response(HttpTranscriptExchange exchange, ReadOnlySpan<byte> message, DateTimeOffset time)
    {
        if (HttpTranscriptHead.Read(message) is not { } fields)
            return "a head that is not one";
        int status = HttpTranscriptHead.Status(fields);
        if (status == 0)
            return "a response without a status";
        // 101 is the last of its exchange (RFC 9110 15.2.2); other informational ones come before it.
        if (status < 200 && status != 101)
            return null;
        if (exchange.Status >= 200)
            return $"exchange {exchange.Number} is answered twice";
        (exchange.Status, exchange.AnsweredAt, exchange.ResponseFields) = (status, time, Keep(exchange, fields));
        Add(new HttpExchangeEntry(time, exchange, HttpExchangeStep.Answered));
        return null;
    }

    private string? Trailers(HttpTranscriptExchange exchange, ReadOnlySpan<byte> message, Direction direction)
    {
        if (HttpTranscriptHead.Read(message) is not { } fields)
            return "trailers that are none";
        if (direction == Direction.FromClient)
            exchange.RequestTrailers = Keep(exchange, fields);
        else
            exchange.ResponseTrailers = Keep(exchange, fields);
        return null;
    }

    private void Ended(HttpTranscriptExchange exchange, ReadOnlySpan<byte> message, DateTimeOffset time)
    {
        int status = BinaryPrimitives.ReadUInt16BigEndian(message);
        exchange.Status = exchange.Status == 0 ? status : exchange.Status;
        exchange.Duration = TimeSpan.FromMilliseconds(BinaryPrimitives.ReadUInt32BigEndian(message[2..]));
        exchange.RequestBytes = Bytes(message[6..]);
        exchange.ResponseBytes = Bytes(message[14..]);
        exchange.EndedAt = time;
        _open.Remove(exchange.Number);
        Over(exchange, time);
    }

    private static long Bytes(ReadOnlySpan<byte> message) => (long)Math.Min(BinaryPrimitives.ReadUInt64BigEndian(message), long.MaxValue);

    private void Over(HttpTranscriptExchange exchange, DateTimeOffset time)
    {
        _kept -= exchange.Kept;
        _commands.Touch(exchange, time);
        if (exchange.Tunnel is { Outcome.Count: > 0 } tunnel && KubeExit.TryParse(tunnel.Outcome.ToArray(), out KubeExit exit))
            tunnel.ExitStatus = exit.Code;
        Add(new HttpExchangeEntry(time, exchange, HttpExchangeStep.Ended));
    }

    /// <summary>Fields that are kept of a head: without pseudo-header fields, and none when there are too many already.</summary>
    private List<HttpTranscriptField> Keep(HttpTranscriptExchange exchange, List<HttpTranscriptField> fields)
    {
        fields.RemoveAll(field => field.Name.StartsWith(':'));
        long chars = fields.Sum(field => field.Name.Length + field.Value.Length + 64L);
        if (_kept + chars > limits.FieldChars)
            return [];
        _kept += chars;
        exchange.Kept += chars;
        return fields;
    }

    // A decision's text is method, path and query, perhaps cut; the query may be shown otherwise than in the head.
    private static bool IsAbout(string text, HttpTranscriptExchange exchange)
    {
        string path = exchange.Path;
        int query = path.IndexOf('?', StringComparison.Ordinal);
        string said = $"{exchange.Method} {(query < 0 ? path : path[..query])}";
        return text.Length < said.Length ? text.Length > 0 && said.StartsWith(text, StringComparison.Ordinal)
            : text.StartsWith(said, StringComparison.Ordinal) && (text.Length == said.Length || text[said.Length] is '?' or ' ');
    }
}
