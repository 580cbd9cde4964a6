using System.Buffers.Binary;
using System.Numerics;

namespace Sallyport.Protocols.Http2.Hpack;

/// <summary>
/// Strings in the Huffman code (RFC 7541 5.2). Decoding looks at the next eight bits: nearly all text has codes of five to eight, which one table answers; longer codes are found by comparing with the first code of
/// each length, since the code is canonical (codes of a length follow one another, and all shorter ones are smaller when left-aligned).
/// </summary>
internal static class Huffman
{
    private const int QuickBits = 8;

    // Octet in the low byte, bits of its code above it; zero: the code is longer than eight bits.
    private static readonly ushort[] Quick = new ushort[1 << QuickBits];

    // For each length that codes longer than eight bits have: the first code beyond it, left-aligned in 32 bits, the first of it, and where its octets begin.
    private static readonly LongCodes[] Long;
    private static readonly byte[] LongOctets;

    static Huffman()
    {
        var octets = new List<byte>();
        var lengths = new List<LongCodes>();
        foreach (int length in Enumerable.Range(1, HuffmanCode.Longest))
        {
            int[] of = [.. Enumerable.Range(0, 256).Where(o => HuffmanCode.Lengths[o] == length).OrderBy(o => HuffmanCode.Codes[o])];
            if (of.Length == 0)
                continue;
            if (length <= QuickBits)
            {
                foreach (int octet in of)
                    Quick.AsSpan((int)HuffmanCode.Codes[octet] << (QuickBits - length), 1 << (QuickBits - length)).Fill((ushort)((length << 8) | octet));
                continue;
            }

            uint first = HuffmanCode.Codes[of[0]];
            lengths.Add(new LongCodes((ulong)(first + (uint)of.Length) << (32 - length), first, length, octets.Count));
            octets.AddRange(of.Select(o => (byte)o));
        }

        Long = [.. lengths];
        LongOctets = [.. octets];
    }

    private readonly record struct LongCodes(ulong End, uint First, int Length, int Octets);

    /// <summary>Most bytes that <paramref name="length"/> bytes decode to: the shortest code has five bits.</summary>
    public static int MostDecoded(int length) => (int)((long)length * 8 / 5);

    /// <summary>Bytes that a string takes in the code.</summary>
    public static int EncodedLength(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> lengths = HuffmanCode.Lengths;
        int bits = 0;
        foreach (byte octet in text)
            bits += lengths[octet];
        return (bits + 7) >> 3;
    }

    /// <summary>Writes a string in the code; <paramref name="into"/> has <see cref="EncodedLength"/> bytes. "the most significant bits of the code for the EOS symbol": padding is ones.</summary>
    public static void Encode(ReadOnlySpan<byte> text, Span<byte> into)
    {
        ReadOnlySpan<uint> codes = HuffmanCode.Codes;
        ReadOnlySpan<byte> lengths = HuffmanCode.Lengths;
        ulong bits = 0;
        int count = 0, at = 0;
        foreach (byte octet in text)
        {
            int length = lengths[octet];
            bits = (bits << length) | codes[octet];
            count += length;
            if (count < 32)
                continue;
            count -= 32;
            BinaryPrimitives.WriteUInt32BigEndian(into[at..], (uint)(bits >> count));
            at += 4;
        }

        for (; count >= 8; count -= 8)
            into[at++] = (byte)(bits >> (count - 8));
        if (count > 0)
            into[at] = (byte)((bits << (8 - count)) | (0xffu >> count));
    }

    /// <summary>Reads a string; <paramref name="into"/> has room for <see cref="MostDecoded"/> bytes.</summary>
    /// <returns>Its length; -1: it is not legal.</returns>
    public static int Decode(ReadOnlySpan<byte> text, Span<byte> into)
    {
        ulong bits = 0;      // The next bits, from the top.
        int count = 0;       // How many of them there are.
        int at = 0, written = 0;
        ushort[] quick = Quick;

        // Most of it, seven codes between two looks at the text: they are eight bits at most, and there are 56.
        while (text.Length - at >= sizeof(ulong))
        {
            bits |= BinaryPrimitives.ReadUInt64BigEndian(text[at..]) >> count;
            at += (63 - count) >> 3;
            count |= 56;
            Span<byte> room = into.Slice(written, 7);
            for (int i = 0; i < room.Length; i++)
            {
                int found = quick[(int)(bits >> (64 - QuickBits))];
                if (found == 0)
                {
                    if (count < HuffmanCode.Longest)
                        break;
                    found = FindLong((uint)(bits >> 32));
                    if (found == 0)
                        return -1;
                    room = room[..(i + 1)];
                }

                room[i] = (byte)found;
                written++;
                bits <<= found >> 8;
                count -= found >> 8;
            }
        }

        while (true)
        {
            for (; at < text.Length && count <= 56; at++, count += 8)
                bits |= (ulong)text[at] << (56 - count);
            int found = quick[(int)(bits >> (64 - QuickBits))];
            if (found == 0)
                found = FindLong((uint)(bits >> 32));
            int length = found >> 8;
            if (length > count || found == 0)
                break;
            into[written++] = (byte)found;
            bits <<= length;
            count -= length;
        }

        // "A padding strictly longer than 7 bits MUST be treated as a decoding error. A padding not corresponding to the most significant bits of the code for the EOS symbol MUST be treated as a
        // decoding error. A Huffman-encoded string literal containing the EOS symbol MUST be treated as a decoding error." (RFC 7541 5.2) EOS and its beginnings are no octet's code: they end here.
        return count < 8 && BitOperations.LeadingZeroCount(~bits) >= count ? written : -1;
    }

    private static int FindLong(uint top)
    {
        foreach (ref readonly LongCodes codes in Long.AsSpan())
        {
            if (top < codes.End)
                return (codes.Length << 8) | LongOctets[codes.Octets + (int)((top >> (32 - codes.Length)) - codes.First)];
        }

        return 0;
    }
}
