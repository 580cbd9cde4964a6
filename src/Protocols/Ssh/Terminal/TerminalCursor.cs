namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>Where the next character goes and how it looks: what DECSC saves.</summary>
internal record struct TerminalCursor
{
    public int Row;
    public int Column;

    /// <summary>The last column was written and the line is full: the next character goes to the next line, anything else does not (xterm's deferred wrap).</summary>
    public bool WrapNext;
    public TerminalStyle Style;

    /// <summary>Rows count from the scroll region's first (DECOM).</summary>
    public bool Origin;

    /// <summary>DEC's line drawing set stands in G0, in G1.</summary>
    public bool DrawsG0;
    public bool DrawsG1;

    /// <summary>G1 is in use (SO).</summary>
    public bool Shifted;

    public readonly bool Draws => Shifted ? DrawsG1 : DrawsG0;
}
