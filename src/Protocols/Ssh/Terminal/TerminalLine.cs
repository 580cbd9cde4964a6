namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>One line of a screen. Cells past <see cref="Used"/> hold nothing and look like <see cref="Fill"/>: erasing a line costs nothing.</summary>
internal sealed class TerminalLine
{
    private TerminalCell[] _cells = [];

    /// <summary>Which line this is: changes when it is erased as a whole, moves with it when it scrolls.</summary>
    public long Id { get; private set; }

    /// <summary>Cells that were written, from the left.</summary>
    public int Used { get; private set; }

    /// <summary>What is past them.</summary>
    public TerminalCell Fill { get; private set; }

    /// <summary>True when its text goes on in the next line because it was too long.</summary>
    public bool Wrapped { get; set; }

    public ReadOnlySpan<TerminalCell> Cells => _cells.AsSpan(0, Used);

    public TerminalCell this[int column] => column < Used ? _cells[column] : Fill;

    public void Reset(TerminalStyle style, long id)
    {
        Id = id;
        Used = 0;
        Fill = TerminalCell.Blank(style);
        Wrapped = false;
    }

    public void Write(int column, int columns, ReadOnlySpan<byte> ascii, TerminalStyle style)
    {
        Span<TerminalCell> cells = Open(column, ascii.Length, columns);
        for (int i = 0; i < cells.Length; i++)
            cells[i] = TerminalCell.Of(ascii[i], false, style);
    }

    public void Write(int column, int columns, int rune, bool wide, TerminalStyle style)
    {
        Span<TerminalCell> cells = Open(column, wide ? 2 : 1, columns);
        cells[0] = TerminalCell.Of(rune, wide, style);
        if (wide)
            cells[1] = TerminalCell.Tail(style);
    }

    public void Combine(int column, int mark)
    {
        if (column < 0 || column >= Used)
            return;
        if (_cells[column].IsTail && column > 0)
            column--;
        _cells[column] = _cells[column].Combine(mark);
    }

    /// <summary>Erases cells from <paramref name="from"/> up to, not with, <paramref name="to"/>.</summary>
    public void Erase(int from, int to, int columns, TerminalStyle style)
    {
        TerminalCell blank = TerminalCell.Blank(style);
        if (to >= columns)
        {
            Wrapped = false;
            if (blank == Fill)
            {
                if (from < Used)
                    Split(from);
                Used = Math.Min(Used, from);
                return;
            }
        }

        Open(from, to - from, columns).Fill(blank);
    }

    /// <summary>Moves what is right of <paramref name="column"/> to the right; what leaves the line is lost.</summary>
    public void Insert(int column, int count, int columns, TerminalStyle style)
    {
        count = Math.Min(count, columns - column);
        if (column < Used)
        {
            Split(column);
            int end = Math.Min(Used + count, columns);
            Span<TerminalCell> cells = Grow(end, columns);
            cells[column..(end - count)].CopyTo(cells[(column + count)..]);
            cells.Slice(column, count).Clear();
            if (Used == columns && _cells[columns - 1].IsWide)
                _cells[columns - 1] = TerminalCell.Blank(_cells[columns - 1].Style);
        }

        Open(column, count, columns).Fill(TerminalCell.Blank(style));
        Wrapped = false;
    }

    /// <summary>Takes cells out; what is right of them moves to the left.</summary>
    public void Delete(int column, int count, int columns, TerminalStyle style)
    {
        count = Math.Min(count, columns - column);
        Wrapped = false;
        TerminalCell blank = TerminalCell.Blank(style);
        if (blank != Fill)
            Grow(columns, columns);
        if (column >= Used)
            return;
        int end = Math.Min(column + count, Used);
        Split(column);
        Split(end);
        _cells.AsSpan(end, Used - end).CopyTo(_cells.AsSpan(column));
        int left = column + (Used - end);
        if (Used == columns && blank != Fill)
            _cells.AsSpan(left, Used - left).Fill(blank);
        else
            Used = left;
    }

    /// <summary>The line has this many columns from now on.</summary>
    public void Narrow(int columns)
    {
        if (Used <= columns)
            return;
        Used = columns;
        if (columns > 0 && _cells[columns - 1].IsWide)
            _cells[columns - 1] = TerminalCell.Blank(_cells[columns - 1].Style);
    }

    // Cells to be overwritten: what lies before them is there, and no half of a wide character is left at their edges.
    private Span<TerminalCell> Open(int column, int count, int columns)
    {
        Grow(column + count, columns);
        Split(column);
        Split(column + count);
        return _cells.AsSpan(column, count);
    }

    private Span<TerminalCell> Grow(int used, int columns)
    {
        if (_cells.Length < used)
            Array.Resize(ref _cells, columns);
        if (Used < used)
        {
            _cells.AsSpan(Used, used - Used).Fill(Fill);
            Used = used;
        }

        return _cells.AsSpan(0, Used);
    }

    // A wide character that lies across this edge becomes two blanks.
    private void Split(int column)
    {
        if (column <= 0 || column >= Used || !_cells[column].IsTail)
            return;
        _cells[column - 1] = TerminalCell.Blank(_cells[column - 1].Style);
        _cells[column] = TerminalCell.Blank(_cells[column].Style);
    }
}
