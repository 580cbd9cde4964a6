namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>Sees a screen change while bytes are fed to it.</summary>
public interface ITerminalWatcher
{
    /// <summary>False when lines of bulk output that cannot stay on the screen may pass untold.</summary>
    bool SeesEveryLine { get; }

    /// <summary>A line feed is about to take the cursor off its line.</summary>
    void LineFeed();

    /// <summary>A program is done with reading a line: it turned bracketed paste off.</summary>
    void ReadingEnds();

    /// <summary>This row of the primary screen is about to be lost: it scrolls off the top, or is cleared.</summary>
    void Leaving(int row);

    /// <summary>A mark of shell integration, OSC 133: 'A' a prompt begins, 'B' it ends and typing begins, 'C' output begins, 'D' the command has ended.</summary>
    void Mark(char mark);
}
