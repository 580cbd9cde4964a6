namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>How a cell looks (ECMA-48 8.3.117, SGR).</summary>
[Flags]
public enum TerminalLook : byte
{
    None = 0,
    Bold = 1,
    Faint = 2,
    Italic = 4,
    Underline = 8,
    Blink = 16,
    Inverse = 32,
    Hidden = 64,
    Struck = 128,
}

/// <summary>
/// Colours and looks of a cell in eight bytes. A colour is -1 (the terminal's own), 0 to 255 (xterm's palette) or <see cref="Rgb"/> plus 24 bits.
/// </summary>
public readonly record struct TerminalStyle
{
    /// <summary>Added to a colour given as red, green and blue.</summary>
    public const int Rgb = 1 << 24;

    private const int ColourBits = 26;
    private const ulong ColourMask = (1UL << ColourBits) - 1;

    // Foreground + 1 | background + 1 | looks: all zero is the default, so that cleared memory is a blank screen.
    private readonly ulong _bits;

    private TerminalStyle(ulong bits) => _bits = bits;

    public int Foreground => (int)(_bits & ColourMask) - 1;

    public int Background => (int)((_bits >> ColourBits) & ColourMask) - 1;

    public TerminalLook Look => (TerminalLook)(_bits >> (2 * ColourBits));

    public TerminalStyle WithForeground(int colour) => new((_bits & ~ColourMask) | (uint)(colour + 1));

    public TerminalStyle WithBackground(int colour) => new((_bits & ~(ColourMask << ColourBits)) | ((ulong)(uint)(colour + 1) << ColourBits));

    public TerminalStyle With(TerminalLook look, bool on) => new(on ? _bits | ((ulong)look << (2 * ColourBits)) : _bits & ~((ulong)look << (2 * ColourBits)));

    /// <summary>Only the background, which erasing leaves behind (xterm's <c>bce</c>).</summary>
    internal TerminalStyle Erased => default(TerminalStyle).WithBackground(Background);
}
