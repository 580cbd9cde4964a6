using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sallyport.Protocols.Http2.WebSockets;

/// <summary>Writes frames of one direction (RFC 6455 5.2).</summary>
/// <param name="asClient">Masked, each frame with a key of its own that nobody can foresee (5.3).</param>
internal sealed class WebSocketFrameWriter(bool asClient)
{
    /// <summary>Most bytes before a payload.</summary>
    public const int LongestHeader = 14;

    /// <summary>A whole frame.</summary>
    /// <param name="isFinal">The last frame of its message; control frames always are.</param>
    public void Write(IBufferWriter<byte> to, WebSocketOpcode opcode, ReadOnlySpan<byte> payload, bool isFinal = true)
    {
        if (opcode >= WebSocketOpcode.Close && (payload.Length > 125 || !isFinal))
            throw new ArgumentException("A control frame has at most 125 bytes, in one piece.", nameof(payload));
        Span<byte> frame = to.GetSpan(LongestHeader + payload.Length);
        int header = WriteHeader(frame, opcode, payload.Length, isFinal, out uint key);
        if (asClient)
            WebSocketMask.Apply(payload, frame[header..], key, 0);
        else
            payload.CopyTo(frame[header..]);
        to.Advance(header + payload.Length);
    }

    /// <summary>A Close frame without a reason.</summary>
    public void WriteClose(IBufferWriter<byte> to, ushort code)
    {
        Span<byte> payload = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(payload, code);
        Write(to, WebSocketOpcode.Close, payload);
    }

    private int WriteHeader(Span<byte> to, WebSocketOpcode opcode, int length, bool isFinal, out uint key)
    {
        to[0] = (byte)((isFinal ? 0x80 : 0) | (byte)opcode);
        int mask = asClient ? 0x80 : 0;
        int at = 2;
        if (length < 126)
        {
            to[1] = (byte)(mask | length);
        }
        else if (length <= ushort.MaxValue)
        {
            to[1] = (byte)(mask | 126);
            BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)length);
            at = 4;
        }
        else
        {
            to[1] = (byte)(mask | 127);
            BinaryPrimitives.WriteUInt64BigEndian(to[2..], (ulong)length);
            at = 10;
        }

        key = 0;
        if (!asClient)
            return at;
        RandomNumberGenerator.Fill(to.Slice(at, 4));
        key = BinaryPrimitives.ReadUInt32BigEndian(to[at..]);
        return at + 4;
    }
}
