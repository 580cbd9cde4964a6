using System.Buffers.Binary;

namespace Sallyport.Protocols.Http2.Hpack;

/// <summary>
/// The last long string in the Huffman code that a peer kept out of the table, and what it says. Clients send their token so, with every request (RFC 7541 7.1.3): to compare its code with
/// the last one is many times quicker than to decode it again (./eng/bench micro HeadBench). Each connection has one, for as long as it lasts.
/// </summary>
internal struct RepeatedString
{
    /// <summary>Bytes of code: shorter ones are soon decoded.</summary>
    public const int Least = 64;

    /// <summary>Bytes of code: longer ones are not kept, so a silent connection holds little.</summary>
    public const int Most = 4096;

    private byte[]? _bytes;
    private int _encoded;
    private int _decoded;

    /// <summary>What a string in the code says, if it is the last that was kept; valid until the next is.</summary>
    public readonly bool TryFind(ReadOnlySpan<byte> encoded, out ReadOnlySpan<byte> decoded)
    {
        bool isFound = _encoded > 0 && _encoded == encoded.Length && Differences(_bytes.AsSpan(0, _encoded), encoded) == 0;
        decoded = isFound ? _bytes.AsSpan(_encoded, _decoded) : default;
        return isFound;
    }

    /// <summary>Keeps a string, if it is worth it.</summary>
    public void Keep(ReadOnlySpan<byte> encoded, ReadOnlySpan<byte> decoded)
    {
        if (encoded.Length is < Least or > Most)
            return;
        if (_bytes is null || _bytes.Length < encoded.Length + decoded.Length)
            _bytes = new byte[encoded.Length + decoded.Length];
        _encoded = encoded.Length;
        _decoded = decoded.Length;
        encoded.CopyTo(_bytes);
        decoded.CopyTo(_bytes.AsSpan(_encoded));
    }

    /// <summary>
    /// Looks at all of both, however early they differ: whoever shares a connection with others, through a proxy of theirs, is not to learn from the time how much of a guess was right.
    /// (<see cref="System.Security.Cryptography.CryptographicOperations.FixedTimeEquals"/> is not optimized on purpose, and takes as long as decoding.)
    /// </summary>
    private static ulong Differences(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        ulong differences = 0;
        int at = 0;
        for (; left.Length - at >= sizeof(ulong); at += sizeof(ulong))
            differences |= BinaryPrimitives.ReadUInt64LittleEndian(left[at..]) ^ BinaryPrimitives.ReadUInt64LittleEndian(right[at..]);
        for (; at < left.Length; at++)
            differences |= (uint)(left[at] ^ right[at]);
        return differences;
    }
}
