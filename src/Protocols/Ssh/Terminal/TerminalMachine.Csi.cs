namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>Control sequences (ECMA-48 8.3, DEC's VT510, xterm's ctlseqs).</summary>
internal sealed partial class TerminalMachine
{
    public void Csi(TerminalParameters parameters, byte prefix, byte intermediate, byte final)
    {
        switch (prefix, intermediate)
        {
            case (0, 0): Plain(parameters, final); break;
            case ((byte)'?', 0): Private(parameters, final); break;
            case (0, (byte)'!') when final == 'p': SoftReset(); break;
        }
    }

    private void Plain(TerminalParameters parameters, byte final)
    {
        int count = parameters.Or(0, 1);
        switch ((char)final)
        {
            case '@': Line.Insert(_cursor.Column, count, Columns, _cursor.Style); _cursor.WrapNext = false; break;
            case 'A': MoveTo(Math.Max(_cursor.Row - count, _cursor.Row >= _top ? _top : 0), _cursor.Column); break;
            case 'B' or 'e': MoveTo(Math.Min(_cursor.Row + count, _cursor.Row <= _bottom ? _bottom : Rows - 1), _cursor.Column); break;
            case 'C' or 'a': MoveTo(_cursor.Row, _cursor.Column + count); break;
            case 'D': MoveTo(_cursor.Row, _cursor.Column - count); break;
            case 'E': MoveTo(Math.Min(_cursor.Row + count, _cursor.Row <= _bottom ? _bottom : Rows - 1), 0); break;
            case 'F': MoveTo(Math.Max(_cursor.Row - count, _cursor.Row >= _top ? _top : 0), 0); break;
            case 'G' or '`': MoveTo(_cursor.Row, count - 1); break;
            case 'H' or 'f': Position(count - 1, parameters.Or(1, 1) - 1); break;
            case 'I': Tab(count); break;
            case 'J': EraseScreen(Math.Max(parameters[0], 0)); break;
            case 'K': EraseLine(Math.Max(parameters[0], 0)); break;
            case 'L': InsertLines(count); break;
            case 'M': DeleteLines(count); break;
            case 'P': Line.Delete(_cursor.Column, count, Columns, _cursor.Style); _cursor.WrapNext = false; break;
            case 'S': ScrollUp(count); break;
            case 'T': _grid.ScrollDown(_top, _bottom, count, _cursor.Style); break;
            case 'X': Erase(_cursor.Column, Math.Min(_cursor.Column + count, Columns)); break;
            case 'Z': BackTab(count); break;
            case 'b': Repeat(count); break;
            case 'd': Position(count - 1, _cursor.Column); break;
            case 'g': ClearTabs(Math.Max(parameters[0], 0)); break;
            case 'h' or 'l': Modes(parameters, final == 'h'); break;
            case 'm': _cursor.Style = TerminalSgr.Apply(_cursor.Style, parameters); break;
            case 'r': Region(count - 1, parameters.Or(1, Rows) - 1); break;
            case 's': Saved = _cursor; break;
            case 'u': Restore(); break;
        }
    }

    private void Private(TerminalParameters parameters, byte final)
    {
        switch ((char)final)
        {
            case 'J': EraseScreen(Math.Max(parameters[0], 0)); break;
            case 'K': EraseLine(Math.Max(parameters[0], 0)); break;
            case 'h' or 'l':
                for (int i = 0; i < parameters.Count; i++)
                    PrivateMode(parameters[i], final == 'h');
                break;
        }
    }

    private void PrivateMode(int mode, bool on)
    {
        switch (mode)
        {
            case 6:
                _cursor.Origin = on;
                Position(0, 0);
                break;
            case 7:
                _autowrap = on;
                _cursor.WrapNext &= on;
                break;
            case 25: CursorVisible = on; break;
            case 47: Switch(on); break;
            case 1047:
                if (!on && IsAlternate)
                    _grid.Clear(0, Rows, default);
                Switch(on);
                break;
            case 1048 when on: Saved = _cursor; break;
            case 1048: Restore(); break;
            case 1049: SwitchAndSave(on); break;
            case 2004:
                if (BracketedPaste && !on)
                    Watcher?.ReadingEnds();
                BracketedPaste = on;
                break;
        }
    }

