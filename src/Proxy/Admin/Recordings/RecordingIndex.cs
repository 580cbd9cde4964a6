using System.Globalization;
using Sallyport.Contract;
using Sallyport.Recording;

namespace Sallyport.Proxy.Admin.Recordings;

/// <summary>A recording on this node's disk.</summary>
/// <param name="StartedAt">As its name says, to the second.</param>
internal sealed record RecordingFile(Guid Session, DateTimeOffset StartedAt, string Path)
{
    /// <summary>Its name, without the directory.</summary>
    public string Name => System.IO.Path.GetFileName(Path);
}

/// <summary>
/// The recordings in this node's directory. Whoever asks names a session id and nothing else: no text of theirs ever becomes a part of a path,
/// and what is not a plain file of the form that the recorder writes is not there.
/// </summary>
internal sealed class RecordingIndex(string directory)
{
    private const string TimeForm = "yyyyMMdd'T'HHmmss'Z'";

    /// <summary>Length of the time in a name.</summary>
    private const int TimeLength = 16;

    /// <summary>The recording of a session; null: it is not here.</summary>
    public RecordingFile? Find(Guid session)
    {
        foreach (string path in Files($"*-{session:D}{Recorder.Extension}"))
        {
            if (Parse(path) is { } file && file.Session == session)
                return file;
        }

        return null;
    }

    /// <summary>Recordings by time, newest first.</summary>
    /// <param name="before">Only names that sort before this one, which a caller has from an earlier answer; null: all.</param>
    public IEnumerable<RecordingFile> Newest(string? before, DateTimeOffset? since, DateTimeOffset? until) =>
        Files("*" + Recorder.Extension)
            .Select(Parse)
            .OfType<RecordingFile>()
            .Where(file => (since is null || file.StartedAt >= since) && (until is null || file.StartedAt < until) && (before is null || string.CompareOrdinal(file.Name, before) < 0))
            .OrderByDescending(file => file.Name, StringComparer.Ordinal);

    /// <summary>The facts at its start; null when they cannot be read.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SessionFacts? Facts(RecordingFile file)
    {
        using RecordingReader reader = RecordingReader.Open(file.Path);
        reader.Next(out _);
        return reader.Facts;
    }

    private IEnumerable<string> Files(string pattern) => Directory.Exists(directory)
        ? Directory.EnumerateFiles(directory, pattern, new EnumerationOptions { AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Directory, IgnoreInaccessible = true })
        : [];

    private static RecordingFile? Parse(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        return name.Length == TimeLength + 37 && name[TimeLength] == '-'
            && DateTimeOffset.TryParseExact(name.AsSpan(0, TimeLength), TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)
            && Guid.TryParseExact(name.AsSpan(TimeLength + 1), "D", out Guid session)
            ? new RecordingFile(session, at, path)
            : null;
    }
}
