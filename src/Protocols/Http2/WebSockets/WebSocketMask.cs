using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Sallyport.Protocols.Http2.WebSockets;

/// <summary>Masking (RFC 6455 5.3): byte i of the payload is changed by byte i mod 4 of the key. The same again undoes it.</summary>
internal static class WebSocketMask
{
    /// <param name="key">As on the wire: the first byte is the highest.</param>
    /// <param name="offset">Bytes of the payload before these.</param>
    /// <param name="to">At least as long as <paramref name="from"/>; may be the same.</param>
    public static void Apply(ReadOnlySpan<byte> from, Span<byte> to, uint key, long offset)
    {
        key = BitOperations.RotateLeft(key, (int)(offset & 3) * 8);
        int at = 0;
        if (from.Length >= 8)
        {
            uint native = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(key) : key;
            ulong two = ((ulong)native << 32) | native;
            ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(from);
            Span<ulong> changed = MemoryMarshal.Cast<byte, ulong>(to);
            for (int i = 0; i < words.Length; i++)
                changed[i] = words[i] ^ two;
            at = words.Length * 8;
        }

        for (; at < from.Length; at++)
            to[at] = (byte)(from[at] ^ (key >> (24 - ((at & 3) * 8))));
    }
}
