using Sallyport.Contract;

namespace Sallyport.Policy.Masking.Streams;

/// <summary>
/// Masks a stream of text in one pass. What comes in is put behind what was held back; what detectors can tell is written out; from the first place on
/// where a finding could begin, all is held back until more is known. What is written depends on the stream alone, not on where it is cut.
/// </summary>
internal sealed class StreamMask : IStreamMask
{
    // What is held back: the reach of a detector, and the escape sequences between its characters.
    private const int MostHeld = 8 * Detector.Reach;
    private const int Slice = 8 * 1024;

    // The worst that a mask does to the shortest of findings: six characters become sixteen digits.
    private const int Growth = 3;
    private const int Word = 64;

    private readonly Detector[] _detectors;
    private readonly IFieldMask[] _masks;
    private readonly Sighting[] _sightings;
    private readonly VisibleText _visible;

    // The first byte is the last visible one that went out: what stands before a word tells whether it is one.
    private readonly byte[] _raw = new byte[1 + MostHeld + Slice];
    private int _count = 1;
    private int _open = None;
    private int _taken;

    private const int None = -1;

    public StreamMask(Detector[] detectors, IFieldMask[] masks)
    {
        (_detectors, _masks) = (detectors, masks);
        _sightings = new Sighting[detectors.Length];
        _visible = new VisibleText(detectors, _raw.Length);
        _raw[0] = (byte)'\n';
    }

    /// <inheritdoc/>
    public int MaxLength(int length) => checked((_count + length) * Growth + Word);

    /// <inheritdoc/>
    public int Mask(ReadOnlySpan<byte> input, Span<byte> destination, bool flush)
    {
        int written = 0;
        do
        {
            int take = Math.Min(input.Length, _raw.Length - _count);
            input[..take].CopyTo(_raw.AsSpan(_count));
            _count += take;
            input = input[take..];
            written += Drain(destination[written..], flush && input.IsEmpty);
        }
        while (!input.IsEmpty);

        return written;
    }

    // Writes what can be told, and moves the rest to the front.
    private int Drain(Span<byte> destination, bool final)
    {
        ReadOnlySpan<byte> raw = _raw.AsSpan(0, _count);
        ReadOnlySpan<byte> text = _visible.Of(raw, final);
        // A sequence that is not complete comes before more text.
        bool last = final && _visible.Read == raw.Length;
        int at = 1;
        int done = 1;
        int written = 0;
        Array.Fill(_sightings, Sighting.Undecided(0));
        while (true)
        {
            if (_open != None)
            {
                at = TakeOpen(raw, text, at, last, destination, ref written);
                done = at == text.Length ? _visible.Read : _visible.PlaceOf(at);
                if (_open != None)
                    break;
            }

            int first = First(text, at, last);
            Sighting sighting = _sightings[first];
            if (sighting.Length == 0)
            {
                at = sighting.Start;
                if (_visible.Read - _visible.PlaceOf(at) <= MostHeld)
                    break;
                // So many sequences within so few characters: no finding is waited for that long.
                at++;
                continue;
            }

            written += Copy(raw[done.._visible.PlaceOf(sighting.Start)], destination[written..]);
            at = sighting.Start + sighting.Length;
            written += Replace(text.Slice(sighting.Start, sighting.Length), _masks[first], sighting.IsOpen, destination[written..]);
            if (_visible.IsMapped)
                written += _visible.CopyUnseen(raw, sighting.Start, at, destination[written..]);
            done = _visible.PlaceOf(at - 1) + 1;
            _taken = sighting.Length;
            _open = sighting.IsOpen ? first : None;
        }

        // Sequences before what is held back go out: they belong to nothing that could be found.
        int keep = at == text.Length ? _visible.Read : _visible.PlaceOf(at);
        written += Copy(raw[Math.Min(done, keep)..keep], destination[written..]);
        _raw[0] = text[at - 1];
        raw[keep..].CopyTo(_raw.AsSpan(1));
        _count = 1 + raw.Length - keep;
        return written;
    }

    // The rest of a finding without an end: nothing of it goes out but the sequences in it.
    private int TakeOpen(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> text, int at, bool final, Span<byte> destination, ref int written)
    {
        int end = _detectors[_open].Rest(text, at, final, _taken, out bool ended);
        // Only a key counts what it has taken; a token may go on for ever.
        _taken = (int)Math.Min((long)_taken + end - at, int.MaxValue);
        if (_visible.IsMapped)
            written += CopyOpenUnseen(raw, text, at, end, destination[written..]);
        if (ended)
            _open = None;
        return end;
    }

    private int CopyOpenUnseen(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> text, int at, int end, Span<byte> destination)
    {
        // From behind the last character that is done to the first that is not.
        int from = _visible.PlaceOf(at - 1) + 1;
        int first = Copy(raw[from.._visible.PlaceOf(at)], destination);
        if (end == at)
            return first;
        int written = first + _visible.CopyUnseen(raw, at, end, destination[first..]);
        int to = end == text.Length ? _visible.Read : _visible.PlaceOf(end);
        return written + Copy(raw[(_visible.PlaceOf(end - 1) + 1)..to], destination[written..]);
    }

    // The detector whose sighting begins first; of several the first in order.
    private int First(ReadOnlySpan<byte> text, int at, bool final)
    {
        int first = 0;
        for (int i = 0; i < _detectors.Length; i++)
        {
            if (_sightings[i].Start < at)
                _sightings[i] = _detectors[i].Next(text, at, final);
            if (_sightings[i].Start < _sightings[first].Start)
                first = i;
        }

        return first;
    }

    private static int Replace(ReadOnlySpan<byte> found, IFieldMask mask, bool isOpen, Span<byte> destination)
    {
        // What has no end has no last four characters either, and no hash.
        if (!isOpen && mask.TryMask(found, FieldKind.Text, destination, out int written))
            return written;
        _ = RedactMask.Instance.TryMask(found, FieldKind.Text, destination, out written);
        return written;
    }

    private static int Copy(ReadOnlySpan<byte> bytes, Span<byte> destination)
    {
        bytes.CopyTo(destination);
        return bytes.Length;
    }
}
