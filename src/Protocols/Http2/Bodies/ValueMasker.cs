using System.Buffers.Text;
using System.Text.Unicode;
using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>Masks one text of an object at a time: by the mask of its path, or by what detectors find in it. Its buffers are kept for the next one.</summary>
internal sealed class ValueMasker
{
    private static readonly PathMask Unmasked = new(null, IsBase64: false, IsDocument: false);

    private readonly MaskedPaths _paths;
    private readonly MaskPlan? _plan;
    private readonly int _depth;
    private IStreamMask? _stream;
    private JsonMasker? _document;
    private byte[] _text = new byte[256];
    private byte[] _decoded = [];
    private byte[] _masked = new byte[256];
    private byte[] _written = new byte[256];

    /// <param name="plan">Whose detectors look into all texts; null: none do.</param>
    /// <param name="depth">Objects within texts of objects, up to this one.</param>
    public ValueMasker(MaskedPaths paths, MaskPlan? plan, int depth)
    {
        (_paths, _plan, _depth) = (paths, plan, depth);
        _stream = plan?.OpenStream();
        Detects = _stream is not null;
    }

    /// <summary>Every text is looked into.</summary>
    public bool Detects { get; }

    /// <summary>What takes the place of a text.</summary>
    /// <param name="raw">What stood between its quotes.</param>
    /// <param name="changed">False: it stays as it is.</param>
    /// <returns>The whole value, quotes included.</returns>
    public ReadOnlySpan<byte> Replace(ReadOnlySpan<byte> raw, in PathMask path, out bool changed)
    {
        changed = true;
        Reserve(ref _text, raw.Length);
        ReadOnlySpan<byte> text = raw;
        if (raw.Contains((byte)'\\'))
        {
            int length = JsonText.Unescape(raw, _text);
            if (length < 0)
                return "null"u8;
            text = _text.AsSpan(0, length);
        }

        if (path.IsMasked)
            return Masked(text, path);
        if (path.IsDocument)
            return Document(text);
        ReadOnlySpan<byte> shown = path.IsBase64 ? Decode(text) : text;
        ReadOnlySpan<byte> found = Detected(shown, out changed);
        return changed ? Write(found, path.IsBase64) : default;
    }

    /// <summary>What takes the place of a key: only detectors look at keys.</summary>
    /// <param name="raw">What stood between its quotes.</param>
    /// <param name="changed">False: it stays as it is.</param>
    public ReadOnlySpan<byte> ReplaceKey(ReadOnlySpan<byte> raw, out bool changed)
    {
        changed = false;
        return Detects ? Replace(raw, in Unmasked, out changed) : default;
    }

    /// <summary>Whether a text is what its mask would make of it: then a person sends back what was shown.</summary>
    public bool IsMaskedAlready(ReadOnlySpan<byte> raw, in PathMask path)
    {
        if (raw.IsEmpty || !path.IsMasked)
            return false;
        ReadOnlySpan<byte> value = Replace(raw, path, out _);
        return value.Length == raw.Length + 2 && value[1..^1].SequenceEqual(raw);
    }

    private ReadOnlySpan<byte> Masked(ReadOnlySpan<byte> text, in PathMask path)
    {
        if (path.IsBase64)
        {
            text = Decode(text);
            if (text.IsEmpty)
                return "null"u8;
        }

        IFieldMask mask = path.Mask!;
        Reserve(ref _masked, mask.MaxLength(text.Length));
        return mask.TryMask(text, FieldKind.Text, _masked, out int length) && Utf8.IsValid(_masked.AsSpan(0, length)) ? Write(_masked.AsSpan(0, length), path.IsBase64) : "null"u8;
    }

    // What was last applied is the object once more: masked as the object is, or not shown at all.
    private ReadOnlySpan<byte> Document(ReadOnlySpan<byte> text)
    {
        if (_depth > 0)
            return "null"u8;
        _document ??= new JsonMasker(_paths, _plan, _depth + 1);
        ReadOnlySpan<byte> masked = _document.Whole(text, out bool read);
        return read ? Write(masked, asBase64: false) : "null"u8;
    }

    private ReadOnlySpan<byte> Detected(ReadOnlySpan<byte> text, out bool changed)
    {
        changed = false;
        if (!Detects || text.IsEmpty)
            return default;
        // A line's end parts it from the text before it. What is still within a finding then, such as a key without an end, is not gone on with.
        _stream ??= _plan!.OpenStream()!;
        Span<byte> one = stackalloc byte[1];
        Reserve(ref _masked, _stream.MaxLength(1));
        one[0] = (byte)'\n';
        if (_stream.Mask(one, _masked, flush: true) != 1 || _masked[0] != '\n')
            _stream = _plan!.OpenStream()!;
        Reserve(ref _masked, _stream.MaxLength(text.Length));
        int length = _stream.Mask(text, _masked, flush: true);
        changed = !_masked.AsSpan(0, length).SequenceEqual(text);
        return _masked.AsSpan(0, length);
    }

    /// <summary>Empty: it is no base64.</summary>
    private ReadOnlySpan<byte> Decode(ReadOnlySpan<byte> text)
    {
        Reserve(ref _decoded, Base64.GetMaxDecodedFromUtf8Length(text.Length));
        return Base64.DecodeFromUtf8(text, _decoded, out _, out int length) == System.Buffers.OperationStatus.Done ? _decoded.AsSpan(0, length) : default;
    }

    private ReadOnlySpan<byte> Write(ReadOnlySpan<byte> text, bool asBase64)
    {
        int most = asBase64 ? Base64.GetMaxEncodedToUtf8Length(text.Length) : JsonText.MostEscaped(text.Length);
        Reserve(ref _written, most + 2);
        int length = 0;
        if (asBase64)
            Base64.EncodeToUtf8(text, _written.AsSpan(1), out _, out length);
        else
            length = JsonText.Escape(text, _written.AsSpan(1));
        _written[0] = (byte)'"';
        _written[length + 1] = (byte)'"';
        return _written.AsSpan(0, length + 2);
    }

    private static void Reserve(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = new byte[Math.Max(length, buffer.Length * 2)];
    }
}
