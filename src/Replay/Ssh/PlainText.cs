using Sallyport.Protocols.Ssh.Terminal;
using Sallyport.Replay.Terminal;

namespace Sallyport.Replay.Ssh;

/// <summary>A channel as lines of text: what scrolled by and what was left, without what editors and pagers showed in between.</summary>
internal sealed class PlainText : ITerminalWatcher
{
    private readonly TextWriter _output;
    private readonly TerminalScreen _screen;

    private PlainText(TextWriter output, TrackInfo info)
    {
        _output = output;
        _screen = new TerminalScreen(info.Size.Columns, info.Size.Rows) { NewLine = !info.Channel.HasTerminal, Watcher = this };
    }

    bool ITerminalWatcher.SeesEveryLine => true;

    /// <summary>Writes the channel from a moment on.</summary>
    public static void Write(TextWriter output, TrackInfo info, TimeSpan from)
    {
        var text = new PlainText(output, info);
        using var track = new TerminalTrack(info);
        while (track.Next() is { } happened)
        {
            if (happened.Kind == TrackKind.Resize)
                text._screen.Resize(happened.Columns, happened.Rows);
            else if (happened.Kind == TrackKind.Output && happened.At >= from)
                text._screen.Feed(happened.Bytes.Span);
        }

        // Leaving the alternate screen brings back what was there before.
        text._screen.Feed("\u001b[?1049l"u8);
        int last = text._screen.Rows - 1;
        while (last >= 0 && text._screen.Line(last).Length == 0)
            last--;
        for (int row = 0; row <= last; row++)
            text.Line(row);
    }

    void ITerminalWatcher.LineFeed()
    {
        // Lines are written when they leave the screen: until then they may change.
    }

    void ITerminalWatcher.ReadingEnds()
    {
        // Nothing to see.
    }

    void ITerminalWatcher.Leaving(int row)
    {
        // A cleared screen leaves no blank lines behind.
        if (row <= _screen.CursorRow || _screen.Line(row).Length > 0)
            Line(row);
    }

    void ITerminalWatcher.Mark(char mark)
    {
        // Nothing to see.
    }

    private void Line(int row)
    {
        _output.Write(SafeText.Line(_screen.Line(row)));
        if (!_screen.IsWrapped(row))
            _output.WriteLine();
    }
}
