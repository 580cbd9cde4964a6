using System.Diagnostics;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Hpack;

/// <summary>
/// Heads to field blocks for one peer (RFC 7541). One for each connection and direction; every block must reach the peer, in the order they were encoded.
/// <para>
/// What it is built for is the same head again and again: for each place in a head it remembers which line of the tables it was last time, and compares with that first. Only where that fails it hashes.
/// Which fields go into the table, and which never, says <see cref="HpackNames"/>. A field that came never-indexed leaves so (RFC 7541 6.2.3).
/// </para>
/// </summary>
internal sealed class HpackEncoder
{
    private const int Guesses = 32;
    private const int Sightings = 64;

    // One line may not take more than this part of the table: it would drive out all others.
    private const int LargestPart = 2;

    // Of values that are never indexed, in bytes: a token in the code costs both ends more time than the rest of its head, with every request.
    private const int LongestSecretCoded = 64;

    private readonly EncoderTable _table;
    private readonly int _mostTable;
    private readonly Guess[] _guesses = new Guess[Guesses];
    private uint[] _seen = [];
    private int _smallest = -1;

    /// <param name="mostTable">Most bytes of table that are used, however many the peer offers.</param>
    public HpackEncoder(int mostTable = HpackDecoder.DefaultTableSize)
    {
        _mostTable = mostTable;
        _table = new EncoderTable(Math.Min(mostTable, HpackDecoder.DefaultTableSize));
        if (mostTable < HpackDecoder.DefaultTableSize)
            _smallest = mostTable;
    }

    // Static: an index of the static table, if not 0; else the number of a line in the dynamic one.
    private readonly record struct Guess(byte Static, uint Number);

    /// <summary>Bytes of the table as RFC 7541 4.1 counts them.</summary>
    public int TableSize => _table.Lines.Size;

    /// <summary>The peer has sent SETTINGS_HEADER_TABLE_SIZE. Our next block says what we make of it (RFC 7541 4.2).</summary>
    public void LimitTable(uint size)
    {
        int next = (int)Math.Min(size, (uint)_mostTable);
        if (next == _table.Lines.MaxSize && _smallest < 0)
            return;
        _smallest = _smallest < 0 ? next : Math.Min(_smallest, next);
        _table.Lines.Resize(next);
    }

    /// <summary>Most bytes that <see cref="Encode"/> may write for a head: a line takes at most two lengths or indices beside its bytes, which is less than it counts in <see cref="HttpHead.Size"/>.</summary>
    public static int MostEncoded(HttpHead head) => head.Size + (2 * HpackInteger.MostBytes);

    /// <summary>Encodes a head as a whole field block.</summary>
    /// <param name="into">Room for <see cref="MostEncoded"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Encode(HttpHead head, Span<byte> into)
    {
        Debug.Assert(into.Length >= MostEncoded(head));
        int at = _smallest < 0 ? 0 : WriteSizes(into);
        for (int i = 0; i < head.Count; i++)
        {
            ReadOnlySpan<byte> line = head.Line(i, out int nameLength, out bool never);
            int index = never ? 0 : Guessed(i, line, nameLength);
            at += index > 0 ? WriteIndexed(into[at..], index) : WriteLine(into[at..], i, line, nameLength, never);
        }

        return at;
    }

    // "The smallest maximum table size that occurs in that interval MUST be signaled in a dynamic table size update. The final maximum size is always signaled" (RFC 7541 4.2)
    private int WriteSizes(Span<byte> into)
    {
        int at = 0;
        if (_smallest < _table.Lines.MaxSize)
            at = HpackInteger.Write(into, 0x20, 5, _smallest);
        at += HpackInteger.Write(into[at..], 0x20, 5, _table.Lines.MaxSize);
        _smallest = -1;
        return at;
    }

