using System.IO.Pipelines;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>A connection that speaks HTTP/1.1 (RFC 9112), of either role: one exchange at a time, in the order in which they were asked for.</summary>
internal abstract class H1Connection : IHttpOutputOwner, IThreadPoolWorkItem
{
    private readonly ChunkedDecoder _chunks = new(H1Limits.Default);
    private readonly HttpHead _trailers;
    private int _drained;
    private H1Stream? _drainedOf;

    protected H1Connection(IDuplex duplex, HttpLimits limits, TimeProvider time)
    {
        Duplex = duplex;
        Time = time;
        Limits = limits;
        Output = new HttpOutput(duplex, limits.OutputBytes) { Owner = this };
        _trailers = NewHead();
    }

    public HttpLimits Limits { get; }

    public HttpOutput Output { get; }

    protected IDuplex Duplex { get; }

    protected TimeProvider Time { get; }

    /// <summary>The exchange under way. Under the gate.</summary>
    protected H1Stream? Current { get; set; }

    public HttpHead NewHead() => new(Limits.HeadBytes * 2, Limits.HeadFields + 64);

    /// <summary>Writes a head, and decides how the body behind it is delimited. Under the gate.</summary>
    /// <returns>False: it cannot be written in HTTP/1.1.</returns>
    public abstract bool TryWriteHead(H1Stream stream, HttpHead head, bool end);

    public abstract void Retire(H1Stream stream);

    /// <summary>The read loop is to look again at what has become of its exchange. Never from here: it would go on under the locks of whoever calls.</summary>
    public void Wake() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    void IThreadPoolWorkItem.Execute() => Duplex.Input.CancelPendingRead();

    public void Cut() => Duplex.Abort();

    /// <summary>Bytes of a body, as its head said they are delimited. Under the gate.</summary>
    public void WriteBody(H1Stream stream, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty || stream.Out.Body == H1Body.None)
            return;
        if (stream.Out.Body != H1Body.Chunked)
        {
            Output.Write(data);
            return;
        }

        Output.Advance(H1Writer.WriteChunkHeader(data.Length, Output.Reserve(H1Writer.LongestChunkHeader)));
        Output.Write(data);
        Output.Write(H1Writer.ChunkEnd);
    }

    /// <summary>Under the gate.</summary>
    public void WriteEnd(H1Stream stream, HttpHead? trailers)
    {
        if (stream.Out.Body != H1Body.Chunked)
            return;
        if (trailers is null || H1Writer.TryWriteLastChunk(trailers, Output) is not null)
            Output.Write(H1Writer.LastChunk);
    }

    void IHttpOutputOwner.Fill()
    {
        if (Current is not { HasPending: true } stream)
            return;
        _drained = stream.Drain();
        _drainedOf = stream;
    }

    void IHttpOutputOwner.Filled()
    {
        H1Stream? stream;
        int drained;
        lock (Output.Gate)
            (stream, drained, _drainedOf, _drained) = (_drainedOf, _drained, null, 0);
        if (drained > 0)
            stream!.Exchange?.OnForwarded(stream, drained);
    }

    void IHttpOutputOwner.OnLost(Exception why) => Duplex.Abort();

    /// <summary>A read that a stop ends: whoever stops us wakes us.</summary>
    protected async ValueTask<ReadResult> ReadAsync(CancellationToken stop)
    {
        ReadResult read = await Duplex.Input.ReadAsync(stop).ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        return read;
    }

    /// <summary>Passes a body on, as fast as it is forwarded.</summary>
    /// <returns>Null: it has ended. Otherwise what was not legal about it.</returns>
    protected async Task<HttpViolation?> ReadBodyAsync(H1Stream stream, H1Framing framing, CancellationToken cancel)
    {
        long left = framing.Length;
        _chunks.Reset();
        while (true)
        {
            await stream.WhenRoom().WaitAsync(cancel).ConfigureAwait(false);
            ReadResult read = await ReadAsync(cancel).ConfigureAwait(false);
            if (stream.IsBroken)
            {
                Duplex.Input.AdvanceTo(read.Buffer.Start);
                return null;
            }

            HttpViolation? violation = TakeBody(stream, framing.Body, read.Buffer.First.Span, ref left, read.IsCompleted, out int consumed, out bool isOver);
            // What was not taken is the beginning of a chunk's line, and worth nothing before more comes.
            Duplex.Input.AdvanceTo(read.Buffer.GetPosition(consumed), isOver ? read.Buffer.GetPosition(consumed) : read.Buffer.End);
            if (violation is not null || isOver)
                return violation;
            if (read.IsCompleted)
                return new HttpViolation(H2ErrorCode.PROTOCOL_ERROR, "a body that ends too soon");
        }
    }

    private HttpViolation? TakeBody(H1Stream stream, H1Body body, ReadOnlySpan<byte> buffer, ref long left, bool isLast, out int consumed, out bool isOver)
    {
        consumed = 0;
        isOver = false;
        FlushBatch.Begin();
        try
        {
            if (body != H1Body.Chunked)
            {
                int part = body == H1Body.Length ? (int)Math.Min(left, buffer.Length) : buffer.Length;
                left -= part;
                consumed = part;
                isOver = body == H1Body.Length ? left == 0 : isLast;
                if (part > 0 || isOver)
                    Pass(stream, buffer[..part], isOver);
                return null;
            }

            while (true)
            {
                ChunkedPart found = _chunks.Read(buffer[consumed..], _trailers, out int taken, out ReadOnlySpan<byte> data, out HttpViolation? violation);
                consumed += taken;
                switch (found)
                {
                    case ChunkedPart.Data:
                        Pass(stream, data, end: false);
                        break;
                    case ChunkedPart.End:
                        isOver = true;
                        if (_trailers.Count == 0)
                            Pass(stream, default, end: true);
                        else
                            stream.Exchange!.OnTrailers(stream, _trailers);
                        return null;
                    case ChunkedPart.None:
                        return null;
                    default:
                        return violation;
                }
            }
        }
        finally
        {
            FlushBatch.End();
        }
    }

    private static void Pass(H1Stream stream, ReadOnlySpan<byte> data, bool end)
    {
        stream.Receive(data.Length);
        stream.Exchange!.OnData(stream, data, end);
    }
}
