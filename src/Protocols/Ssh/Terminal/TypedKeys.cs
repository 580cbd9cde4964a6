using System.Text;

namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>What a person's keys say of lines: how many times Enter was pressed, and the text of lines that were typed without any editing.</summary>
internal sealed class TypedKeys
{
    private const int MaxChars = 1024;
    private const char Edited = '\u0001';
    private const char Enter = '\n';

    // Lines that were ended, each behind it an Enter, then the one being typed. ASCII alone: other text is known from the screen.
    private readonly StringBuilder _text = new();
    private int _at;
    private bool _ends;
    private bool _pasting;

    // CSI 200 ~ begins what a terminal pastes, CSI 201 ~ ends it; Enter within it ends no line.
    private static ReadOnlySpan<byte> PasteBegin => "\u001b[200~"u8;

    /// <summary>What a byte means.</summary>
    public enum Key : byte
    {
        Text,
        Enter,

        /// <summary>Ctrl-C, Ctrl-Z, Ctrl-\: the line is given up.</summary>
        GiveUp,
    }

    public Key Take(byte value, bool secret)
    {
        if (Paste(value))
            return Key.Text;
        switch (value)
        {
            case (byte)'\r' or (byte)'\n' or 0x0f when !_pasting:
                Add(Enter);
                return Key.Enter;
            case 0x03 or 0x1a or 0x1c when !_pasting:
                _text.Clear();
                return Key.GiveUp;
            default:
                Add(!secret && value is >= 0x20 and < 0x7f ? (char)value : Edited);
                return Key.Text;
        }
    }

    /// <summary>Forgets the first line that was ended.</summary>
    public void EndLine()
    {
        int end = Length;
        _text.Remove(0, Math.Min(end + 1, _text.Length));
    }

    /// <summary>True when the text ends with the first line that was ended, which was typed without editing.</summary>
    public bool Matches(ReadOnlySpan<char> text)
    {
        int end = Length;
        if (end == 0 || end == _text.Length || end > text.Length)
            return false;
        text = text[^end..];
        for (int i = 0; i < end; i++)
        {
            if (_text[i] != text[i])
                return false;
        }

        return true;
    }

    /// <summary>Characters of the first line that was ended.</summary>
    public int Length
    {
        get
        {
            int end = 0;
            while (end < _text.Length && _text[end] != Enter)
                end++;
            return end;
        }
    }

    public void Clear() => _text.Clear();

    private void Add(char value)
    {
        if (_text.Length < MaxChars)
            _text.Append(value);
        else if (_text[^1] != Edited)
            _text[^1] = Edited;
    }

    // True for a byte of a bracket itself: ESC [ 2 0 0 ~ and ESC [ 2 0 1 ~.
    private bool Paste(byte value)
    {
        ReadOnlySpan<byte> begin = PasteBegin;
        if (value == begin[_at] || (_at == 4 && value == '1'))
        {
            _ends |= _at == 4 && value == '1';
            if (++_at == begin.Length)
            {
                _pasting = !_ends;
                (_at, _ends) = (0, false);
            }

            return true;
        }

        // Another key's sequence: an edit, and so is all that looked like a paste before it.
        if (_at > 0)
            Add(Edited);
        (_at, _ends) = (value == begin[0] ? 1 : 0, false);
        return _at == 1;
    }
}
