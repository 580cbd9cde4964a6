namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>The lines of one screen. Lines move by reference: scrolling never copies cells.</summary>
internal sealed class TerminalGrid
{
    private TerminalLine[] _lines;
    private long _nextId;

    public TerminalGrid(int columns, int rows)
    {
        Columns = columns;
        _lines = new TerminalLine[rows];
        for (int row = 0; row < rows; row++)
            _lines[row] = NewLine();
    }

    public int Columns { get; private set; }

    public int Rows => _lines.Length;

    public TerminalLine this[int row] => _lines[row];

    public void Clear(int from, int to, TerminalStyle style)
    {
        for (int row = from; row < to; row++)
            _lines[row].Reset(style, _nextId++);
    }

    /// <summary>Moves lines <paramref name="top"/> to <paramref name="bottom"/> (both with) up; the lowest become blank.</summary>
    public void ScrollUp(int top, int bottom, int count, TerminalStyle style)
    {
        count = Math.Min(count, bottom - top + 1);
        Rotate(_lines.AsSpan(top, bottom - top + 1), count);
        Clear(bottom - count + 1, bottom + 1, style);
    }

    public void ScrollDown(int top, int bottom, int count, TerminalStyle style)
    {
        count = Math.Min(count, bottom - top + 1);
        Rotate(_lines.AsSpan(top, bottom - top + 1), bottom - top + 1 - count);
        Clear(top, top + count, style);
    }

    /// <summary>Changes the size. Lines that must go go at the top as long as <paramref name="cursorRow"/> would fall off, else at the bottom.</summary>
    /// <returns>By how many lines the rest moved up.</returns>
    public int Resize(int columns, int rows, int cursorRow)
    {
        int up = Math.Max(0, cursorRow - (rows - 1));
        var lines = new TerminalLine[rows];
        for (int row = 0; row < rows; row++)
        {
            lines[row] = row + up < Rows ? _lines[row + up] : NewLine();
            lines[row].Narrow(columns);
        }

        _lines = lines;
        Columns = columns;
        return up;
    }

    private static void Rotate(Span<TerminalLine> lines, int by)
    {
        if (by == 1)
        {
            TerminalLine first = lines[0];
            lines[1..].CopyTo(lines);
            lines[^1] = first;
            return;
        }

        lines[..by].Reverse();
        lines[by..].Reverse();
        lines.Reverse();
    }

    private TerminalLine NewLine()
    {
        var line = new TerminalLine();
        line.Reset(default, _nextId++);
        return line;
    }
}