    private void Modes(TerminalParameters parameters, bool on)
    {
        for (int i = 0; i < parameters.Count; i++)
        {
            if (parameters[i] == 4)
                _insert = on;
            else if (parameters[i] == 20)
                NewLine = on;
        }
    }

    private void SwitchAndSave(bool on)
    {
        if (on)
            Saved = _cursor;
        Switch(on);
        if (on)
            _grid.Clear(0, Rows, _cursor.Style);
        else
            Restore();
    }

    // The cursor is one for both screens.
    private void Switch(bool on)
    {
        if (on == IsAlternate)
            return;
        if (on)
            _grid = _alternate ??= new TerminalGrid(Columns, Rows);
        else
            _grid = _primary;
        _cursor.WrapNext = false;
    }

    private void SoftReset()
    {
        (_top, _bottom) = (0, Rows - 1);
        (_autowrap, CursorVisible, _insert) = (true, true, false);
        _cursor.Origin = _cursor.DrawsG0 = _cursor.DrawsG1 = _cursor.Shifted = false;
        _cursor.Style = default;
        Saved = default;
    }

    private void Position(int row, int column)
    {
        if (_cursor.Origin)
            MoveTo(Math.Min(row + _top, _bottom), column);
        else
            MoveTo(row, column);
    }

    private void Region(int top, int bottom)
    {
        bottom = Math.Min(bottom, Rows - 1);
        if (top >= bottom)
            return;
        (_top, _bottom) = (top, bottom);
        Position(0, 0);
    }

    private void Erase(int from, int to)
    {
        Line.Erase(from, to, Columns, _cursor.Style);
        _cursor.WrapNext = false;
    }

    private void EraseLine(int what)
    {
        if (what <= 2)
            Erase(what == 0 ? _cursor.Column : 0, what == 1 ? _cursor.Column + 1 : Columns);
    }

    private void EraseScreen(int what)
    {
        switch (what)
        {
            case 0:
                if (_cursor is { Row: 0, Column: 0 })
                    Leave(0, Rows);
                Erase(_cursor.Column, Columns);
                _grid.Clear(_cursor.Row + 1, Rows, _cursor.Style);
                break;
            case 1:
                _grid.Clear(0, _cursor.Row, _cursor.Style);
                Erase(0, _cursor.Column + 1);
                break;
            case 2:
                Leave(0, Rows);
                _grid.Clear(0, Rows, _cursor.Style);
                _cursor.WrapNext = false;
                break;
        }
    }

    private void InsertLines(int count)
    {
        if (_cursor.Row < _top || _cursor.Row > _bottom)
            return;
        _grid.ScrollDown(_cursor.Row, _bottom, count, _cursor.Style);
        MoveTo(_cursor.Row, 0);
    }

    private void DeleteLines(int count)
    {
        if (_cursor.Row < _top || _cursor.Row > _bottom)
            return;
        _grid.ScrollUp(_cursor.Row, _bottom, count, _cursor.Style);
        MoveTo(_cursor.Row, 0);
    }

    // REP. A screen's width at most: a few bytes must not cost more than others.
    private void Repeat(int count)
    {
        bool wide = TerminalWidth.Of(_last) == 2;
        if (_last == 0 || (wide && Columns < 2))
            return;
        for (count = Math.Min(count, Columns); count > 0; count--)
            Put(_last, wide);
    }

    private void ClearTabs(int what)
    {
        if (what == 0)
            _tabs[_cursor.Column] = false;
        else if (what == 3)
            Array.Clear(_tabs);
    }
}
