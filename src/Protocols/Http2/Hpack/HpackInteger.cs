namespace Sallyport.Protocols.Http2.Hpack;

/// <summary>
/// Integers (RFC 7541 5.1): as many as fit into the rest of the first byte, else that all ones and the remainder in groups of seven bits, least first.
/// <code>
///   0   1   2   3   4   5   6   7
/// +---+---+---+---+---+---+---+---+
/// | ?   ?   ? |       Value       |   here with a prefix of five bits
/// +---+---+---+-------------------+
/// </code>
/// </summary>
internal static class HpackInteger
{
    /// <summary>Most bytes of an integer behind its first: what 32 bits need. More is an attack, were they all zeroes.</summary>
    public const int MostContinuation = 5;

    /// <summary>Most bytes one takes when written.</summary>
    public const int MostBytes = 1 + MostContinuation;

    /// <summary>Reads an integer that begins at <paramref name="at"/> and moves that behind it.</summary>
    /// <returns>
    /// False: it has no end, or "MUST be treated as decoding errors" (RFC 7541 5.1): "Integer encodings that exceed implementation limits -- in value or octet length".
    /// The limit in value is 2^31 - 1.
    /// </returns>
    public static bool TryRead(ReadOnlySpan<byte> block, scoped ref int at, int prefixBits, out int value)
    {
        int most = (1 << prefixBits) - 1;
        value = block[at++] & most;
        if (value < most)
            return true;

        ulong sum = (uint)most;
        for (int i = 0; i < MostContinuation; i++)
        {
            if ((uint)at >= (uint)block.Length)
                return false;
            byte next = block[at++];
            sum += (ulong)(next & 0x7f) << (7 * i);
            if (next < 0x80)
            {
                value = (int)sum;
                return sum <= int.MaxValue;
            }
        }

        return false;
    }

    /// <summary>Writes an integer behind <paramref name="pattern"/>, the bits that stand before its prefix.</summary>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> into, byte pattern, int prefixBits, int value)
    {
        int most = (1 << prefixBits) - 1;
        if (value < most)
        {
            into[0] = (byte)(pattern | value);
            return 1;
        }

        into[0] = (byte)(pattern | most);
        int at = 1;
        uint rest = (uint)(value - most);
        for (; rest >= 0x80; rest >>= 7)
            into[at++] = (byte)(rest | 0x80);
        into[at++] = (byte)rest;
        return at;
    }
}
