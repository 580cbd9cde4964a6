namespace Sallyport.Replay.Ssh;

/// <summary>The terminal of whoever watches.</summary>
internal interface IPlayerConsole
{
    int Width { get; }

    int Height { get; }

    /// <summary>Writes text and sequences of the player's own.</summary>
    void Write(string text);

    /// <summary>Waits for a key, so long at most, or as long as it takes (<see cref="Timeout.InfiniteTimeSpan"/>); null when none was pressed.</summary>
    ConsoleKeyInfo? ReadKey(TimeSpan wait);
}

/// <summary>The process's own terminal.</summary>
internal sealed class SystemConsole(TextWriter output) : IPlayerConsole
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    /// <summary>True when there is a terminal to show on and to take keys from.</summary>
    public static bool IsThere => !Console.IsOutputRedirected && !Console.IsInputRedirected;

    public int Width => Math.Max(Console.WindowWidth, 1);

    public int Height => Math.Max(Console.WindowHeight, 2);

    public void Write(string text)
    {
        output.Write(text);
        output.Flush();
    }

    public ConsoleKeyInfo? ReadKey(TimeSpan wait)
    {
        if (wait == Timeout.InfiniteTimeSpan)
            return Console.ReadKey(intercept: true);
        for (TimeSpan left = wait; !Console.KeyAvailable; left -= Poll)
        {
            if (left <= TimeSpan.Zero)
                return null;
            Thread.Sleep(left < Poll ? left : Poll);
        }

        return Console.ReadKey(intercept: true);
    }
}
