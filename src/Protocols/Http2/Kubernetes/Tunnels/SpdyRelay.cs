using System.Buffers;
using System.Text;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Spdy;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>
/// A SPDY connection of Kubernetes, both directions: streams are told apart, ports judged as their streams open, and frames written anew. Header blocks of a direction are one
/// zlib stream, so a stream that is kept from the target, and an answer of our own to the client, mean that all blocks are ours.
/// </summary>
internal sealed class SpdyRelay : IDisposable
{
    private readonly KubeStreamRequest _request;
    private readonly TunnelRecord _record;
    private readonly IPortJudge? _judge;
    private readonly KubeSpdyStreams _streams;
    private readonly SpdyFrameReader _fromClient = new(SpdyLimits.Default);
    private readonly SpdyFrameReader _fromTarget = new(SpdyLimits.Default);
    private readonly SpdyWriter _toTarget = new();
    private readonly SpdyWriter _toClient = new();
    private readonly HttpHead _noFields = new(HttpHead.FieldOverhead, 1);
    private readonly Dictionary<string, (ushort Port, string? Refusal)> _verdicts = [];
    private readonly Dictionary<uint, Connection> _connections = [];

    /// <param name="judge">Of forwarded ports; null: the streams are a command's.</param>
    public SpdyRelay(KubeStreamRequest request, TunnelRecord record, IPortJudge? judge)
    {
        (_request, _record, _judge) = (request, record, judge);
        _streams = new KubeSpdyStreams(SpdyLimits.Default, isPortForward: judge is not null);
    }

    /// <summary>What has passed through a port.</summary>
    private sealed class Connection(ushort port)
    {
        public ushort Port { get; } = port;

        public long ToTarget { get; set; }

        public long ToClient { get; set; }

        public long Began { get; } = Environment.TickCount64;
    }

    /// <summary>Takes bytes of one side, and writes what goes on and what goes back.</summary>
    /// <returns>What is not legal about them, in fixed words, and both sides are told; null: nothing.</returns>
    public string? Take(bool fromClient, ReadOnlySpan<byte> data, IBufferWriter<byte> on, IBufferWriter<byte> back)
    {
        SpdyFrameReader reader = fromClient ? _fromClient : _fromTarget;
        while (true)
        {
            SpdyPart part = reader.Read(data, out int consumed, out SpdyFrame frame, out string? violation);
            data = data[consumed..];
            if (part == SpdyPart.None)
                return null;
            if (part == SpdyPart.Malformed || !_streams.TryTake(frame, fromClient, out KubeSpdyStream? stream, out violation) || !TryPass(frame, stream, fromClient, on, back, out violation))
            {
                SpdyWriter.GoAway(0, (uint)SpdyStatus.PROTOCOL_ERROR, on);
                SpdyWriter.GoAway(0, (uint)SpdyStatus.PROTOCOL_ERROR, back);
                return violation ?? "A frame is not legal.";
            }
        }
    }

    /// <summary>The tunnel is over: connections that were open in it are, too.</summary>
    public void Dispose()
    {
        foreach (Connection connection in _connections.Values)
            Over(connection);
        _connections.Clear();
    }

    private bool TryPass(SpdyFrame frame, KubeSpdyStream? stream, bool fromClient, IBufferWriter<byte> on, IBufferWriter<byte> back, out string? violation)
    {
        violation = null;
        // Of a stream that has ended nobody wants to hear.
        if ((frame.StreamId != 0 && stream is null) || stream is { IsRefused: true })
            return true;
        if (frame.Type == SpdyFrameType.SYN_STREAM && _judge is not null)
        {
            if (!TryVerdict(stream!, out string? refusal, out violation))
                return false;

            if (refusal is not null)
            {
                Refuse(stream!, refusal, back);
                return true;
            }

            if (stream!.Kind == KubeStreamKind.Data)
                _connections.Add(stream.Id, new Connection(stream.Port));
        }

        if (frame.Type == SpdyFrameType.DATA)
            Data(frame, stream!, fromClient, on);
        else
            (fromClient ? _toTarget : _toClient).Copy(frame, on);
        if (stream is { ClientHasEnded: true, TargetHasEnded: true } && _connections.Remove(stream.Id, out Connection? ended))
            Over(ended);
        return true;
    }

    private void Data(SpdyFrame frame, KubeSpdyStream stream, bool fromClient, IBufferWriter<byte> on)
    {
        if (_judge is null)
            _record.Command(fromClient, ChannelOf(stream.Kind), frame.Bytes);
        else if (_connections.TryGetValue(stream.Id, out Connection? connection))
        {
            connection.ToTarget += fromClient ? frame.Bytes.Length : 0;
            connection.ToClient += fromClient ? 0 : frame.Bytes.Length;
        }

        // Every piece becomes a frame, so that what is written always ends between two.
        if (!frame.Bytes.IsEmpty || frame.IsFinal)
            SpdyWriter.Data(stream.Id, frame.Bytes, frame.IsFinal, on);
    }

    /// <summary>The verdict on a connection through a port, asked for when the first of its two streams opens.</summary>
    /// <param name="refusal">Why it is refused; null: it is not.</param>
    /// <param name="violation">Too many wait for their second, or the second is of another port: the first may be reset by then, but the verdict was not on this one.</param>
    private bool TryVerdict(KubeSpdyStream stream, out string? refusal, out string? violation)
    {
        refusal = violation = null;
        if (_verdicts.Remove(stream.RequestId, out (ushort Port, string? Refusal) known))
        {
            refusal = known.Refusal;
            violation = known.Port == stream.Port ? null : "A connection's streams are of two ports.";
            return violation is null;
        }

        if (_verdicts.Count == SpdyLimits.Default.Streams)
        {
            violation = "Too many connections have only one of their streams.";
            return false;
        }

        refusal = _judge!.Refusal(stream.Port);
        _verdicts.Add(stream.RequestId, (stream.Port, refusal));
        return true;
    }

    /// <summary>The client's stream is taken, its error stream says why, and both are ended. The other connections go on.</summary>
    private void Refuse(KubeSpdyStream stream, string refusal, IBufferWriter<byte> back)
    {
        _toClient.SynReply(stream.Id, _noFields, isFinal: false, back);
        SpdyWriter.Data(stream.Id, stream.Kind == KubeStreamKind.Error ? Encoding.UTF8.GetBytes(refusal) : default, isFinal: true, back);
        _streams.Refuse(stream);
    }

    private void Over(Connection connection) => _record.Forwarded(_request.Destination(connection.Port), connection.ToTarget, connection.ToClient, connection.Began);

    private static byte ChannelOf(KubeStreamKind kind) => kind switch
    {
        KubeStreamKind.Stdin => 0,
        KubeStreamKind.Stdout => 1,
        KubeStreamKind.Stderr => 2,
        KubeStreamKind.Error => 3,
        _ => 4,
    };
}
