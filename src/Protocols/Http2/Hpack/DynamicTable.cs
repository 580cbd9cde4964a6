using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Hpack;

/// <summary>
/// A dynamic table (RFC 7541 2.3.2, 4): lines in the order they came, the oldest leaving first. Age 0 is the newest, which is index 62 on the wire.
/// Their bytes lie one behind the other in a buffer of at most twice the table's size, so that every line is one span and none is moved but when the buffer's end is reached: copying is linear in what was inserted.
/// Buffers begin at nothing: a connection whose peer indexes nothing has none.
/// </summary>
internal sealed class DynamicTable(int maxSize)
{
    private const int FirstBytes = 512;
    private const int FirstEntries = 16;

    private Entry[] _entries = [];
    private byte[] _bytes = [];
    private int _end;

    /// <summary>Where a line lies, and for the encoder what it hashes to and who came before it in the same chains.</summary>
    public struct Entry
    {
        public int Start;
        public int NameLength;
        public int ValueLength;
        public uint Hash;
        public uint NextOfLine;
        public uint NextOfName;
    }

    /// <summary>Lines ever inserted, modulo 2^32; the line of age n is number Inserted - 1 - n.</summary>
    public uint Inserted { get; private set; }

    public int Count { get; private set; }

    /// <summary>By the count of RFC 7541 4.1: bytes and 32 for each line.</summary>
    public int Size { get; private set; }

    public int MaxSize { get; private set; } = maxSize;

    /// <summary>The line of an age below <see cref="Count"/>.</summary>
    public ref Entry this[int age] => ref _entries[(int)(Inserted - 1 - (uint)age) & (_entries.Length - 1)];

    public ReadOnlySpan<byte> Line(int age, out int nameLength)
    {
        ref readonly Entry entry = ref this[age];
        nameLength = entry.NameLength;
        return _bytes.AsSpan(entry.Start, entry.NameLength + entry.ValueLength);
    }

    /// <summary>RFC 7541 4.3: "entries are evicted from the end of the dynamic table until the size of the dynamic table is less than or equal to the maximum size".</summary>
    public void Resize(int maxSize)
    {
        MaxSize = maxSize;
        EvictTo(maxSize);
    }

    /// <summary>Inserts a line, which must not lie in this table. RFC 7541 4.4: one larger than the table empties it, and "this is not an error".</summary>
    /// <returns>False: it was larger.</returns>
    public bool Insert(ReadOnlySpan<byte> line, int nameLength)
    {
        int size = line.Length + HttpHead.FieldOverhead;
        if (size > MaxSize)
        {
            EvictTo(0);
            return false;
        }

        EvictTo(MaxSize - size);
        if (Count == _entries.Length)
            GrowEntries();
        if (_end + line.Length > _bytes.Length)
            MakeRoom(line.Length);

        line.CopyTo(_bytes.AsSpan(_end));
        Inserted++;
        Count++;
        Size += size;
        this[0] = new Entry { Start = _end, NameLength = nameLength, ValueLength = line.Length - nameLength };
        _end += line.Length;
        return true;
    }

    private void EvictTo(int size)
    {
        while (Size > size)
        {
            ref readonly Entry oldest = ref this[Count - 1];
            Size -= oldest.NameLength + oldest.ValueLength + HttpHead.FieldOverhead;
            Count--;
        }
    }

    // A line stands at its number modulo the length, so all move.
    private void GrowEntries()
    {
        var larger = new Entry[_entries.Length == 0 ? FirstEntries : _entries.Length * 2];
        for (int age = 0; age < Count; age++)
            larger[(int)(Inserted - 1 - (uint)age) & (larger.Length - 1)] = this[age];
        _entries = larger;
    }

    private void MakeRoom(int length)
    {
        int first = Count == 0 ? _end : this[Count - 1].Start;
        int live = _end - first;
        byte[] to = _bytes;
        if ((live + length) * 2 > _bytes.Length)
            to = new byte[Math.Max(Math.Max(FirstBytes, (live + length) * 2), Math.Min(_bytes.Length * 2, MaxSize * 2))];
        _bytes.AsSpan(first, live).CopyTo(to);
        for (int age = 0; age < Count; age++)
            this[age].Start -= first;
        _bytes = to;
        _end = live;
    }
}
