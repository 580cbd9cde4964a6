using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>
/// One end of an exchange, towards a client or a target, by whatever version of HTTP: what is written here goes to that peer.
/// The calls for one exchange are made under its lock; none of them waits. Nothing is sent after a reset, or behind an end.
/// </summary>
internal abstract class HttpStream
{
    /// <summary>Who is told of what comes from this peer.</summary>
    public IExchange? Exchange { get; set; }

    /// <summary>Whether this client may get a response: asked before it is recorded, and sent.</summary>
    /// <returns>Null: it may. Otherwise what it is told instead.</returns>
    public virtual HttpRefusal? Objection(HttpHead response) => null;

    /// <summary>A request's head, a response's, or an informational one.</summary>
    /// <param name="end">Nothing follows it.</param>
    public abstract void SendHead(HttpHead head, bool end);

    /// <summary>Takes every byte: what has no room yet is kept, and bounded by what the other end was granted.</summary>
    /// <returns>Bytes that went on at once. <see cref="IExchange.OnForwarded"/> tells of the others later.</returns>
    public abstract int SendData(ReadOnlySpan<byte> data, bool end);

    /// <summary>Ends the stream behind its data.</summary>
    public abstract void SendTrailers(HttpHead trailers);

    /// <summary>Gives the stream up: the peer gets, and sends, nothing more of it.</summary>
    public abstract void Reset(H2ErrorCode code);

    /// <summary>Tells a client that nobody has looked at its request, so that it sends it again by itself (RFC 9113 8.7).</summary>
    /// <returns>False: its version of HTTP has no such word.</returns>
    public virtual bool TryRefuse() => false;

    /// <summary>Ends its whole connection at once: nothing that was written to it may go out.</summary>
    public abstract void Cut();

    /// <summary>So many more bytes of what this peer has sent are gone on: it may send as many again.</summary>
    public abstract void Credit(int bytes);

    /// <summary>The exchange is over, at both ends: the stream no longer counts against its connection's limit. Once.</summary>
    public abstract void Retire();

    /// <summary>Nothing is sent to this peer until <see cref="Unblock"/>.</summary>
    public abstract void Block();

    public abstract void Unblock();

    /// <summary>Bodies stand still until <see cref="Resume"/>: what is sent is kept, as if the peer had no window. Other streams of the connection go on.</summary>
    public abstract void Pause();

    public abstract void Resume();
}

/// <summary>What an exchange is told of its two ends. Each end's calls come one after another; those of the two ends at the same time.</summary>
internal interface IExchange
{
    void OnHead(HttpStream from, HttpHead head, bool end);

    /// <param name="data">A view of the receive buffer.</param>
    void OnData(HttpStream from, ReadOnlySpan<byte> data, bool end);

    void OnTrailers(HttpStream from, HttpHead trailers);

    /// <summary>That end gave it up, or was lost.</summary>
    /// <param name="untouched">The target has not looked at the request at all: it may go to another connection.</param>
    void OnReset(HttpStream from, H2ErrorCode code, bool untouched);

    /// <summary>So many bytes that had to wait have now gone on to that end.</summary>
    void OnForwarded(HttpStream to, int bytes);
}
