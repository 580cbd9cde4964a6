using System.Text;

namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>One cell of a screen: a character, up to two marks that combine with it, and its style; 16 bytes.</summary>
public readonly record struct TerminalCell
{
    private const int RuneBits = 21;
    private const ulong RuneMask = (1UL << RuneBits) - 1;
    private const ulong WideBit = 1UL << 63;

    // Beyond Unicode: the right half of a wide character.
    private const uint TailRune = (uint)RuneMask;

    private readonly ulong _runes;

    private TerminalCell(ulong runes, TerminalStyle style) => (_runes, Style) = (runes, style);

    /// <summary>Colours and looks.</summary>
    public TerminalStyle Style { get; }

    /// <summary>True for the first cell of a character that takes two.</summary>
    public bool IsWide => (_runes & WideBit) != 0;

    /// <summary>True for the second cell of a character that takes two.</summary>
    public bool IsTail => (_runes & RuneMask) == TailRune;

    /// <summary>True when nothing was written here.</summary>
    public bool IsEmpty => _runes == 0;

    /// <summary>The character; a space when nothing was written here.</summary>
    public Rune Rune => IsEmpty || IsTail ? new Rune(' ') : new Rune((uint)(_runes & RuneMask));

    internal static TerminalCell Of(int rune, bool wide, TerminalStyle style) => new((uint)rune | (wide ? WideBit : 0), style);

    internal static TerminalCell Tail(TerminalStyle style) => new(TailRune, style);

    internal static TerminalCell Blank(TerminalStyle style) => new(0, style.Erased);

    /// <summary>The cell with one mark more; marks past the second are dropped.</summary>
    internal TerminalCell Combine(int mark)
    {
        if (IsTail)
            return this;
        ulong runes = IsEmpty ? ' ' : _runes;
        for (int shift = RuneBits; shift < 3 * RuneBits; shift += RuneBits)
        {
            if ((runes & (RuneMask << shift)) == 0)
                return new TerminalCell(runes | ((ulong)(uint)mark << shift), Style);
        }

        return this;
    }

    /// <summary>Writes character and marks as UTF-16; nothing for the second half of a wide one. At most six are written.</summary>
    /// <returns>How many characters were written.</returns>
    public int Write(Span<char> target)
    {
        if (IsTail)
            return 0;
        int at = Rune.EncodeToUtf16(target);
        for (ulong marks = (_runes & ~WideBit) >> RuneBits; marks != 0; marks >>= RuneBits)
            at += new Rune((uint)(marks & RuneMask)).EncodeToUtf16(target[at..]);
        return at;
    }
}
