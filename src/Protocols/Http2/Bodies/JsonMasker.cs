using System.Buffers;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>
/// Masks JSON on its way, wherever its bytes are cut: one object, or any number one after the other as watches send them. What is not masked passes as it is, byte for byte;
/// a masked text is held until its end, everything else leaves with the call that brought it. Where a number, a <c>true</c> or <c>false</c>, an object or a list is masked as a whole, <c>null</c>
/// takes its place. What is no JSON ends the exchange: somebody else could read it in another way.
/// </summary>
internal sealed class JsonMasker : IBodyFilter
{
    /// <summary>Longest text that is masked: more than an API server takes for a whole object.</summary>
    public const int MostHeld = 4 << 20;

    private static readonly SearchValues<byte> Words = SearchValues.Create("0123456789+-.eEtrufalsn"u8);
    private static readonly SearchValues<byte> Brackets = SearchValues.Create("\"{}[]"u8);

    private readonly PathTable _table;
    private readonly ValueMasker _masker;
    private readonly FieldPath _path = new();
    private readonly Frame[] _frames = new Frame[FieldPath.MostDepth];
    private byte[] _out = new byte[4096];
    private byte[] _held = new byte[256];
    private int _written;
    private int _from;
    private int _heldLength;
    private int _depth;
    private int _skipDepth;
    private int _node;
    private bool _escaped;
    private Place _place;
    private Inside _inside;
    private string? _fault;

    /// <param name="plan">Whose detectors look into all texts; null: none do.</param>
    /// <param name="depth">See <see cref="ValueMasker"/>.</param>
    public JsonMasker(MaskedPaths paths, MaskPlan? plan, int depth = 0)
    {
        _table = new PathTable(paths);
        _masker = new ValueMasker(paths, plan, depth);
    }

    /// <summary>What may come next.</summary>
    private enum Place : byte
    {
        Value = 0,
        ValueOrEnd,
        Key,
        KeyOrEnd,
        Colon,
        CommaOrEnd,
    }

    /// <summary>What the next byte is in the middle of.</summary>
    private enum Inside : byte
    {
        Nothing = 0,
        Text,
        HeldText,
        Key,
        Word,
        SkippedWord,
        Skipped,
        SkippedText,
    }

    /// <param name="Node">Of the object, or of the elements of the list.</param>
    /// <param name="PathDepth">The steps of the path to it.</param>
    private readonly record struct Frame(bool IsList, int Node, int PathDepth);

    public bool Changes => !LooksOnly;

    /// <summary>Nothing is masked: it is only told whether a text is there that a mask made (<see cref="HasMasked"/>).</summary>
    public bool LooksOnly { get; init; }

