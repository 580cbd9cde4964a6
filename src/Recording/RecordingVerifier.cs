using Sallyport.Contract;

namespace Sallyport.Recording;

/// <summary>What a recording proves.</summary>
public enum VerifyOutcome : byte
{
    /// <summary>Every byte is accounted for, from the facts to the trailer.</summary>
    Intact = 0,

    /// <summary>What is there is as it was written, but the end is missing: a session that still runs, or a crash, or a cut.</summary>
    Incomplete = 1,

    /// <summary>Something is not as it was written.</summary>
    Damaged = 2,
}

/// <summary>What a recording proves, and what not, and why.</summary>
public sealed record VerifyReport
{
    public required VerifyOutcome Outcome { get; init; }

    /// <summary>Bytes read.</summary>
    public required long FileBytes { get; init; }

    /// <summary>Bytes from the start of the file that are proven.</summary>
    public required long ProvenBytes { get; init; }

    public required long ProvenChunks { get; init; }

    public required long ProvenRecords { get; init; }

    /// <summary>Start of the recording (UTC); null when not even the file header is proven.</summary>
    public required DateTimeOffset? ProvenFrom { get; init; }

    /// <summary>Time of the last proven record (UTC).</summary>
    public required DateTimeOffset? ProvenUntil { get; init; }

    /// <summary>The first of what was found wrong, at most <see cref="RecordingReader.MaxDamages"/>; <see cref="DamageCount"/> counts all.</summary>
    public required IReadOnlyList<Damage> Damages { get; init; }

    public required long DamageCount { get; init; }

    /// <summary>The facts, when they are proven.</summary>
    public required SessionFacts? Facts { get; init; }

    /// <summary>How the session ended; null when the recording has no trailer.</summary>
    public required SessionEnd? SessionEnd { get; init; }
}

/// <summary>Follows a recording link by link from its first byte to its last.</summary>
public static class RecordingVerifier
{
    /// <summary>Verifies the recording in <paramref name="stream"/>, which is disposed.</summary>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static VerifyReport Verify(Stream stream)
    {
        using var reader = new RecordingReader(stream);
        return Drain(reader);
    }

    /// <summary>Verifies a file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static VerifyReport Verify(string path)
    {
        using RecordingReader reader = RecordingReader.Open(path);
        return Drain(reader);
    }

    private static VerifyReport Drain(RecordingReader reader)
    {
        while (reader.Next(out _) != ReadStatus.End)
        {
            // Reading is proving; the reader keeps what it finds.
        }

        return reader.Report();
    }
}
