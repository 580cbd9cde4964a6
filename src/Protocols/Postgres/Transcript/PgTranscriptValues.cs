using System.Text;

namespace Sallyport.Protocols.Postgres.Transcript;

/// <summary>One value as it was sent: the head of its bytes.</summary>
/// <param name="Head">Null for NULL.</param>
/// <param name="Length">Whole length; -1 for NULL.</param>
internal readonly record struct PgTranscriptValue(byte[]? Head, int Length)
{
    public bool Truncated => Head is not null && Head.Length < Length;
}

/// <summary>What was kept of a Bind message, or of a DataRow (which has no names and no formats).</summary>
internal sealed class PgTranscriptBound
{
    public string Portal { get; set; } = "";

    public string Statement { get; set; } = "";

    /// <summary>Format codes of the parameters; none: all text, one: for all.</summary>
    public List<ushort> Formats { get; } = [];

    /// <summary>Format codes of the result's columns, likewise.</summary>
    public List<ushort> ResultFormats { get; } = [];

    public List<PgTranscriptValue> Values { get; } = [];

    /// <summary>Values there were in all.</summary>
    public int Count { get; set; }

    public int KeptBytes { get; set; }

    /// <summary>The format code of item <paramref name="index"/> under PostgreSQL 55.2.3's rule for a list of codes.</summary>
    public static bool IsBinary(List<ushort> formats, int index) => formats.Count switch
    {
        0 => false,
        1 => formats[0] == 1,
        _ => index < formats.Count && formats[index] == 1,
    };
}

/// <summary>
/// Reads a Bind or a DataRow byte by byte, so that a value of 1 GB passes without being held:
/// <code>
/// Bind:    String portal | String statement | Int16 n, n × Int16 format | values | Int16 n, n × Int16 result format
/// DataRow: values
/// values:  Int16 n, n × (Int32 length or -1 | bytes)
/// </code>
/// </summary>
internal sealed class PgTranscriptValues
{
    private const int MaxNameBytes = 1024;
    private const int MaxFormats = 1664;

    private readonly MemoryStream _name = new();
    private PgTranscriptBound _bound = new();
    private Part _part;
    private bool _isBind;
    private uint _number;
    private int _numberBytes;
    private int _left;
    private int _valueLeft;
    private int _maxValues;
    private int _maxValueBytes;
    private int _maxBytes;
    private bool _bad;

    private enum Part : byte
    {
        Portal,
        Statement,
        FormatCount,
        Format,
        Count,
        Length,
        Value,
        ResultFormatCount,
        ResultFormat,
        Done,
    }

    public void Reset(bool isBind, int maxValues, int maxValueBytes, int maxBytes)
    {
        (_isBind, _maxValues, _maxValueBytes, _maxBytes) = (isBind, maxValues, maxValueBytes, maxBytes);
        _bound = new PgTranscriptBound();
        _part = isBind ? Part.Portal : Part.Count;
        _number = 0;
        _numberBytes = _left = _valueLeft = 0;
        _name.SetLength(0);
        _bad = false;
    }

    /// <summary>What was read, or null when it was not a whole message of its kind.</summary>
    public PgTranscriptBound? Take() => _bad || _part != Part.Done ? null : _bound;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0 && !_bad)
        {
            switch (_part)
            {
                case Part.Portal or Part.Statement: Name(ref bytes); break;
                case Part.Value: Value(ref bytes); break;
                case Part.Length: Number(ref bytes, 4); break;
                case Part.Done: _bad = true; break;
                default: Number(ref bytes, 2); break;
            }
        }
    }

    private void Name(ref ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        ReadOnlySpan<byte> piece = end < 0 ? bytes : bytes[..end];
        _name.Write(piece[..(int)Math.Min(piece.Length, MaxNameBytes - _name.Length)]);
        bytes = bytes[Math.Min(bytes.Length, piece.Length + 1)..];
        if (end < 0)
            return;
        string name = Encoding.UTF8.GetString(_name.GetBuffer(), 0, (int)_name.Length);
        _name.SetLength(0);
        if (_part == Part.Portal)
            _bound.Portal = name;
        else
            _bound.Statement = name;
        _part++;
    }

    private void Number(ref ReadOnlySpan<byte> bytes, int size)
    {
        _number = (_number << 8) | bytes[0];
        bytes = bytes[1..];
        if (++_numberBytes < size)
            return;
        uint number = _number;
        _number = 0;
        _numberBytes = 0;
        Got(number);
    }

    private void Got(uint number)
    {
        switch (_part)
        {
            case Part.FormatCount: Begin(number, Part.Format, Part.Count); break;
            case Part.Format: Format(_bound.Formats, number, Part.Count); break;
            case Part.Count:
                _bound.Count = (int)number;
                Begin(number, Part.Length, AfterValues);
                break;
            case Part.Length: Length((int)number); break;
            case Part.ResultFormatCount: Begin(number, Part.ResultFormat, Part.Done); break;
            case Part.ResultFormat: Format(_bound.ResultFormats, number, Part.Done); break;
        }
    }

    private Part AfterValues => _isBind ? Part.ResultFormatCount : Part.Done;

    private void Begin(uint count, Part item, Part after)
    {
        _left = (int)count;
        _part = count == 0 ? after : item;
    }

    private void Format(List<ushort> formats, uint code, Part after)
    {
        if (formats.Count < MaxFormats)
        {
            formats.Add((ushort)code);
            _bound.KeptBytes += 2;
        }

        if (--_left == 0)
            _part = after;
    }

    private void Length(int length)
    {
        if (length < -1)
        {
            _bad = true;
            return;
        }

        int room = Math.Max(0, Math.Min(_maxValueBytes, _maxBytes - _bound.KeptBytes));
        int keep = Math.Clamp(length, 0, room);
        if (_bound.Values.Count < _maxValues)
        {
            _bound.Values.Add(new PgTranscriptValue(length < 0 ? null : new byte[keep], length));
            _bound.KeptBytes += keep + 32;
        }

        _valueLeft = Math.Max(length, 0);
        _part = Part.Value;
        if (_valueLeft == 0)
            EndValue();
    }

    private void Value(ref ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> piece = bytes[..Math.Min(bytes.Length, _valueLeft)];
        if (_bound.Count - _left < _maxValues && _bound.Values[^1] is { Head: { } head, Length: var length })
        {
            int at = length - _valueLeft;
            if (at < head.Length)
                piece[..Math.Min(piece.Length, head.Length - at)].CopyTo(head.AsSpan(at));
        }

        _valueLeft -= piece.Length;
        bytes = bytes[piece.Length..];
        if (_valueLeft == 0)
            EndValue();
    }

    private void EndValue() => _part = --_left == 0 ? AfterValues : Part.Length;
}
