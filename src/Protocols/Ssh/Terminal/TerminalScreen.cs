using System.Text;

namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>
/// A terminal without a glass: what a person sees after these bytes. It knows what xterm knows of text, cursor, erasing, scrolling, the alternate
/// screen and looks, and nothing that answers, names windows, or touches clipboards. Any bytes are good; memory is bounded by the size, time by
/// the bytes. Nothing is allocated per <see cref="Feed"/> once each line has been written to. Not thread-safe.
/// </summary>
public sealed class TerminalScreen
{
    /// <summary>A size is held to this.</summary>
    public const int MaxColumns = 1000;

    /// <inheritdoc cref="MaxColumns"/>
    public const int MaxRows = 1000;

    // Below this, looking for what need not be read costs more than reading it.
    private const int WorthSkipping = 4096;

    private readonly TerminalMachine _machine;
    private readonly TerminalParser _parser;

    /// <summary>A blank screen. A size of 0, which a client may name when it has none (RFC 4254 6.2), is 80 by 24.</summary>
    public TerminalScreen(int columns, int rows)
    {
        _machine = new TerminalMachine(Held(columns, 80, MaxColumns), Held(rows, 24, MaxRows));
        _parser = new TerminalParser(_machine);
    }

    public int Columns => _machine.Grid.Columns;

    public int Rows => _machine.Grid.Rows;

    public int CursorRow => _machine.Cursor.Row;

    public int CursorColumn => _machine.Cursor.Column;

    public bool CursorVisible => _machine.CursorVisible;

    /// <summary>True while an editor, a pager or the like has the alternate screen.</summary>
    public bool IsAlternate => _machine.IsAlternate;

    /// <summary>True when the program asked to be told where a paste begins and ends.</summary>
    public bool BracketedPaste => _machine.BracketedPaste;

    /// <summary>A line feed begins a new line at the left: for what no terminal driver has written.</summary>
    public bool NewLine
    {
        get => _machine.NewLine;
        set => _machine.NewLine = value;
    }

    /// <summary>Sees changes as they happen; called within <see cref="Feed"/>, and must not feed or resize.</summary>
    public ITerminalWatcher? Watcher
    {
        get => _machine.Watcher;
        set => _machine.Watcher = value;
    }

    /// <summary>The cell at a place, counted from 0.</summary>
    public TerminalCell this[int row, int column] => _machine.Grid[row][column];

    /// <summary>Output of the program.</summary>
    public void Feed(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > WorthSkipping && _parser.IsGround && !_machine.HasScrollRegion && Watcher?.SeesEveryLine != true)
            bytes = bytes[Skippable(bytes)..];
        _parser.Feed(bytes);
    }

    /// <summary>The window has another size. Text is not wrapped anew: the program draws it again, as it does for xterm.</summary>
    public void Resize(int columns, int rows) => _machine.Resize(Held(columns, 80, MaxColumns), Held(rows, 24, MaxRows));

    /// <summary>True when a row's text goes on in the next because it was too long for it.</summary>
    public bool IsWrapped(int row) => _machine.Grid[row].Wrapped;

    /// <summary>The text of a row, without the blanks at its end.</summary>
    public string Line(int row)
    {
        var text = new StringBuilder(Columns);
        Append(text, row, 0, Columns);
        while (text.Length > 0 && text[^1] == ' ')
            text.Length--;
        return text.ToString();
    }

    /// <summary>Adds the text of some columns of a row as far as something was written there, blanks included.</summary>
    public void Append(StringBuilder text, int row, int from, int to)
    {
        ReadOnlySpan<TerminalCell> cells = _machine.Grid[row].Cells;
        Span<char> one = stackalloc char[6];
        for (int column = from; column < Math.Min(to, cells.Length); column++)
            text.Append(one[..cells[column].Write(one)]);
    }

    /// <summary>Which line stands in a row: the same number as long as it is not cleared as a whole, wherever it scrolls to.</summary>
    internal long LineId(int row) => _machine.Grid[row].Id;

    // Plain text pushes what was there off the screen: after as many line feeds as there are rows the cursor is at the bottom, and as many more scroll
    // everything away. What came before those, from the start of a line, leaves nothing behind, and need not be read.
    private int Skippable(ReadOnlySpan<byte> bytes)
    {
        int sequence = bytes.IndexOfAny((byte)0x1b, (byte)0x0e, (byte)0x0f);
        ReadOnlySpan<byte> text = sequence < 0 ? bytes : bytes[..sequence];
        int left = (2 * Rows) + 1;
        while (true)
        {
            int feed = text.LastIndexOf((byte)'\n');
            if (feed < 1)
                return 0;
            if (--left < 0 && text[feed - 1] == '\r')
                return feed + 1;
            text = text[..feed];
        }
    }

    private static int Held(int size, int absent, int most) => size <= 0 ? absent : Math.Min(size, most);
}
