namespace Sallyport.Proxy.Cli;

/// <summary>What the commands return; documented in docs/operations.md.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>It could not be done: an address is taken, a key cannot be written.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary><c>explain</c>: the action would be denied.</summary>
    public const int Denied = 3;

    /// <summary><c>explain</c>: the action would be held for approval.</summary>
    public const int Held = 4;

    /// <summary>The configuration, or a file it names, is wrong. The value is sysexits(3)'s EX_CONFIG, which systemd shows by name.</summary>
    public const int Config = 78;
}
