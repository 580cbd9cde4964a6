using System.Text;

namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>Does what a stream says: text, the cursor, modes. Sequences that ask a terminal something, or change anything but the screen, do nothing.</summary>
internal sealed partial class TerminalMachine : ITerminalTarget
{
    private TerminalGrid _primary;
    private TerminalGrid? _alternate;
    private TerminalGrid _grid;
    private TerminalCursor _cursor;
    private TerminalCursor _savedPrimary;
    private TerminalCursor _savedAlternate;
    private readonly bool[] _tabs = new bool[TerminalScreen.MaxColumns];
    private int _top;
    private int _bottom;
    private int _last;
    private bool _autowrap;
    private bool _insert;

    public TerminalMachine(int columns, int rows)
    {
        _primary = _grid = new TerminalGrid(columns, rows);
        Reset();
    }

    public TerminalGrid Grid => _grid;

    public ref readonly TerminalCursor Cursor => ref _cursor;

    public bool IsAlternate => _grid != _primary;

    public bool CursorVisible { get; private set; }

    public bool BracketedPaste { get; private set; }

    /// <summary>A line feed goes to the first column too (LNM), as where no terminal driver puts the carriage return.</summary>
    public bool NewLine { get; set; }

    public bool HasScrollRegion => _top != 0 || _bottom != Rows - 1;

    public ITerminalWatcher? Watcher { get; set; }

    private int Columns => _grid.Columns;

    private int Rows => _grid.Rows;

    private TerminalLine Line => _grid[_cursor.Row];

    public void Resize(int columns, int rows)
    {
        int up = _grid.Resize(columns, rows, _cursor.Row);
        if (_alternate is not null)
            (IsAlternate ? _primary : _alternate).Resize(columns, rows, IsAlternate ? _savedPrimary.Row : 0);
        (_top, _bottom) = (0, rows - 1);
        _cursor.Row -= up;
        Hold(ref _cursor);
        Hold(ref _savedPrimary);
        Hold(ref _savedAlternate);
    }

    public void Print(ReadOnlySpan<byte> ascii)
    {
        if (_cursor.Draws || _insert)
        {
            foreach (byte one in ascii)
                Put(_cursor.Draws ? Drawn(one) : one, wide: false);
            return;
        }

        _last = ascii[^1];
        while (ascii.Length > 0)
        {
            if (_cursor.WrapNext)
                Wrap();
            int fits = Math.Min(ascii.Length, Columns - _cursor.Column);
            Line.Write(_cursor.Column, Columns, ascii[..fits], _cursor.Style);
            Advance(fits);
            ascii = ascii[fits..];
            if (!_autowrap && ascii.Length > 0)
            {
                // Without wrapping, the last column takes whatever comes last.
                Line.Write(Columns - 1, Columns, ascii[^1..], _cursor.Style);
                return;
            }
        }
    }

    public void Print(int rune)
    {
        int width = TerminalWidth.Of(rune);
        if (width == 0)
            Line.Combine(_cursor.WrapNext ? _cursor.Column : _cursor.Column - 1, rune);
        else if (width == 2 && Columns < 2)
            Put(Rune.ReplacementChar.Value, wide: false);
        else if (width > 0)
            Put(rune, width == 2);
    }

    public void Execute(byte control)
    {
        switch (control)
        {
            case 0x08: MoveTo(_cursor.Row, _cursor.Column - 1); break;
            case 0x09: Tab(1); break;
            case 0x0a or 0x0b or 0x0c: LineFeed(); break;
            case 0x0d: MoveTo(_cursor.Row, 0); break;
            case 0x0e: _cursor.Shifted = true; break;
            case 0x0f: _cursor.Shifted = false; break;
        }
    }

    public void Escape(byte intermediate, byte final)
    {
        switch (intermediate, final)
        {
            case (0, (byte)'7'): Saved = _cursor; break;
            case (0, (byte)'8'): Restore(); break;
            case (0, (byte)'D'): Index(told: true); break;
            case (0, (byte)'E'):
                _cursor.Column = 0;
                Index(told: true);
                break;
            case (0, (byte)'H'): _tabs[_cursor.Column] = true; break;
            case (0, (byte)'M'): ReverseIndex(); break;
            case (0, (byte)'c'): Reset(); break;
            case ((byte)'(', _): _cursor.DrawsG0 = final == '0'; break;
            case ((byte)')', _): _cursor.DrawsG1 = final == '0'; break;
            case ((byte)'#', (byte)'8'): Fill(); break;
        }
    }

