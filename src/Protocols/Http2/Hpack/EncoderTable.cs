namespace Sallyport.Protocols.Http2.Hpack;

/// <summary>
/// The table that an encoder believes its peer to have, with chains by hash over whole lines and over names. A chain leads from younger to older lines by their numbers and ends at the first that is no longer there,
/// so evicting needs no unlinking.
/// </summary>
internal sealed class EncoderTable(int maxSize)
{
    private const int Buckets = 128;

    private uint[] _lines = [];
    private uint[] _names = [];

    public DynamicTable Lines { get; } = new(maxSize);

    /// <summary>Age of a line; -1: it is not there.</summary>
    public int Find(ReadOnlySpan<byte> line, int nameLength, uint hash)
    {
        for (int age = First(_lines, hash); age >= 0;)
        {
            ref readonly DynamicTable.Entry entry = ref Lines[age];
            if (entry.Hash == hash && Lines.Line(age, out int length).SequenceEqual(line) && length == nameLength)
                return age;
            age = Older(entry.NextOfLine, age);
        }

        return -1;
    }

    /// <summary>Age of the youngest line of a name; -1: there is none.</summary>
    public int FindName(ReadOnlySpan<byte> name)
    {
        for (int age = First(_names, HpackHash.Of(name)); age >= 0;)
        {
            ref readonly DynamicTable.Entry entry = ref Lines[age];
            if (entry.NameLength == name.Length && Lines.Line(age, out _).StartsWith(name))
                return age;
            age = Older(entry.NextOfName, age);
        }

        return -1;
    }

    /// <summary>Inserts a line, which fits.</summary>
    public void Insert(ReadOnlySpan<byte> line, int nameLength, uint hash)
    {
        if (_lines.Length == 0)
        {
            _lines = new uint[Buckets];
            _names = new uint[Buckets];
        }

        uint number = Lines.Inserted;
        ref uint ofLine = ref _lines[hash % Buckets], ofName = ref _names[HpackHash.Of(line[..nameLength]) % Buckets];
        if (!Lines.Insert(line, nameLength))
            return;
        ref DynamicTable.Entry entry = ref Lines[0];
        entry.Hash = hash;
        entry.NextOfLine = ofLine;
        entry.NextOfName = ofName;
        ofLine = number;
        ofName = number;
    }

    private int First(uint[] heads, uint hash) => heads.Length == 0 ? -1 : Older(heads[hash % Buckets], -1);

    // A number that was never set, or is of a line long gone, has an age beyond those that live, or by chance that of another line, which then does not match; only older ones are followed, so every chain ends.
    private int Older(uint number, int thanAge)
    {
        uint age = Lines.Inserted - 1 - number;
        return age < (uint)Lines.Count && (int)age > thanAge ? (int)age : -1;
    }
}