    /// <summary>Somebody sends back what masks made.</summary>
    public bool HasMasked { get; private set; }

    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> data, bool end, out HttpRefusal? refusal)
    {
        _written = 0;
        _from = 0;
        int at = 0;
        while (at < data.Length && _fault is null)
            at = Step(data, at);
        refusal = _fault is null ? null : new HttpRefusal(502, "", $"The target's answer cannot be masked, so it is not shown: {_fault}.");
        if (_fault is not null)
            return default;
        // Most bytes of most answers: nothing of them was masked.
        if (_from == 0 && _written == 0 && !Drops)
            return data;
        if (!Drops)
            Write(data[_from..]);
        return _out.AsSpan(0, _written);
    }

    /// <summary>Masks a whole document.</summary>
    /// <param name="read">False: it is no JSON.</param>
    public ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> text, out bool read)
    {
        (_depth, _place, _inside, _escaped, _fault, _node) = (0, Place.Value, Inside.Nothing, false, null, PathTable.Root);
        _path.Clear();
        ReadOnlySpan<byte> masked = Take(text, end: true, out HttpRefusal? refusal);
        read = refusal is null && _depth == 0 && _inside is Inside.Nothing or Inside.Word && !text.Trim(" \t\r\n"u8).IsEmpty;
        return masked;
    }

    // The bytes at hand are not passed on.
    private bool Drops => _inside is Inside.HeldText or Inside.SkippedWord or Inside.Skipped or Inside.SkippedText || (_inside == Inside.Key && _masker.Detects);

    private int Step(ReadOnlySpan<byte> data, int at)
    {
        switch (_inside)
        {
            case Inside.Nothing:
                return Token(data, at);
            case Inside.Text:
                return EndOfText(data, ref at) ? Done(at) : at;
            case Inside.HeldText:
                return HeldText(data, at);
            case Inside.Key:
                return HeldKey(data, at);
            case Inside.Word or Inside.SkippedWord:
                return Word(data, at);
            case Inside.SkippedText:
                if (EndOfText(data, ref at))
                    _inside = Inside.Skipped;
                return at;
            default:
                return Skipped(data, at);
        }
    }

    private int Token(ReadOnlySpan<byte> data, int at)
    {
        byte c = data[at];
        switch (c)
        {
            case (byte)' ' or (byte)'\n' or (byte)'\t' or (byte)'\r':
                return at + 1;
            case (byte)'"' when _place is Place.Key or Place.KeyOrEnd:
                return Key(data, at + 1);
            case (byte)':' when _place == Place.Colon:
                _place = Place.Value;
                return at + 1;
            case (byte)',' when _place == Place.CommaOrEnd:
                Frame frame = _frames[_depth - 1];
                _place = frame.IsList ? Place.Value : Place.Key;
                _node = frame.Node;
                return at + 1;
            case (byte)'}' when (_place is Place.KeyOrEnd or Place.CommaOrEnd) && _depth > 0 && !_frames[_depth - 1].IsList:
            case (byte)']' when (_place is Place.ValueOrEnd or Place.CommaOrEnd) && _depth > 0 && _frames[_depth - 1].IsList:
                if (_frames[--_depth].IsList)
                    _path.Pop();
                return Done(at + 1);
            default:
                if (_place is Place.Value or Place.ValueOrEnd)
                    return Value(data, at, c);
                _fault = "it is not JSON";
                return at;
        }
    }

    private int Value(ReadOnlySpan<byte> data, int at, byte c)
    {
        ref readonly PathMask mask = ref _table[_node];
        bool masks = mask.IsMasked && !LooksOnly;
        switch (c)
        {
            case (byte)'"':
                return mask.IsMasked || mask.IsDocument || _masker.Detects ? MaskedText(data, at) : Text(data, at + 1);
            case (byte)'{' or (byte)'[' when masks:
                Replace(data, at, "null"u8);
                _inside = Inside.Skipped;
                _skipDepth = 0;
                return at;
            case (byte)'{' or (byte)'[':
                Open(isList: c == '[');
                return at + 1;
            default:
                if (!Words.Contains(c))
                {
                    _fault = "it is not JSON";
                    return at;
                }

                if (masks)
                    Replace(data, at, "null"u8);
                _inside = masks ? Inside.SkippedWord : Inside.Word;
                return at;
        }
    }

    private void Open(bool isList)
    {
        if (_depth == _frames.Length || (isList && !_path.TryPushElement()))
        {
            _fault = "it is nested too deep";
            return;
        }

        int node = isList ? Child(_node) : _node;
        _frames[_depth++] = new Frame(isList, node, _path.Depth);
        _node = node;
        _place = isList ? Place.ValueOrEnd : Place.KeyOrEnd;
    }

    // A value is whole.
    private int Done(int at)
    {
        _inside = Inside.Nothing;
        if (_depth == 0)
        {
            _place = Place.Value;
            _node = PathTable.Root;
            return at;
        }

        _place = Place.CommaOrEnd;
        if (!_frames[_depth - 1].IsList)
            _path.Pop();
        return at;
    }

    private int Text(ReadOnlySpan<byte> data, int at)
    {
        _inside = Inside.Text;
        return EndOfText(data, ref at) ? Done(at) : at;
    }

    private int Key(ReadOnlySpan<byte> data, int at)
    {
        int start = at;
        if (EndOfText(data, ref at))
        {
            ReadOnlySpan<byte> key = data[start..(at - 1)];
            ReadOnlySpan<byte> shown = _masker.ReplaceKey(key, out bool changed);
            if (changed)
            {
                Replace(data, start - 1, shown);
                _from = at;
            }

            Enter(key);
            return at;
        }

        if (_masker.Detects)
            Write(data[_from..(start - 1)]);
        Keep(data[start..], first: true);
        _inside = Inside.Key;
        return at;
    }

    private int HeldKey(ReadOnlySpan<byte> data, int at)
    {
        int start = at;
        bool ended = EndOfText(data, ref at);
        Keep(data[start..(ended ? at - 1 : at)]);
        if (!ended || _fault is not null)
            return at;
        ReadOnlySpan<byte> shown = _masker.ReplaceKey(_held.AsSpan(0, _heldLength), out bool changed);
        if (_masker.Detects)
            Release(shown, changed, at);
        _inside = Inside.Nothing;
        Enter(_held.AsSpan(0, _heldLength));
        return at;
    }

    private void Enter(ReadOnlySpan<byte> key)
    {
        if (key.Contains((byte)'\\') && key.Length <= FieldPath.MostBytes)
        {
            byte[] text = new byte[key.Length];
            int length = JsonText.Unescape(key, text);
            if (length < 0)
            {
                _fault = "it is not JSON";
                return;
            }

            key = text.AsSpan(0, length);
        }

        if (!_path.TryPushKey(key))
        {
            _fault = "its keys are too long";
            return;
        }

        _node = Child(_frames[_depth - 1].Node);
        _place = Place.Colon;
    }

    private int MaskedText(ReadOnlySpan<byte> data, int at)
    {
        int quote = at++;
        int start = at;
        if (EndOfText(data, ref at))
        {
            ReadOnlySpan<byte> value = Masked(data[start..(at - 1)], out bool changed);
            if (changed)
            {
                Replace(data, quote, value);
                _from = at;
            }

            return Done(at);
        }

        Write(data[_from..quote]);
        Keep(data[start..], first: true);
        _inside = Inside.HeldText;
        return at;
    }

    private int HeldText(ReadOnlySpan<byte> data, int at)
    {
        int start = at;
        bool ended = EndOfText(data, ref at);
        Keep(data[start..(ended ? at - 1 : at)]);
        if (!ended || _fault is not null)
            return at;
        ReadOnlySpan<byte> value = Masked(_held.AsSpan(0, _heldLength), out bool changed);
        Release(value, changed, at);
        return Done(at);
    }

    // What was held goes on, or what takes its place.
    private void Release(ReadOnlySpan<byte> value, bool changed, int at)
    {
        if (changed)
        {
            Write(value);
        }
        else
        {
            Write("\""u8);
            Write(_held.AsSpan(0, _heldLength));
            Write("\""u8);
        }

        _from = at;
    }

    private ReadOnlySpan<byte> Masked(ReadOnlySpan<byte> raw, out bool changed)
    {
        ref readonly PathMask mask = ref _table[_node];
        if (!LooksOnly)
            return _masker.Replace(raw, mask, out changed);
        HasMasked |= _masker.IsMaskedAlready(raw, mask);
        changed = false;
        return default;
    }

    private int Word(ReadOnlySpan<byte> data, int at)
    {
        int length = data[at..].IndexOfAnyExcept(Words);
        if (length < 0)
            return data.Length;
        at += length;
        if (_inside == Inside.SkippedWord)
            _from = at;
        return Done(at);
    }

    private int Skipped(ReadOnlySpan<byte> data, int at)
    {
        int next = data[at..].IndexOfAny(Brackets);
        if (next < 0)
            return data.Length;
        at += next;
        byte c = data[at++];
        if (c == '"')
            _inside = Inside.SkippedText;
        else
            _skipDepth += c is (byte)'{' or (byte)'[' ? 1 : -1;
        if (_inside == Inside.SkippedText || _skipDepth > 0)
            return at;
        _from = at;
        return Done(at);
    }

    /// <summary>Goes to behind the quote that ends a string, or to the end of the data.</summary>
    private bool EndOfText(ReadOnlySpan<byte> data, ref int at)
    {
        if (_escaped && at < data.Length)
        {
            _escaped = false;
            at++;
        }

        while (at < data.Length)
        {
            int found = data[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (found < 0)
                break;
            at += found + 1;
            if (data[at - 1] == '"')
                return true;
            if (at == data.Length)
            {
                _escaped = true;
                return false;
            }

            at++;
        }

        at = data.Length;
        return false;
    }

    private int Child(int parent)
    {
        if (!_table.IsFull)
            return _table.Child(parent, _path.Last, _path.Text);
        // Begun anew, with the places that are open.
        _table.Clear();
        int node = PathTable.Root;
        int frame = 0;
        for (int depth = 0; depth <= _path.Depth; depth++)
        {
            node = depth == 0 ? PathTable.Root : _table.Child(node, _path.Step(depth), _path.Upto(depth));
            for (; frame < _depth && _frames[frame].PathDepth == depth; frame++)
                _frames[frame] = _frames[frame] with { Node = node };
        }

        return node;
    }

    private void Replace(ReadOnlySpan<byte> data, int at, ReadOnlySpan<byte> value)
    {
        Write(data[_from..at]);
        Write(value);
        _from = at;
    }

    private void Keep(ReadOnlySpan<byte> part, bool first = false)
    {
        _heldLength = first ? 0 : _heldLength;
        if (_heldLength + part.Length > MostHeld)
        {
            _fault = "one of its texts is too long";
            return;
        }

        if (_held.Length < _heldLength + part.Length)
            Array.Resize(ref _held, Math.Max(_heldLength + part.Length, _held.Length * 2));
        part.CopyTo(_held.AsSpan(_heldLength));
        _heldLength += part.Length;
    }

    private void Write(ReadOnlySpan<byte> part)
    {
        if (_out.Length < _written + part.Length)
            Array.Resize(ref _out, Math.Max(_written + part.Length, _out.Length * 2));
        part.CopyTo(_out.AsSpan(_written));
        _written += part.Length;
    }
}
