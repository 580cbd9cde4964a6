using System.Text;

namespace Sallyport.Protocols.Http2.Heads;

/// <summary>One field line of a head (RFC 9110 5). A view: valid until the head changes.</summary>
internal readonly ref struct HttpField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool neverIndexed)
{
    /// <summary>In lower case.</summary>
    public ReadOnlySpan<byte> Name { get; } = name;

    public ReadOnlySpan<byte> Value { get; } = value;

    /// <summary>Its value is a secret: no peer may keep it in a compression table (RFC 7541 7.1.3).</summary>
    public bool NeverIndexed { get; } = neverIndexed;
}

/// <summary>
/// One field section, whatever version of HTTP it came by: a request's head, a response's, or trailers (RFC 9110 6).
/// Pseudo-header fields (RFC 9113 8.3) stand in it as fields whose names begin with a colon; the parser of HTTP/1.1 makes them of the request line, <c>Host</c> and
/// the status line. All bytes lie in one buffer of its own, which is kept for the next head; a full head takes no more, so its limits bound it.
/// </summary>
internal sealed class HttpHead
{
    /// <summary>What a field counts beside its bytes (RFC 9113 6.5.2, SETTINGS_MAX_HEADER_LIST_SIZE).</summary>
    public const int FieldOverhead = 32;

    private readonly int _mostBytes;
    private readonly int _mostFields;
    private byte[] _bytes = new byte[512];
    private Entry[] _entries = new Entry[16];
    private int _used;

    /// <param name="mostBytes">Largest size by the count of RFC 9113 6.5.2.</param>
    /// <param name="mostFields">Most field lines.</param>
    public HttpHead(int mostBytes, int mostFields)
    {
        _mostBytes = mostBytes;
        _mostFields = mostFields;
    }

    private readonly record struct Entry(int Start, int NameLength, int ValueLength, bool NeverIndexed);

    /// <summary>Field lines, pseudo-header fields included.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that it holds on to.</summary>
    public int Capacity => _bytes.Length;

    /// <summary>By the count of RFC 9113 6.5.2, in bytes.</summary>
    public int Size => _used + (Count * FieldOverhead);

    public HttpField this[int index]
    {
        get
        {
            ref readonly Entry entry = ref _entries.AsSpan(0, Count)[index];
            return new HttpField(_bytes.AsSpan(entry.Start, entry.NameLength), _bytes.AsSpan(entry.Start + entry.NameLength, entry.ValueLength), entry.NeverIndexed);
        }
    }

    /// <summary>Adds a field behind the others. The name is taken as it is: parsers make it lower case.</summary>
    /// <returns>False: the head would be larger than it may be; it stays as it was.</returns>
    public bool TryAdd(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool neverIndexed = false)
    {
        int length = name.Length + value.Length;
        if (!TryMakeRoom(length))
            return false;
        name.CopyTo(_bytes.AsSpan(_used));
        value.CopyTo(_bytes.AsSpan(_used + name.Length));
        _entries[Count++] = new Entry(_used, name.Length, value.Length, neverIndexed);
        _used += length;
        return true;
    }

    /// <summary>Adds a field whose name and value lie one behind the other, as in tables of HPACK.</summary>
    /// <returns>False: the head would be larger than it may be; it stays as it was.</returns>
    public bool TryAddLine(ReadOnlySpan<byte> line, int nameLength, bool neverIndexed = false)
    {
        if (!TryMakeRoom(line.Length))
            return false;
        line.CopyTo(_bytes.AsSpan(_used));
        _entries[Count++] = new Entry(_used, nameLength, line.Length - nameLength, neverIndexed);
        _used += line.Length;
        return true;
    }

    /// <summary>A field as its bytes lie: name and value one behind the other.</summary>
    public ReadOnlySpan<byte> Line(int index, out int nameLength, out bool neverIndexed)
    {
        ref readonly Entry entry = ref _entries.AsSpan(0, Count)[index];
        nameLength = entry.NameLength;
        neverIndexed = entry.NeverIndexed;
        return _bytes.AsSpan(entry.Start, entry.NameLength + entry.ValueLength);
    }

    /// <summary>Index of the first field of this name (lower case) from <paramref name="from"/> on; -1: there is none.</summary>
    public int IndexOf(ReadOnlySpan<byte> name, int from = 0)
    {
        for (int i = from; i < Count; i++)
        {
            ref readonly Entry entry = ref _entries[i];
            if (entry.NameLength == name.Length && _bytes.AsSpan(entry.Start, entry.NameLength).SequenceEqual(name))
                return i;
        }

        return -1;
    }

    /// <summary>The value of the first field of this name; empty when there is none.</summary>
    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> name)
    {
        int index = IndexOf(name);
        return index < 0 ? default : this[index].Value;
    }

    public bool Has(ReadOnlySpan<byte> name) => IndexOf(name) >= 0;

    /// <summary>Takes over every field of another head.</summary>
    /// <returns>False: they do not fit; this head has some of them.</returns>
    public bool TryCopyFrom(HttpHead other)
    {
        Clear();
        for (int i = 0; i < other.Count; i++)
        {
            HttpField field = other[i];
            if (!TryAdd(field.Name, field.Value, field.NeverIndexed))
                return false;
        }

        return true;
    }

    public void Clear()
    {
        _used = 0;
        Count = 0;
    }

    private bool TryMakeRoom(int length)
    {
        if (Count >= _mostFields || Size + length + FieldOverhead > _mostBytes)
            return false;
        if (_used + length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _used + length));
        if (Count == _entries.Length)
            Array.Resize(ref _entries, Count * 2);
        return true;
    }

    /// <summary>Names alone: values may be secrets.</summary>
    public override string ToString()
    {
        var names = new StringBuilder("head of");
        for (int i = 0; i < Count; i++)
            names.Append(' ').Append(Encoding.ASCII.GetString(this[i].Name));
        return names.ToString();
    }
}
