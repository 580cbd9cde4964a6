namespace Sallyport.Recording;

/// <summary>When recorded bytes are forced to the disk itself, beyond the kernel's cache.</summary>
public enum FsyncPolicy : byte
{
    /// <summary>Never: a power failure may lose what the kernel had not written yet. A crash of the daemon loses nothing more.</summary>
    None = 0,

    /// <summary>After every chunk.</summary>
    Chunk = 1,

    /// <summary>Once, after the trailer.</summary>
    Close = 2,
}

/// <summary>Every setting and bound of recording, with its reason.</summary>
public sealed record RecordingOptions
{
    /// <summary>Where recordings are kept; made with mode 0700 when it is not there.</summary>
    public required string Directory { get; init; }

    /// <summary>A chunk is sealed at this size, bytes before compression: large enough for zstd to pay, small enough to seek in. 4 KiB–1 MiB.</summary>
    public int ChunkBytes { get; init; } = 128 << 10;

    /// <summary>A smaller chunk is sealed at about this age (at most a quarter more): what a crash of the daemon can lose.</summary>
    public TimeSpan ChunkAge { get; init; } = TimeSpan.FromMilliseconds(800);

    /// <summary>Sealed bytes of one session that wait for the writers; past it the session waits too. Eight chunks hide a slow write.</summary>
    public int SessionBacklogBytes { get; init; } = 1 << 20;

    /// <summary>Sealed bytes of all sessions that wait for one writer thread; past it its sessions wait. Bounds memory when the disk stalls.</summary>
    public int ThreadBacklogBytes { get; init; } = 64 << 20;

    /// <summary>A caller that appends on without waiting, past this many sealed bytes of one session, loses the recording (and so the session).</summary>
    public int SessionLimitBytes { get; init; } = 64 << 20;

    /// <summary>Threads that compress and write. One does some 300 MB/s; a session stays on one so that its chunks keep their order. 1–16.</summary>
    public int WriterThreads { get; init; } = 1;

    /// <summary>zstd level. 1 costs least, and the text of queries compresses well at any. 1–19.</summary>
    public int CompressionLevel { get; init; } = 1;

    /// <summary>When to fsync. Close is cheap and bounds what a power failure costs to sessions still open.</summary>
    public FsyncPolicy Fsync { get; init; } = FsyncPolicy.Close;

    /// <summary>No new session starts when the disk has fewer free bytes: those that run need them.</summary>
    public long MinFreeBytes { get; init; } = 256 << 20;

    /// <summary>Kept of an action's text, bytes. The whole text is in the data records; this is for search. At most 64 KiB.</summary>
    public int DecisionTextBytes { get; init; } = 16 << 10;

    /// <summary>Throws for a value that cannot work.</summary>
    /// <exception cref="ArgumentException">Names the setting.</exception>
    public void Validate()
    {
        Check(Directory.Length > 0, nameof(Directory), "is empty");
        Check(ChunkBytes is >= 4 << 10 and <= 1 << 20, nameof(ChunkBytes), "is not within 4 KiB to 1 MiB");
        Check(ChunkAge > TimeSpan.Zero && ChunkAge <= TimeSpan.FromMinutes(1), nameof(ChunkAge), "is not within 0 to 1 minute");
        Check(SessionBacklogBytes > 0, nameof(SessionBacklogBytes), "is not positive");
        Check(ThreadBacklogBytes >= SessionBacklogBytes, nameof(ThreadBacklogBytes), "is below SessionBacklogBytes");
        Check(SessionLimitBytes >= SessionBacklogBytes, nameof(SessionLimitBytes), "is below SessionBacklogBytes");
        Check(WriterThreads is >= 1 and <= 16, nameof(WriterThreads), "is not within 1 to 16");
        Check(CompressionLevel is >= 1 and <= 19, nameof(CompressionLevel), "is not within 1 to 19");
        Check(MinFreeBytes >= 0, nameof(MinFreeBytes), "is negative");
        Check(DecisionTextBytes is >= 0 and <= 64 << 10, nameof(DecisionTextBytes), "is not within 0 to 64 KiB");
    }

    private static void Check(bool good, string name, string fault)
    {
        if (!good)
            throw new ArgumentException($"{name} {fault}.", name);
    }
}
