using System.Text;
using Sallyport.Protocols.Ssh.Terminal;

namespace Sallyport.Replay.Ssh;

/// <summary>
/// The lines that a terminal showed: each when it is ended, and while an editor or pager has the screen, its rows when a key is pressed or a second has
/// gone by.
/// </summary>
internal sealed class SearchedScreen : ITerminalWatcher
{
    private const int MaxSeen = 4096;
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    private readonly TerminalScreen _screen;
    private readonly Action<DateTimeOffset, string> _line;
    private readonly HashSet<string> _seen = [];
    private DateTimeOffset _now;
    private DateTimeOffset _looked;

    /// <param name="size">Of the terminal; null: there is none.</param>
    /// <param name="line">Told of each line.</param>
    public SearchedScreen((int Columns, int Rows)? size, Action<DateTimeOffset, string> line)
    {
        _line = line;
        (int columns, int rows) = size ?? (TerminalScreen.MaxColumns, 24);
        _screen = new TerminalScreen(columns, rows) { NewLine = size is null, Watcher = this };
    }

    bool ITerminalWatcher.SeesEveryLine => true;

    public void Resize(int columns, int rows) => _screen.Resize(columns, rows);

    public void Feed(ReadOnlySpan<byte> bytes, DateTimeOffset at)
    {
        _now = at;
        _screen.Feed(bytes);
        if (_screen.IsAlternate && at - _looked >= Between)
            Look(at);
    }

    /// <summary>Tells the rows of an alternate screen that were not told before.</summary>
    public void Look(DateTimeOffset at)
    {
        if (!_screen.IsAlternate)
            return;
        _looked = at;
        if (_seen.Count > MaxSeen)
            _seen.Clear();
        for (int row = 0; row < _screen.Rows; row++)
        {
            if (_screen.Line(row) is { Length: > 0 } text && _seen.Add(text))
                _line(at, text);
        }
    }

    /// <summary>The line with the cursor was never ended.</summary>
    public void End(DateTimeOffset at)
    {
        Look(at);
        _now = at;
        if (!_screen.IsAlternate)
            Told();
    }

    void ITerminalWatcher.LineFeed()
    {
        if (!_screen.IsAlternate)
            Told();
    }

    void ITerminalWatcher.ReadingEnds()
    {
        // The line itself is told when it is ended.
    }

    void ITerminalWatcher.Leaving(int row)
    {
        // It was told when it was ended.
    }

    void ITerminalWatcher.Mark(char mark)
    {
        // Nothing to see.
    }

    private void Told()
    {
        int first = _screen.CursorRow;
        while (first > 0 && _screen.IsWrapped(first - 1))
            first--;
        var text = new StringBuilder();
        for (int row = first; row <= _screen.CursorRow; row++)
            text.Append(_screen.Line(row));
        if (text.Length > 0)
            _line(_now, text.ToString());
    }
}