    private int Guessed(int place, ReadOnlySpan<byte> line, int nameLength)
    {
        if (place >= Guesses)
            return 0;
        Guess guess = _guesses[place];
        if (guess.Static != 0)
            return StaticTable.Line(guess.Static, out int ofStatic).SequenceEqual(line) && ofStatic == nameLength ? guess.Static : 0;
        uint age = _table.Lines.Inserted - 1 - guess.Number;
        return age < (uint)_table.Lines.Count && _table.Lines.Line((int)age, out int length).SequenceEqual(line) && length == nameLength ? StaticTable.Count + 1 + (int)age : 0;
    }

    private static int WriteIndexed(Span<byte> into, int index) => HpackInteger.Write(into, 0x80, 7, index);

    // A line that is not what was last time at its place.
    private int WriteLine(Span<byte> into, int place, ReadOnlySpan<byte> line, int nameLength, bool never)
    {
        ReadOnlySpan<byte> name = line[..nameLength], value = line[nameLength..];
        HpackName? known = HpackNames.Find(name);
        HpackIndexing indexing = never ? HpackIndexing.Never : HpackNames.Judge(known, name, value);
        if (indexing == HpackIndexing.Never)
            return WriteLiteral(into, 0x10, 4, known, name, value);

        for (int index = known?.Index ?? 0, last = index + (known?.Lines ?? 0); index < last; index++)
        {
            if (!value.SequenceEqual(StaticTable.Value(index)))
                continue;
            Remember(place, new Guess((byte)index, 0));
            return WriteIndexed(into, index);
        }

        uint hash = HpackHash.Of(line) + (uint)nameLength;
        int age = _table.Find(line, nameLength, hash);
        if (age >= 0)
        {
            Remember(place, new Guess(0, _table.Lines.Inserted - 1 - (uint)age));
            return WriteIndexed(into, StaticTable.Count + 1 + age);
        }

        if ((line.Length + HttpHead.FieldOverhead) * LargestPart > _table.Lines.MaxSize || (indexing == HpackIndexing.SecondTime && !SeenBefore(hash)))
            return WriteLiteral(into, 0x00, 4, known, name, value);

        // The name's index is of the table as it is before this line is in it.
        int written = WriteLiteral(into, 0x40, 6, known, name, value);
        Remember(place, new Guess(0, _table.Lines.Inserted));
        _table.Insert(line, nameLength, hash);
        return written;
    }

    private int WriteLiteral(Span<byte> into, byte pattern, int prefixBits, HpackName? known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        int index = known?.Index ?? 0;
        if (index == 0)
            index = StaticTable.Count + 1 + _table.FindName(name);
        bool named = index > StaticTable.Count || known?.Index > 0;
        int at = HpackInteger.Write(into, pattern, prefixBits, named ? index : 0);
        if (!named)
            at += WriteString(into[at..], name);
        return at + WriteString(into[at..], value, pattern == 0x10 ? LongestSecretCoded : int.MaxValue);
    }

    // 5.2: in the Huffman code where that is shorter, and the text is no longer than is coded.
    private static int WriteString(Span<byte> into, ReadOnlySpan<byte> text, int longestCoded = int.MaxValue)
    {
        int length = text.Length > longestCoded ? text.Length : Huffman.EncodedLength(text);
        bool huffman = length < text.Length;
        if (!huffman)
            length = text.Length;
        int at = HpackInteger.Write(into, (byte)(huffman ? 0x80 : 0), 7, length);
        if (huffman)
            Huffman.Encode(text, into.Slice(at, length));
        else
            text.CopyTo(into[at..]);
        return at + length;
    }

    // Remembers a line by its hash, in one place of few: what comes between makes it forget, which is what is wanted.
    private bool SeenBefore(uint hash)
    {
        if (_seen.Length == 0)
            _seen = new uint[Sightings];
        ref uint seen = ref _seen[hash % Sightings];
        bool before = seen == hash;
        seen = hash;
        return before;
    }

    private void Remember(int place, Guess guess)
    {
        if (place < Guesses)
            _guesses[place] = guess;
    }
}
