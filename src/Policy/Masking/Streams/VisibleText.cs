using System.Buffers;

namespace Sallyport.Policy.Masking.Streams;

/// <summary>
/// The characters of a stretch of terminal output without the escape sequences (ECMA-48 5.4, 5.6) between them, and where each of them stands. A sequence
/// in which something could be read that is to be masked is taken for text. Allocates nothing once it is made.
/// </summary>
internal sealed class VisibleText
{
    // Beyond these a sequence is text: nobody hides a finding in it, or makes us wait for an end that never comes.
    private const int LongestControl = 128;
    private const int LongestString = 1024;

    // No finding is shorter.
    private const int ShortestFinding = 6;

    private const byte Escape = 0x1B;
    private const byte Bell = 0x07;

    // What a terminal shows nothing for: NUL, BEL, SO, SI, ESC, DEL.
    private static readonly SearchValues<byte> Unseen = SearchValues.Create([0x00, Bell, 0x0E, 0x0F, Escape, 0x7F]);

    private readonly Detector[] _detectors;
    private readonly byte[] _text;

    // Stretches without anything left out: where each begins in the text, and where in what was read.
    private readonly int[] _textStarts;
    private readonly int[] _rawStarts;
    private int _segments;
    private int _length;

    /// <param name="detectors">What is looked for.</param>
    /// <param name="capacity">Longest stretch.</param>
    public VisibleText(Detector[] detectors, int capacity)
    {
        _detectors = detectors;
        _text = new byte[capacity];
        _textStarts = new int[capacity];
        _rawStarts = new int[capacity];
    }

    /// <summary>True when something was left out; otherwise the text is the stretch itself.</summary>
    public bool IsMapped { get; private set; }

    /// <summary>How many bytes of the stretch were read: all but a sequence at its end that is not complete.</summary>
    public int Read { get; private set; }

    /// <summary>Reads a stretch. Its first byte is a visible one from before.</summary>
    /// <param name="raw">The stretch.</param>
    /// <param name="final">A sequence at its end will not be completed.</param>
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> raw, bool final)
    {
        Read = raw.Length;
        IsMapped = raw[1..].ContainsAny(Unseen);
        if (!IsMapped)
            return raw;
        _segments = 0;
        _length = 0;
        int at = 0;
        while (at < raw.Length)
        {
            int plain = at == 0 ? raw[1..].IndexOfAny(Unseen) + 1 : raw[at..].IndexOfAny(Unseen);
            plain = plain < 0 ? raw.Length - at : plain;
            Append(raw, at, plain);
            at += plain;
            if (at == raw.Length)
                break;
            int length = raw[at] == Escape ? Sequence(raw, at, final) : 1;
            if (length < 0)
                break;
            if (length == 0)
                Append(raw, at, 1);
            at += Math.Max(length, 1);
        }

        Read = at;
        return _text.AsSpan(0, _length);
    }

    /// <summary>Where a character of the text stands in the stretch; of the text's end, where reading ended.</summary>
    public int PlaceOf(int index)
    {
        if (!IsMapped)
            return index;
        if (index == _length)
            return Read;
        int segment = SegmentOf(index);
        return _rawStarts[segment] + index - _textStarts[segment];
    }

    /// <summary>Writes what was left out between the characters of a part of the text.</summary>
    /// <returns>Bytes written.</returns>
    public int CopyUnseen(ReadOnlySpan<byte> raw, int from, int to, Span<byte> destination)
    {
        int written = 0;
        for (int next = SegmentOf(from) + 1; next < _segments && _textStarts[next] < to; next++)
        {
            int end = _rawStarts[next - 1] + _textStarts[next] - _textStarts[next - 1];
            ReadOnlySpan<byte> between = raw[end.._rawStarts[next]];
            between.CopyTo(destination[written..]);
            written += between.Length;
        }

        return written;
    }

    private int SegmentOf(int index)
    {
        int found = _textStarts.AsSpan(0, _segments).BinarySearch(index);
        return found < 0 ? ~found - 1 : found;
    }

    private void Append(ReadOnlySpan<byte> raw, int at, int length)
    {
        if (length == 0)
            return;
        bool adjoins = _segments > 0 && _rawStarts[_segments - 1] + _length - _textStarts[_segments - 1] == at;
        if (!adjoins)
        {
            _textStarts[_segments] = _length;
            _rawStarts[_segments++] = at;
        }

        raw.Slice(at, length).CopyTo(_text.AsSpan(_length));
        _length += length;
    }

    // The length of the sequence that begins here; 0: it is text; -1: it is not complete.
    private int Sequence(ReadOnlySpan<byte> raw, int at, bool final)
    {
        ReadOnlySpan<byte> rest = raw[(at + 1)..];
        if (rest.IsEmpty)
            return final ? 1 : -1;
        if (rest[0] == '[')
            return Control(raw, at, final);
        if (rest[0] is (byte)']' or (byte)'P' or (byte)'X' or (byte)'^' or (byte)'_')
            return String(raw, at, final);
        int intermediate = rest.IndexOfAnyExceptInRange((byte)0x20, (byte)0x2F);
        if (intermediate < 0 || intermediate > LongestControl)
            return intermediate < 0 && rest.Length <= LongestControl && !final ? -1 : 0;
        // Not a final byte: the escape alone is left out.
        return rest[intermediate] is >= 0x30 and <= 0x7E ? Checked(raw, at, intermediate + 2) : 1;
    }

    private int Control(ReadOnlySpan<byte> raw, int at, bool final)
    {
        ReadOnlySpan<byte> rest = raw[(at + 2)..];
        int end = rest.IndexOfAnyExceptInRange((byte)0x20, (byte)0x3F);
        if (end < 0 ? rest.Length > LongestControl : end > LongestControl)
            return 0;
        if (end < 0)
            return final ? 0 : -1;
        return rest[end] is >= 0x40 and <= 0x7E ? Checked(raw, at, end + 3) : 1;
    }

    // Ended by ST, and by BEL too as xterm does.
    private int String(ReadOnlySpan<byte> raw, int at, bool final)
    {
        ReadOnlySpan<byte> rest = raw[(at + 2)..];
        int end = rest.IndexOfAny(Bell, Escape);
        if (end < 0 ? rest.Length > LongestString : end > LongestString)
            return 0;
        bool open = end < 0 || (rest[end] == Escape && end + 1 == rest.Length);
        if (open)
            return final ? 0 : -1;
        if (rest[end] == Escape && rest[end + 1] != '\\')
            return 0;
        return Checked(raw, at, 2 + end + (rest[end] == Bell ? 1 : 2));
    }

    private int Checked(ReadOnlySpan<byte> raw, int at, int length)
    {
        if (length <= ShortestFinding + 2)
            return length;
        foreach (Detector detector in _detectors)
        {
            if (detector.Next(raw.Slice(at, length), 1, final: true).Length > 0)
                return 0;
        }

        return length;
    }
}
