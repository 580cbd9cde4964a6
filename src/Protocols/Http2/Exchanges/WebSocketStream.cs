using Sallyport.Protocols.Http2.Connections;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>
/// A stream of HTTP/2 that carries a WebSocket, as its exchange sees it: an upgrade of HTTP/1.1. So whichever way a client opens one, and whichever way a target takes it, there is
/// one thing to judge, to record and to mask.
/// </summary>
internal abstract class WebSocketStream(HttpStream inner) : HttpStream, IExchange
{
    /// <summary>The stream itself.</summary>
    protected HttpStream Inner => inner;

    public override int SendData(ReadOnlySpan<byte> data, bool end) => inner.SendData(data, end);

    public override void SendTrailers(HttpHead trailers) => inner.SendTrailers(trailers);

    public override void Reset(H2ErrorCode code) => inner.Reset(code);

    public override bool TryRefuse() => inner.TryRefuse();

    public override void Cut() => inner.Cut();

    public override void Credit(int bytes) => inner.Credit(bytes);

    public override void Retire() => inner.Retire();

    public override void Block() => inner.Block();

    public override void Unblock() => inner.Unblock();

    public override void Pause() => inner.Pause();

    public override void Resume() => inner.Resume();

    public abstract void OnHead(HttpStream from, HttpHead head, bool end);

    public virtual void OnData(HttpStream from, ReadOnlySpan<byte> data, bool end) => Exchange!.OnData(this, data, end);

    public abstract void OnTrailers(HttpStream from, HttpHead trailers);

    public void OnReset(HttpStream from, H2ErrorCode code, bool untouched) => Exchange!.OnReset(this, code, untouched);

    public void OnForwarded(HttpStream to, int bytes) => Exchange!.OnForwarded(this, bytes);
}