    public void Osc(ReadOnlySpan<byte> text)
    {
        if (text.Length >= 5 && text[..4].SequenceEqual("133;"u8) && (text.Length == 5 || text[5] == ';'))
            Watcher?.Mark((char)text[4]);
    }

    private ref TerminalCursor Saved => ref IsAlternate ? ref _savedAlternate : ref _savedPrimary;

    private void Put(int rune, bool wide)
    {
        int width = wide ? 2 : 1;
        if (_cursor.WrapNext || (_autowrap && _cursor.Column + width > Columns))
            Wrap();
        else if (_cursor.Column + width > Columns)
            _cursor.Column = Columns - width;
        if (_insert)
            Line.Insert(_cursor.Column, width, Columns, _cursor.Style);
        Line.Write(_cursor.Column, Columns, rune, wide, _cursor.Style);
        _last = rune;
        Advance(width);
    }

    private void Advance(int by)
    {
        _cursor.Column += by;
        if (_cursor.Column < Columns)
            return;
        _cursor.Column = Columns - 1;
        _cursor.WrapNext = _autowrap;
    }

    private void Wrap()
    {
        Line.Wrapped = true;
        _cursor.Column = 0;
        Index(told: false);
    }

    private void LineFeed()
    {
        Index(told: true);
        if (NewLine)
            _cursor.Column = 0;
    }

    private void Index(bool told)
    {
        if (told)
            Watcher?.LineFeed();
        _cursor.WrapNext = false;
        if (_cursor.Row == _bottom)
            ScrollUp(1);
        else if (_cursor.Row < Rows - 1)
            _cursor.Row++;
    }

    private void ReverseIndex()
    {
        _cursor.WrapNext = false;
        if (_cursor.Row == _top)
            _grid.ScrollDown(_top, _bottom, 1, _cursor.Style);
        else if (_cursor.Row > 0)
            _cursor.Row--;
    }

    private void ScrollUp(int count)
    {
        if (_top == 0)
            Leave(0, Math.Min(count, _bottom + 1));
        _grid.ScrollUp(_top, _bottom, count, _cursor.Style);
    }

    private void Leave(int from, int to)
    {
        if (Watcher is null || IsAlternate)
            return;
        for (int row = from; row < to; row++)
            Watcher.Leaving(row);
    }

    private void Tab(int count)
    {
        int column = _cursor.Column;
        for (; count > 0 && column < Columns - 1; count--)
        {
            do
                column++;
            while (column < Columns - 1 && !_tabs[column]);
        }

        _cursor.Column = column;
    }

    private void BackTab(int count)
    {
        int column = _cursor.Column;
        for (; count > 0 && column > 0; count--)
        {
            do
                column--;
            while (column > 0 && !_tabs[column]);
        }

        MoveTo(_cursor.Row, column);
    }

    private void MoveTo(int row, int column)
    {
        _cursor.Row = Math.Clamp(row, 0, Rows - 1);
        _cursor.Column = Math.Clamp(column, 0, Columns - 1);
        _cursor.WrapNext = false;
    }

    private void Restore()
    {
        _cursor = Saved;
        Hold(ref _cursor);
    }

    private void Hold(ref TerminalCursor cursor)
    {
        cursor.Row = Math.Clamp(cursor.Row, 0, Rows - 1);
        cursor.WrapNext &= cursor.Column == Columns - 1;
        cursor.Column = Math.Clamp(cursor.Column, 0, Columns - 1);
    }

    private void Reset()
    {
        Leave(0, Rows);
        _grid = _primary;
        _grid.Clear(0, Rows, default);
        _cursor = _savedPrimary = _savedAlternate = default;
        (_top, _bottom) = (0, Rows - 1);
        (_autowrap, CursorVisible, _insert, BracketedPaste) = (true, true, false, false);
        for (int column = 0; column < _tabs.Length; column++)
            _tabs[column] = column % 8 == 0;
    }

    // DECALN: the screen full of E, as for aligning a picture tube.
    private void Fill()
    {
        Span<byte> letters = stackalloc byte[Columns];
        letters.Fill((byte)'E');
        for (int row = 0; row < Rows; row++)
            _grid[row].Write(0, Columns, letters, default);
        (_top, _bottom) = (0, Rows - 1);
        MoveTo(0, 0);
    }

    // DEC's special graphics, 0x60 to 0x7e.
    private static int Drawn(byte ascii) => ascii < 0x60 ? ascii : "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"[ascii - 0x60];
}
