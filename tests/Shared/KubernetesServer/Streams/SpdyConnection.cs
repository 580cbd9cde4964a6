using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.Pipelines;

namespace Sallyport.Shared.KubernetesServer.Streams;

/// <summary>One stream that a SPDY client opened.</summary>
internal sealed class SpdyStream(SpdyConnection connection, int id, IReadOnlyDictionary<string, string> headers)
{
    private readonly Pipe _input = new(new PipeOptions(pauseWriterThreshold: 0));

    public IReadOnlyDictionary<string, string> Headers => headers;

    /// <summary>What the client sends, until it half-closes.</summary>
    public PipeReader Input => _input.Reader;

    internal PipeWriter Received => _input.Writer;

    /// <summary>Sends data.</summary>
    public Task WriteAsync(ReadOnlyMemory<byte> data) => connection.SendDataAsync(id, data, last: false);

    /// <summary>Sends that there is no more.</summary>
    public Task CloseAsync() => connection.SendDataAsync(id, default, last: true);
}

/// <summary>
/// The server's side of SPDY/3.1 as Kubernetes uses it: streams of the client only, no flow control (its clients and servers have none),
/// no priorities.
/// </summary>
internal sealed class SpdyConnection(Stream stream) : IDisposable
{
    private const int SynStream = 1, SynReply = 2, RstStream = 3, Ping = 6, GoAway = 7;
    private const byte Fin = 1;

    private readonly SpdyHeaders _headers = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ConcurrentDictionary<int, SpdyStream> _streams = new();

    /// <summary>Reads frames until the client has gone; <paramref name="opened"/> sees each stream, which has been accepted already.</summary>
    public async Task RunAsync(Action<SpdyStream> opened, CancellationToken cancellationToken)
    {
        byte[] head = new byte[8];
        try
        {
            while (await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken) == head.Length)
            {
                byte[] payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(4)) & 0xffffff];
                await stream.ReadExactlyAsync(payload, cancellationToken);
                int first = BinaryPrimitives.ReadInt32BigEndian(head);
                if (first >= 0)
                    await DataAsync(first, head[4], payload);
                else if (await ControlAsync(first & 0xffff, head[4], payload, opened))
                    return;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or EndOfStreamException)
        {
            // The client is gone: that ends what it asked for.
        }
        finally
        {
            foreach (SpdyStream each in _streams.Values)
                await each.Received.CompleteAsync();
        }
    }

    public async Task SendDataAsync(int id, ReadOnlyMemory<byte> data, bool last)
    {
        byte[] head = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(head, id);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4), data.Length);
        head[4] = last ? Fin : (byte)0;
        await SendAsync((byte[])[.. head, .. data.Span]);
    }

    public void Dispose() => _writing.Dispose();

    private async Task DataAsync(int id, byte flags, byte[] payload)
    {
        if (!_streams.TryGetValue(id, out SpdyStream? at))
            return;
        if (payload.Length > 0)
            await at.Received.WriteAsync(payload);
        if ((flags & Fin) != 0)
            await at.Received.CompleteAsync();
    }

    /// <summary>Returns true when the client says goodbye.</summary>
    private async Task<bool> ControlAsync(int type, byte flags, byte[] payload, Action<SpdyStream> opened)
    {
        switch (type)
        {
            case SynStream:
                int id = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
                // Stream id, associated stream, priority and slot: then the headers.
                var opening = new SpdyStream(this, id, _headers.Decode(payload.AsSpan(10)));
                _streams[id] = opening;
                if ((flags & Fin) != 0)
                    await opening.Received.CompleteAsync();
                await SendHeadersAsync(SynReply, id);
                opened(opening);
                break;
            case RstStream:
                if (_streams.TryRemove(BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue, out SpdyStream? reset))
                    await reset.Received.CompleteAsync();
                break;
            case Ping:
                await SendAsync(Control(Ping, payload));
                break;
            case GoAway:
                return true;
        }

        return false;
    }

    private async Task SendHeadersAsync(int type, int id)
    {
        byte[] payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, id);
        await _writing.WaitAsync();
        try
        {
            // Compressed in the order of sending.
            await stream.WriteAsync(Control(type, [.. payload, .. _headers.Encode()]));
            await stream.FlushAsync();
        }
        finally
        {
            _writing.Release();
        }
    }

    private static byte[] Control(int type, byte[] payload)
    {
        byte[] frame = new byte[8 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(frame, 0x8003);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)type);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), payload.Length);
        payload.CopyTo(frame, 8);
        return frame;
    }

    private async Task SendAsync(byte[] frame)
    {
        await _writing.WaitAsync();
        try
        {
            await stream.WriteAsync(frame);
            await stream.FlushAsync();
        }
        finally
        {
            _writing.Release();
        }
    }
}
