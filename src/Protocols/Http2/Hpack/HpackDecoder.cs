using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Hpack;

/// <summary>
/// Field blocks of one peer to heads (RFC 7541). One for each connection and direction, fed with every block of it in order, whole: blocks change the table, also those of streams that nobody wants any more.
/// <para>
/// A head that is larger than it may be does not end the connection: the block is decoded to its end, and only the stream is refused. That has its bound, too: lines are counted as RFC 9113 6.5.2 counts them,
/// and a block beyond <c>mostDecoded</c> ends the connection. A line of one byte can stand for four thousand, so without it 64 KiB of block would be a quarter of a gigabyte of work.
/// </para>
/// </summary>
internal sealed class HpackDecoder
{
    /// <summary>SETTINGS_HEADER_TABLE_SIZE before anybody has said anything (RFC 9113 6.5.2).</summary>
    public const int DefaultTableSize = 4096;

    /// <summary>Default for how much one block may decode to: four times what most servers take as a head, so that what is merely too large keeps its connection.</summary>
    public const int DefaultMostDecoded = 256 << 10;

    private const int ScratchKept = 64 << 10;

    private static readonly HttpViolation NoIndex = new(H2ErrorCode.COMPRESSION_ERROR, "an index that is in no table");
    private static readonly HttpViolation BadInteger = new(H2ErrorCode.COMPRESSION_ERROR, "an integer without end, or too large");
    private static readonly HttpViolation BadString = new(H2ErrorCode.COMPRESSION_ERROR, "a string beyond the end of its block");
    private static readonly HttpViolation BadHuffman = new(H2ErrorCode.COMPRESSION_ERROR, "a string that is not in the Huffman code");
    private static readonly HttpViolation BadUpdate = new(H2ErrorCode.COMPRESSION_ERROR, "a change of the table's size that is too large, too late or one too many");
    private static readonly HttpViolation NoUpdate = new(H2ErrorCode.COMPRESSION_ERROR, "a table larger than SETTINGS_HEADER_TABLE_SIZE");
    private static readonly HttpViolation TooMuch = new(H2ErrorCode.ENHANCE_YOUR_CALM, "a field block that decodes to far more than a head may be") { Status = 431 };

    // Where strings are decoded: a thread's, since nothing stays in it behind a call, so that connections have none of their own.
    [ThreadStatic]
    private static byte[]? OwnScratch;

    private readonly DynamicTable _table = new(DefaultTableSize);
    private readonly int _mostDecoded;
    private int _limit = DefaultTableSize;
    private RepeatedString _repeated;

    /// <param name="mostDecoded">Most bytes one block may decode to, by the count of RFC 9113 6.5.2, before the connection ends.</param>
    public HpackDecoder(int mostDecoded = DefaultMostDecoded) => _mostDecoded = mostDecoded;

    /// <summary>Why decoding has failed, with the code to end the connection by.</summary>
    public HttpViolation? Violation { get; private set; }

    /// <summary>Bytes of the table as RFC 7541 4.1 counts them.</summary>
    public int TableSize => _table.Size;

    /// <summary>
    /// The peer has acknowledged our SETTINGS_HEADER_TABLE_SIZE. If its table may be larger than that, its next block must begin with a change of size (RFC 7541 4.2).
    /// </summary>
    public void LimitTable(int size) => _limit = size;

    /// <summary>Decodes a whole field block into a head, which is cleared first.</summary>
    public HpackStatus Decode(ReadOnlySpan<byte> block, HttpHead into)
    {
        into.Clear();
        if (Violation is not null)
            return HpackStatus.Failed;
        int at = 0;
        if (!TryUpdateSize(block, ref at))
            return HpackStatus.Failed;

        bool full = false;
        int decoded = 0;
        while (at < block.Length)
        {
            byte first = block[at];
            if (first >= 0x80)
            {
                // 6.1 Indexed Header Field: | 1 | Index (7+) |
                if (!HpackInteger.TryRead(block, ref at, 7, out int index))
                    return Fail(BadInteger);
                if (!TryGetLine(index, out ReadOnlySpan<byte> line, out int nameLength))
                    return Fail(NoIndex);
                if ((decoded += line.Length + HttpHead.FieldOverhead) > _mostDecoded)
                    return Fail(TooMuch);
                full = full || !into.TryAddLine(line, nameLength);
            }
            else if (first is >= 0x20 and < 0x40)
            {
                // "This dynamic table size update MUST occur at the beginning of the first header block following the change" (RFC 7541 4.2): never behind a field.
                return Fail(BadUpdate);
            }
            else if (!TryReadLiteral(block, ref at, into, ref full, ref decoded))
            {
                return HpackStatus.Failed;
            }
        }

        return full ? HpackStatus.TooLarge : HpackStatus.Done;
    }

