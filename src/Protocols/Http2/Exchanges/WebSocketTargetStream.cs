using System.Text;
using Sallyport.Protocols.Http2.Connections;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.WebSockets;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>A stream to a target that has said that it knows extended CONNECT: it gets one for the upgrade that the exchange sends.</summary>
internal sealed class WebSocketTargetStream : WebSocketStream
{
    private string _key = "";

    public WebSocketTargetStream(HttpStream inner)
        : base(inner) => inner.Exchange = this;

    public override void SendHead(HttpHead head, bool end)
    {
        _key = Encoding.ASCII.GetString(head.Value("sec-websocket-key"u8));
        Inner.SendHead(WebSocketOpening.ToConnect(head), end);
    }

    public override void OnHead(HttpStream from, HttpHead head, bool end)
    {
        if (HeadValues.Status(head) is < 200 or >= 300)
        {
            Exchange!.OnHead(this, head, end);
            return;
        }

        Exchange!.OnHead(this, WebSocketOpening.ToSwitched(head, _key), end: false);
        if (end)
            Exchange.OnData(this, default, end: true);
    }

    /// <summary>They end the answer; a WebSocket has none (RFC 9113 8.5), and nobody waits for those of a refusal.</summary>
    public override void OnTrailers(HttpStream from, HttpHead trailers) => Exchange!.OnData(this, default, end: true);
}
