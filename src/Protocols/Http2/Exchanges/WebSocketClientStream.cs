using System.Text;
using Sallyport.Protocols.Http2.Connections;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.WebSockets;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>A client's extended CONNECT. The key of the upgrade that it becomes is ours, and so is the check of its answer.</summary>
internal sealed class WebSocketClientStream(HttpStream inner) : WebSocketStream(inner)
{
    private readonly string _key = WebSocketHandshake.NewKey();
    private volatile bool _isSwitched;
    private volatile bool _isRefused;

    public override void OnHead(HttpStream from, HttpHead head, bool end)
    {
        // A WebSocket whose client has said all it will ever say is none.
        if (end)
            Violate();
        else
            Exchange!.OnHead(this, WebSocketOpening.ToUpgrade(head, _key), end: false);
    }

    public override void OnData(HttpStream from, ReadOnlySpan<byte> data, bool end)
    {
        if (_isSwitched)
        {
            base.OnData(from, data, end);
            return;
        }

        Inner.Credit(data.Length);
        // "The client MUST wait for a response from the server before sending any further data" (RFC 6455 4.1). Of what crosses a refusal on its way nobody reads anything.
        if (!_isRefused)
            Violate();
    }

    // "Frames other than DATA or stream management frames ... MUST NOT be sent on a connected stream" (RFC 9113 8.5).
    public override void OnTrailers(HttpStream from, HttpHead trailers) => Violate();

    // To this client 2xx says that the WebSocket is open: of a target that has answered something else it must not hear it.
    public override HttpRefusal? Objection(HttpHead response) =>
        HeadValues.Status(response) switch
        {
            101 => Accepts(response) ? null : Refusals.NotSwitched,
            >= 200 and < 300 => Refusals.NotSwitched,
            _ => null,
        };

    public override void SendHead(HttpHead head, bool end)
    {
        int status = HeadValues.Status(head);
        if (status == 101)
        {
            _isSwitched = true;
            Inner.SendHead(WebSocketOpening.ToAccepted(head), end: false);
            return;
        }

        _isRefused = status >= 200;
        Inner.SendHead(head, end);
    }

    public override void Retire()
    {
        // What the client would still send after a refusal, nobody waits for.
        if (_isRefused)
            Inner.Reset(H2ErrorCode.NO_ERROR);
        Inner.Retire();
    }

    private bool Accepts(HttpHead head) => head.Value("sec-websocket-accept"u8).SequenceEqual(Encoding.ASCII.GetBytes(WebSocketHandshake.AcceptOf(_key)));

    private void Violate()
    {
        Inner.Reset(H2ErrorCode.PROTOCOL_ERROR);
        Exchange!.OnReset(this, H2ErrorCode.PROTOCOL_ERROR, untouched: false);
    }
}
