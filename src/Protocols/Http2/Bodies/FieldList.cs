using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>
/// The fields of one object, whatever form it came in: readers tell what begins, what is in it and what ends, and the leaves come out with their paths. What is told twice,
/// too deep or too much is refused here for all of them.
/// </summary>
internal sealed class FieldList
{
    /// <summary>Most fields: an action takes no more details.</summary>
    public const int MostFields = HttpActionArena.MostObjects;

    /// <summary>Most bytes of their paths and values: an action takes no more.</summary>
    public const int MostBytes = HttpActionArena.MostBytes;

    // What an idle connection keeps.
    private const int KeptBytes = 1 << 13;
    private const int KeptFields = 128;

    private readonly FieldPath _path = new();
    private readonly Stack<Frame> _open = new();
    private ArrayBufferWriter<byte> _bytes = new(1024);
    private List<(int Path, int Value)> _fields = [];
    private BodyReading _reading;

    private sealed class Frame(bool isList)
    {
        // Null in lists.
        public HashSet<string>? Keys { get; } = isList ? null : new HashSet<string>(StringComparer.Ordinal);

        public bool HasAny { get; set; }
    }

    public int Count => _fields.Count;

    /// <summary>Bytes that are kept for the next object.</summary>
    public int Capacity => _bytes.Capacity + _path.Capacity;

    /// <summary><see cref="BodyReading.Whole"/> until something is wrong; from then on nothing more is taken.</summary>
    public BodyReading Reading => _reading;

    /// <summary>How many objects and lists are open.</summary>
    public int Depth => _open.Count;

    /// <summary>Begins anew; buffers that one large object needed are let go.</summary>
    public void Clear()
    {
        _path.Clear();
        _open.Clear();
        if (_bytes.Capacity > KeptBytes)
            _bytes = new ArrayBufferWriter<byte>(1024);
        if (_fields.Capacity > KeptFields)
            _fields = [];
        _fields.Clear();
        _bytes.ResetWrittenCount();
        _reading = BodyReading.Whole;
    }

    /// <summary>Every field, one after the other.</summary>
    public delegate void Taker(ReadOnlySpan<byte> path, ReadOnlySpan<byte> value);

    public void ForEach(Taker taker)
    {
        ReadOnlySpan<byte> bytes = _bytes.WrittenSpan;
        foreach ((int path, int value) in _fields)
        {
            taker(bytes[..path], bytes.Slice(path, value));
            bytes = bytes[(path + value)..];
        }
    }

    /// <summary>The value of the first field of this path; empty: there is none.</summary>
    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> path)
    {
        ReadOnlySpan<byte> bytes = _bytes.WrittenSpan;
        foreach ((int length, int value) in _fields)
        {
            if (bytes[..length].SequenceEqual(path))
                return bytes.Slice(length, value);
            bytes = bytes[(length + value)..];
        }

        return default;
    }

    /// <summary>What comes now is not understood.</summary>
    public void Fail(BodyReading reading = BodyReading.Unparsed)
    {
        if (_reading == BodyReading.Whole)
            _reading = reading;
    }

    /// <summary>Stands at a place of an object that is not told itself, such as that of a patch.</summary>
    public void Enter(ReadOnlySpan<byte> key, bool isElement)
    {
        if (!(isElement ? _path.TryPushElement() : _path.TryPushKey(key)))
            Fail();
    }

    /// <summary>Leaves all such places.</summary>
    public void LeaveAll() => _path.Clear();

    public void BeginObject() => Begin(isList: false);

    public void BeginList() => Begin(isList: true);

    public void End()
    {
        if (_reading != BodyReading.Whole)
            return;
        Frame frame = _open.Pop();
        if (frame.Keys is null)
            _path.Pop();
        if (!frame.HasAny && (_path.Depth > 0 || _open.Count > 0))
            Add(frame.Keys is null ? "[]"u8 : "{}"u8);
        Close();
    }

    public void Key(ReadOnlySpan<byte> key)
    {
        if (_reading != BodyReading.Whole)
            return;
        Frame frame = _open.Peek();
        frame.HasAny = true;
        if (!frame.Keys!.Add(Encoding.UTF8.GetString(key)) || !_path.TryPushKey(key))
            Fail();
    }

    /// <summary>A text, <c>true</c>, <c>false</c> or <c>null</c>.</summary>
    public void Leaf(ReadOnlySpan<byte> value)
    {
        if (_reading != BodyReading.Whole)
            return;
        if (_path.Depth == 0)
        {
            // A body that is no object.
            Fail();
            return;
        }

        Add(value);
        Close();
    }

    /// <summary>A number, in the one way in which it is written here: <c>3</c> for <c>3.0</c> and <c>3e0</c>.</summary>
    public void Number(ReadOnlySpan<byte> text)
    {
        Span<byte> written = stackalloc byte[32];
        if (text.IndexOfAnyExcept("0123456789"u8) is var at && (at < 0 || (at == 0 && text.Length > 1 && text[0] == '-' && text[1..].IndexOfAnyExcept("0123456789"u8) < 0)))
            Leaf(text.SequenceEqual("-0"u8) ? "0"u8 : text);
        else if (Utf8Parser.TryParse(text, out double number, out int used) && used == text.Length && double.IsFinite(number) && TryWrite(number, written, out int length))
            Leaf(written[..length]);
        else
            Fail();
    }

    /// <summary>The same of a number that was no text.</summary>
    public void Number(double number)
    {
        Span<byte> written = stackalloc byte[32];
        if (double.IsFinite(number) && TryWrite(number, written, out int length))
            Leaf(written[..length]);
        else
            Fail();
    }

    private static bool TryWrite(double number, Span<byte> into, out int length)
    {
        // Up to here every whole number has a double of its own.
        const double MostExact = 1L << 53;
        if (Math.Abs(number) < MostExact && Math.Floor(number) == number)
            return ((long)number).TryFormat(into, out length, default, CultureInfo.InvariantCulture);
        return number.TryFormat(into, out length, "R", CultureInfo.InvariantCulture);
    }

    private void Begin(bool isList)
    {
        if (_reading != BodyReading.Whole)
            return;
        // A body is an object.
        if (_open.Count == FieldPath.MostDepth || (isList && _path.Depth == 0) || (isList && !_path.TryPushElement()))
        {
            Fail();
            return;
        }

        if (_open.TryPeek(out Frame? outer))
            outer.HasAny = true;
        _open.Push(new Frame(isList));
    }

    // A value is whole: in an object its key is done.
    private void Close()
    {
        if (!_open.TryPeek(out Frame? frame))
            return;
        frame.HasAny = true;
        if (frame.Keys is not null)
            _path.Pop();
    }

    private void Add(ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> path = _path.Text;
        if (path.IsEmpty)
            return;
        if (_fields.Count == MostFields || _bytes.WrittenCount + path.Length + value.Length > MostBytes)
        {
            Fail(BodyReading.Truncated);
            return;
        }

        _bytes.Write(path);
        _bytes.Write(value);
        _fields.Add((path.Length, value.Length));
    }
}