    // 6.3 Dynamic Table Size Update: | 0 | 0 | 1 | Max size (5+) |
    private bool TryUpdateSize(ReadOnlySpan<byte> block, scoped ref int at)
    {
        // "at most two dynamic table size updates" (RFC 7541 4.2): the smallest between two blocks, and the last.
        for (int updates = 0; at < block.Length && (block[at] & 0xe0) == 0x20; updates++)
        {
            if (!HpackInteger.TryRead(block, ref at, 5, out int size))
                return Fails(BadInteger);

            // "The new maximum size MUST be lower than or equal to the limit determined by the protocol using HPACK. A value that exceeds this limit MUST be treated as a decoding error." (RFC 7541 6.3)
            if (updates == 2 || size > _limit)
                return Fails(BadUpdate);
            _table.Resize(size);
        }

        return _table.MaxSize <= _limit || Fails(NoUpdate);
    }

    // 6.2.1 with Incremental Indexing:  | 0 | 1 | Index (6+) |
    // 6.2.2 without Indexing:           | 0 | 0 | 0 | 0 | Index (4+) |
    // 6.2.3 Never Indexed:              | 0 | 0 | 0 | 1 | Index (4+) |
    //                                   then, if the index is 0, the name as a string, and the value as a string.
    private bool TryReadLiteral(ReadOnlySpan<byte> block, scoped ref int at, HttpHead into, ref bool full, ref int decoded)
    {
        byte first = block[at];
        bool indexed = first >= 0x40, never = !indexed && first >= 0x10;
        if (!HpackInteger.TryRead(block, ref at, indexed ? 6 : 4, out int index))
            return Fails(BadInteger);

        int used = 0;
        ReadOnlySpan<byte> name;
        if (index == 0)
        {
            if (!TryReadString(block, ref at, ref used, out name))
                return false;
        }
        else
        {
            if (!TryGetLine(index, out ReadOnlySpan<byte> line, out int nameLength))
                return Fails(NoIndex);
            name = line[..nameLength];
        }

        if (!TryReadString(block, ref at, ref used, out ReadOnlySpan<byte> value, mayRepeat: !indexed))
            return false;
        if ((decoded += name.Length + value.Length + HttpHead.FieldOverhead) > _mostDecoded)
            return Fails(TooMuch);

        full = full || !into.TryAdd(name, value, never);
        if (indexed && !full)
            _table.Insert(into.Line(into.Count - 1, out _, out _), name.Length);
        else if (indexed)
            InsertJoined(name, value, used);
        return true;
    }

    // "the name may lie in the table and be evicted by the insertion" (RFC 7541 4.4): the line is put together elsewhere.
    private void InsertJoined(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, int used)
    {
        int length = name.Length + value.Length;
        Span<byte> line = Scratch(used, length).AsSpan(used, length);
        name.CopyTo(line);
        value.CopyTo(line[name.Length..]);
        _table.Insert(line, name.Length);
    }

    private bool TryGetLine(int index, out ReadOnlySpan<byte> line, out int nameLength)
    {
        // "Indices strictly greater than the sum of the lengths of both tables MUST be treated as a decoding error." (RFC 7541 2.3.3); "The index value of 0 is not used." (RFC 7541 6.1)
        int age = index - StaticTable.Count - 1;
        if (age >= _table.Count || index == 0)
        {
            line = default;
            nameLength = 0;
            return false;
        }

        line = age < 0 ? StaticTable.Line(index, out nameLength) : _table.Line(age, out nameLength);
        return true;
    }

    // 5.2 String Literal: | H | Length (7+) |, then so many bytes, in the Huffman code if H is set. What stays out of the table is often what was said last time.
    private bool TryReadString(ReadOnlySpan<byte> block, scoped ref int at, scoped ref int used, out ReadOnlySpan<byte> text, bool mayRepeat = false)
    {
        text = default;
        if (at >= block.Length)
            return Fails(BadString);
        bool huffman = block[at] >= 0x80;
        if (!HpackInteger.TryRead(block, ref at, 7, out int length))
            return Fails(BadInteger);
        if (length > block.Length - at)
            return Fails(BadString);

        text = block.Slice(at, length);
        at += length;
        if (!huffman)
            return true;

        // The longest code of an octet has 30 bits: what is four times as long as may be is too much whatever it says.
        if (length / 4 > _mostDecoded)
            return Fails(TooMuch);
        if (mayRepeat && _repeated.TryFind(text, out ReadOnlySpan<byte> known))
        {
            text = known;
            return true;
        }

        int most = Huffman.MostDecoded(length);
        Span<byte> room = Scratch(used, most).AsSpan(used, most);
        int count = Huffman.Decode(text, room);
        if (count < 0)
            return Fails(BadHuffman);
        if (mayRepeat)
            _repeated.Keep(text, room[..count]);
        text = room[..count];
        used += count;
        return true;
    }

    // A larger one does not take the place of what spans still look at: those keep the old one alive.
    private static byte[] Scratch(int used, int more)
    {
        byte[]? has = OwnScratch;
        if (has is not null && has.Length >= used + more)
            return has;
        var larger = new byte[Math.Max(4096, (used + more) * 2)];
        if (larger.Length <= ScratchKept)
            OwnScratch = larger;
        return larger;
    }

    private HpackStatus Fail(HttpViolation why)
    {
        Violation = why;
        return HpackStatus.Failed;
    }

    private bool Fails(HttpViolation why)
    {
        Violation = why;
        return false;
    }
}
