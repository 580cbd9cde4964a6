namespace Sallyport.Proxy.Logging;

/// <summary>Finds out whether the journal reads stderr, as systemd.exec(5) says under <c>$JOURNAL_STREAM</c>.</summary>
internal static class Journal
{
    public static bool ReadsStandardError() => Reads(Environment.GetEnvironmentVariable("JOURNAL_STREAM"), LinkOf("/proc/self/fd/2"));

    /// <param name="stream">Device and inode of the journal's socket, <c>dev:inode</c>. It is inherited, so alone it proves nothing.</param>
    /// <param name="link">What stderr is, <c>socket:[inode]</c>.</param>
    public static bool Reads(string? stream, string? link)
    {
        int colon = stream?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        return colon > 0 && link == $"socket:[{stream![(colon + 1)..]}]";
    }

    private static string? LinkOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (IOException)
        {
            return null; // No /proc: not the journal, plain text is right.
        }
    }
}
