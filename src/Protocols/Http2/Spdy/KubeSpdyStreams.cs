using System.Globalization;
using System.Text;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;

namespace Sallyport.Protocols.Http2.Spdy;

/// <summary>
/// The streams of one SPDY connection of Kubernetes, of both directions, told apart by the fields they are opened with. Commands (exec, attach) have each kind
/// once; ports have, for each connection through them, an error stream and a data stream with the same <c>port</c> and <c>requestid</c>. Whatever else is
/// opened, and by whomever, is not legal: a stream whose port is not known cannot be judged.
/// </summary>
/// <remarks>Both directions come here; whoever reads them does so one at a time.</remarks>
internal sealed class KubeSpdyStreams(SpdyLimits limits, bool isPortForward)
{
    /// <summary>Clients count their connections.</summary>
    private const int LongestRequestId = 64;

    private readonly Dictionary<uint, KubeSpdyStream> _open = [];
    private uint _last;
    private int _kinds;

    /// <summary>Streams that are open.</summary>
    public int Count => _open.Count;

    /// <summary>Takes note of a frame.</summary>
    /// <param name="stream">Whose frame it is; null for frames of the connection, and for those of streams that have ended, which are to be dropped.</param>
    /// <param name="violation">Fixed words.</param>
    /// <returns>False: not legal.</returns>
    public bool TryTake(SpdyFrame frame, bool fromClient, out KubeSpdyStream? stream, out string? violation)
    {
        violation = null;
        stream = null;
        if (frame.StreamId == 0)
            return true;
        if (frame.Type == SpdyFrameType.SYN_STREAM)
        {
            violation = fromClient ? TryOpen(frame, out stream) : "A target opens a stream.";
            if (violation is not null)
                return false;
        }
        else if (!_open.TryGetValue(frame.StreamId, out stream))
        {
            // Of one that was: the other side may not have known. Of one that never was: nobody can.
            violation = frame.StreamId <= _last ? null : "A frame of a stream that was not opened.";
            return violation is null;
        }
        else if (fromClient && frame.Type == SpdyFrameType.SYN_REPLY)
        {
            violation = "A client replies to its own stream.";
            return false;
        }

        return TryEnd(frame, fromClient, stream!, out violation);
    }

    /// <summary>The target is not told of this stream; what the client sends on it until it ends is to be dropped.</summary>
    public void Refuse(KubeSpdyStream stream)
    {
        stream.IsRefused = true;
        stream.TargetHasEnded = true;
        if (stream.ClientHasEnded)
            _open.Remove(stream.Id);
    }

    private bool TryEnd(SpdyFrame frame, bool fromClient, KubeSpdyStream stream, out string? violation)
    {
        violation = null;
        bool hasEnded = fromClient ? stream.ClientHasEnded : stream.TargetHasEnded;
        if (hasEnded && frame.Type is SpdyFrameType.DATA or SpdyFrameType.HEADERS)
        {
            violation = "Data behind the end of a stream.";
            return false;
        }

        bool isReset = frame.Type == SpdyFrameType.RST_STREAM;
        stream.ClientHasEnded |= isReset || (fromClient && frame.IsFinal);
        stream.TargetHasEnded |= isReset || (!fromClient && frame.IsFinal);
        if (stream.ClientHasEnded && stream.TargetHasEnded)
            _open.Remove(stream.Id);
        return true;
    }

    private string? TryOpen(SpdyFrame frame, out KubeSpdyStream? stream)
    {
        stream = null;
        // Odd and increasing (2.3.2).
        if ((frame.StreamId & 1) == 0 || frame.StreamId <= _last)
            return "A stream's number is not the client's next.";
        if (frame.IsUnidirectional || _open.Count >= limits.Streams)
            return "Too many streams, or one that has no way back.";
        _last = frame.StreamId;
        if (!TryKind(frame.Headers!.Value("streamtype"u8), out KubeStreamKind kind))
            return "A stream is of no kind that is known.";

        string? violation = isPortForward ? TryOpenPort(frame, kind, out stream) : TryOpenCommand(frame, kind, out stream);
        if (violation is null)
            _open.Add(frame.StreamId, stream!);
        return violation;
    }

    private string? TryOpenCommand(SpdyFrame frame, KubeStreamKind kind, out KubeSpdyStream? stream)
    {
        stream = null;
        int bit = 1 << (int)kind;
        if (kind == KubeStreamKind.Data || (_kinds & bit) != 0)
            return "A command's stream is opened twice, or is not one of a command.";
        _kinds |= bit;
        stream = new KubeSpdyStream(frame.StreamId, kind, 0, "");
        return null;
    }

    private string? TryOpenPort(SpdyFrame frame, KubeStreamKind kind, out KubeSpdyStream? stream)
    {
        stream = null;
        HttpHead headers = frame.Headers!;
        if (kind is not (KubeStreamKind.Error or KubeStreamKind.Data) || !H1Bytes.TryNumber(headers.Value("port"u8), out long port) || port is 0 or > ushort.MaxValue)
            return "A port's stream is not of a port.";

        // Clients before requestid: the data stream follows its error stream, two numbers on (kubelet, portForwardProxyRequestID).
        uint old = kind == KubeStreamKind.Error ? frame.StreamId : frame.StreamId - 2;
        ReadOnlySpan<byte> id = headers.Value("requestid"u8);
        string request = id.IsEmpty ? old.ToString(CultureInfo.InvariantCulture) : Encoding.Latin1.GetString(id);
        if (id.Length > LongestRequestId)
            return "A connection's name is too long.";
        foreach (KubeSpdyStream other in _open.Values)
        {
            // What is judged is one of the two and what is dialled is the other's port: they must be the same.
            if (other.RequestId == request && (other.Kind == kind || other.Port != port))
                return "A connection's stream is opened twice, or with two ports.";
        }

        stream = new KubeSpdyStream(frame.StreamId, kind, (ushort)port, request);
        return null;
    }

    private static bool TryKind(ReadOnlySpan<byte> name, out KubeStreamKind kind)
    {
        kind = default;
        KubeStreamKind? found = name switch
        {
            _ when name.SequenceEqual("error"u8) => KubeStreamKind.Error,
            _ when name.SequenceEqual("stdin"u8) => KubeStreamKind.Stdin,
            _ when name.SequenceEqual("stdout"u8) => KubeStreamKind.Stdout,
            _ when name.SequenceEqual("stderr"u8) => KubeStreamKind.Stderr,
            _ when name.SequenceEqual("resize"u8) => KubeStreamKind.Resize,
            _ when name.SequenceEqual("data"u8) => KubeStreamKind.Data,
            _ => null,
        };
        if (found is null)
            return false;
        kind = found.Value;
        return true;
    }
}
