using System.Globalization;
using System.Text;
using Sallyport.Protocols.Ssh.Terminal;

namespace Sallyport.Replay.Ssh;

/// <summary>
/// Draws a screen onto the watcher's terminal: rows that changed, each with sequences that are made here (CUP, SGR, EL) and characters that the screen
/// model let in. Nothing that was recorded reaches the terminal itself.
/// </summary>
internal sealed class Painter(IPlayerConsole console)
{
    private readonly List<string> _rows = [];
    private readonly StringBuilder _row = new();
    private (int Width, int Height) _size;

    /// <summary>Takes the terminal: its alternate screen, without a cursor.</summary>
    public void Begin() => console.Write("\u001b[?1049h\u001b[?25l\u001b[2J");

    /// <summary>Gives it back as it was.</summary>
    public void End() => console.Write("\u001b[m\u001b[?25h\u001b[?1049l");

    public void Paint(TerminalScreen screen, string status)
    {
        (int width, int height) = (console.Width, console.Height);
        var frame = new StringBuilder();
        if (_size != (width, height))
        {
            _size = (width, height);
            _rows.Clear();
            frame.Append("\u001b[m\u001b[2J");
        }

        // The last row is the player's. A screen that is taller shows the part with the cursor.
        int shown = Math.Max(height - 1, 1);
        int first = Math.Clamp(screen.CursorRow - shown + 1, 0, Math.Max(screen.Rows - shown, 0));
        for (int row = 0; row < shown; row++)
            Put(frame, row, row + first < screen.Rows ? Row(screen, row + first, width) : "\u001b[m");
        Put(frame, height - 1, "\u001b[0;7m" + Cut(status, width) + "\u001b[m");
        if (frame.Length > 0)
            console.Write(frame.ToString());
    }

    private void Put(StringBuilder frame, int row, string text)
    {
        while (_rows.Count <= row)
            _rows.Add("");
        if (_rows[row] == text)
            return;
        _rows[row] = text;
        frame.Append(CultureInfo.InvariantCulture, $"\u001b[{row + 1};1H").Append(text).Append("\u001b[m\u001b[K");
    }

    private string Row(TerminalScreen screen, int row, int width)
    {
        _row.Clear();
        Span<char> one = stackalloc char[6];
        var style = default(TerminalStyle);
        bool marked = false;
        _row.Append("\u001b[m");
        for (int column = 0; column < Math.Min(screen.Columns, width); column++)
        {
            TerminalCell cell = screen[row, column];
            if (cell.IsTail || (cell.IsWide && column + 1 >= width))
                continue;
            bool cursor = screen.CursorVisible && row == screen.CursorRow && column == screen.CursorColumn;
            if (cell.Style != style || cursor != marked)
                Style(style = cell.Style, marked = cursor);
            _row.Append(one[..cell.Write(one)]);
        }

        return _row.ToString();
    }

    // Hidden text is shown, and nothing blinks: this is for people who look into what happened.
    private void Style(TerminalStyle style, bool cursor)
    {
        _row.Append("\u001b[0");
        Look(style, TerminalLook.Bold, 1);
        Look(style, TerminalLook.Faint, 2);
        Look(style, TerminalLook.Italic, 3);
        Look(style, TerminalLook.Underline, 4);
        Look(style, TerminalLook.Struck, 9);
        if (style.Look.HasFlag(TerminalLook.Inverse) != cursor)
            _row.Append(";7");
        Colour(style.Foreground, 38);
        Colour(style.Background, 48);
        _row.Append('m');
    }

    private void Look(TerminalStyle style, TerminalLook look, int code)
    {
        if (style.Look.HasFlag(look))
            _row.Append(';').Append(code);
    }

    private void Colour(int colour, int code)
    {
        if (colour >= TerminalStyle.Rgb)
            _row.Append(CultureInfo.InvariantCulture, $";{code};2;{(colour >> 16) & 0xff};{(colour >> 8) & 0xff};{colour & 0xff}");
        else if (colour >= 0)
            _row.Append(CultureInfo.InvariantCulture, $";{code};5;{colour}");
    }

    private static string Cut(string text, int width) => text.Length <= width ? text.PadRight(width) : text[..width];
}
