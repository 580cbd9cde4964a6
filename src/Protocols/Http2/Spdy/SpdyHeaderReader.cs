using System.Buffers.Binary;
using Org.BouncyCastle.Utilities.Zlib;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;

namespace Sallyport.Protocols.Http2.Spdy;

/// <summary>
/// Reads name/value blocks of one direction (SPDY draft 3.1, 2.6.10). They are pieces of one zlib stream, so every one must go through here, in order.
/// <code>
///  | Number of Name/Value pairs (int32) |
///  | Length of name (int32) | Name | Length of value (int32) | Value |   (repeats)
/// </code>
/// </summary>
internal sealed class SpdyHeaderReader(SpdyLimits limits)
{
    private readonly ZStream _zlib = new();
    private readonly byte[] _block = new byte[limits.HeaderBlock + 1];
    private bool _hasBegun;

    /// <param name="compressed">The block as it came, in an array that is not changed meanwhile.</param>
    /// <returns>False: it is not one, it is too large, or a name comes twice.</returns>
    public bool TryRead(ArraySegment<byte> compressed, HttpHead into)
    {
        into.Clear();
        int length = Inflate(compressed);
        return length >= 0 && TryParse(_block.AsSpan(0, length), into);
    }

    /// <returns>Bytes of the block; -1: what came is not a piece of the stream, or makes more than it may.</returns>
    private int Inflate(ArraySegment<byte> compressed)
    {
        if (!_hasBegun && _zlib.inflateInit() != JZlib.Z_OK)
            return -1;
        _hasBegun = true;
        _zlib.next_in = compressed.Array;
        _zlib.next_in_index = compressed.Offset;
        _zlib.avail_in = compressed.Count;
        _zlib.next_out = _block;
        _zlib.next_out_index = 0;
        _zlib.avail_out = _block.Length;
        while (_zlib.avail_in > 0)
        {
            int result = _zlib.inflate(JZlib.Z_SYNC_FLUSH);
            if (result == JZlib.Z_NEED_DICT)
                result = _zlib.inflateSetDictionary(SpdyDictionary.Bytes, SpdyDictionary.Bytes.Length);
            // The stream lives as long as the connection: an end of it is a fault like any other. One byte of room is never to be used.
            if (result != JZlib.Z_OK || _zlib.avail_out == 0)
                return -1;
        }

        return _zlib.next_out_index;
    }

    private bool TryParse(ReadOnlySpan<byte> block, HttpHead into)
    {
        if (block.Length < 4)
            return false;
        uint count = BinaryPrimitives.ReadUInt32BigEndian(block);
        block = block[4..];
        if (count > (uint)limits.Fields)
            return false;
        for (uint i = 0; i < count; i++)
        {
            if (!TryTake(ref block, out ReadOnlySpan<byte> name) || !TryTake(ref block, out ReadOnlySpan<byte> value))
                return false;
            // Several values of one name stand in one field with zero bytes between them. No field of Kubernetes has several, and a port that is two is none.
            if (!IsName(name) || !FieldRules.IsValue(value) || into.Has(name) || !into.TryAdd(name, value))
                return false;
        }

        return block.IsEmpty;
    }

    /// <summary>"The header names are all lower case" (2.6.10), and those of the request line begin with a colon (3.2.1).</summary>
    private static bool IsName(ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> word = name is [(byte)':', ..] ? name[1..] : name;
        return FieldRules.IsToken(word) && !word.ContainsAnyInRange((byte)'A', (byte)'Z');
    }

    private static bool TryTake(ref ReadOnlySpan<byte> block, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (block.Length < 4)
            return false;
        uint length = BinaryPrimitives.ReadUInt32BigEndian(block);
        if (length > (uint)(block.Length - 4))
            return false;
        text = block.Slice(4, (int)length);
        block = block[(4 + (int)length)..];
        return true;
    }
}
