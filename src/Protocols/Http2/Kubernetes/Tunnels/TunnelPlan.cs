using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;
using Sallyport.Protocols.Http2.WebSockets;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>
/// exec, attach and port-forward: what follows a 101 is taken apart in both directions. Without one nothing passes from the client, and the answer is a body like any other.
/// </summary>
internal sealed class TunnelPlan : IExchangePlan, IBodyFilter
{
    private readonly HttpScope _scope;
    private readonly MaskPlan? _masks;
    private readonly KubeStreamRequest _request;
    private readonly TunnelRecord _record;
    private readonly IReadOnlyList<string> _offered;
    private readonly string _key;
    private readonly TunnelState _state = new();
    private IDisposable? _content;
    private TunnelFilter? _fromClient;

    /// <param name="masks">Those of what the request is answered with.</param>
    /// <param name="offered">Subprotocols that the target may choose of; empty: it is SPDY/3.1, without a WebSocket.</param>
    public TunnelPlan(HttpScope scope, MaskPlan? masks, KubeStreamRequest request, HttpHead head, IReadOnlyList<string> offered, uint exchange)
    {
        (_scope, _masks, _request, _offered) = (scope, masks, request, offered);
        _record = new TunnelRecord(scope.Context, scope.Tape, exchange, request);
        _key = Encoding.ASCII.GetString(head.Value("sec-websocket-key"u8));
    }

    /// <summary>The client's direction, once the target has agreed; nothing passes before.</summary>
    public IBodyFilter? RequestBody => (IBodyFilter?)_fromClient ?? this;

    bool IBodyFilter.Changes => true;

    public void OnRequest(HttpHead head)
    {
        if (_offered.Count == 0)
            return;
        // Only what is understood may be agreed on: of subprotocols some, of extensions none.
        var all = new HttpHead(head.Size, head.Count);
        all.TryCopyFrom(head);
        head.Clear();
        for (int i = 0; i < all.Count; i++)
        {
            if (!all[i].Name.SequenceEqual("sec-websocket-protocol"u8) && !all[i].Name.SequenceEqual("sec-websocket-extensions"u8))
                head.TryAdd(all[i].Name, all[i].Value, all[i].NeverIndexed);
        }

        head.TryAdd("sec-websocket-protocol"u8, Encoding.ASCII.GetBytes(string.Join(", ", _offered)));
    }

    public IBodyFilter? OnResponse(HttpHead head)
    {
        if (HeadValues.Status(head) != 101)
            return null;
        (_fromClient, TunnelFilter? fromTarget) = Begin(head);
        if (fromTarget is not null)
            return fromTarget;
        _record.Violation("The target has agreed on something that it was not offered.");
        return this;
    }

    public void OnEnd()
    {
        _content?.Dispose();
        _record.Dispose();
    }

    /// <summary>What stands in for a direction that cannot be read.</summary>
    ReadOnlySpan<byte> IBodyFilter.Take(ReadOnlySpan<byte> data, bool end, out HttpRefusal? refusal)
    {
        refusal = data.IsEmpty ? null : new HttpRefusal(400, "", "Nothing may be sent before the target has agreed to the upgrade.");
        return default;
    }

    private (TunnelFilter? FromClient, TunnelFilter? FromTarget) Begin(HttpHead head)
    {
        bool isPortForward = _request.Kind == KubeStreams.PortForward;
        if (_offered.Count == 0)
        {
            if (!Ascii.EqualsIgnoreCase(head.Value("upgrade"u8), "SPDY/3.1"u8))
                return default;
            SpdyRelay relay = Relay(isPortForward);
            return (new SpdyFilter(true, relay, _state, _record), new SpdyFilter(false, relay, _state, _record));
        }

        H1Upgrade upgrade = Ascii.EqualsIgnoreCase(head.Value("upgrade"u8), "websocket"u8) ? H1Upgrade.WebSocket : H1Upgrade.Other;
        var facts = new H1ResponseFacts(101, 1, default, KeepAlive: false, upgrade);
        if (WebSocketHandshake.CheckResponse(head, facts, _key, _offered, out string? protocol) is not null || protocol is null)
            return default;
        WebSocketContent content;
        if (KubeSubprotocols.Of(protocol) == KubeSubprotocol.SpdyTunnel)
            content = new SpdyContent(Relay(isPortForward));
        else if (!isPortForward)
            content = new CommandContent(KubeSubprotocols.Of(protocol), _record, Masks());
        else if (_request.Ports.Count > 0)
            _content = (PortContent)(content = new PortContent(_request, _record));
        else
            return default;
        return (new WebSocketFilter(true, content, _state, _record), new WebSocketFilter(false, content, _state, _record));
    }

    private SpdyRelay Relay(bool isPortForward)
    {
        var relay = new SpdyRelay(_request, _record, isPortForward ? new PortJudge(_scope.Context, _request, _record) : null);
        _content = relay;
        return relay;
    }

    private (IStreamMask? Output, IStreamMask? Error) Masks() =>
        (_record.OutputIsArchive ? null : _masks?.OpenStream(), _masks?.OpenStream());
}
