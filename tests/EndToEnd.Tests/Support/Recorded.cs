using Sallyport.Contract;
using Sallyport.Recording;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>One recording, read whole.</summary>
public sealed class Recorded
{
    private readonly MemoryStream _bytes = new();

    private Recorded(string file) => File = file;

    /// <summary>Its path.</summary>
    public string File { get; }

    /// <summary>Who, from where, to what.</summary>
    public SessionFacts? Facts { get; private set; }

    /// <summary>Its trailer; null when there is none.</summary>
    public SessionEnd? End { get; private set; }

    /// <summary>What policy said, in order.</summary>
    public List<DecisionRecord> Decisions { get; } = [];

    /// <summary>Events, in order.</summary>
    public List<EventRecord> Events { get; } = [];

    /// <summary>Every payload of it, decompressed: facts, protocol bytes, decisions, events, trailer.</summary>
    public byte[] Bytes => _bytes.ToArray();

    /// <summary>The recordings of a folder that are complete, in the order of their start.</summary>
    public static IReadOnlyList<Recorded> In(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.sprec").Order(StringComparer.Ordinal).Select(Read).Where(recording => recording.End is not null)];

    /// <summary>Waits for the complete recording of the only session in which the client called itself <paramref name="clientUser"/>.</summary>
    /// <exception cref="TimeoutException">There was none within 30 s.</exception>
    public static async Task<Recorded> OfAsync(string folder, string clientUser)
    {
        long deadline = Environment.TickCount64 + 30_000;
        while (Environment.TickCount64 < deadline)
        {
            if (Directory.Exists(folder) && In(folder).SingleOrDefault(recording => recording.Facts?.ClientUser == clientUser) is { } found)
                return found;
            await Task.Yield();
        }

        throw new TimeoutException($"No complete recording of {clientUser} in {folder}.");
    }

    /// <summary>Reads a file, as far as it goes.</summary>
    public static Recorded Read(string file)
    {
        var recorded = new Recorded(file);
        using RecordingReader reader = RecordingReader.Open(file);
        while (reader.Next(out Record record) == ReadStatus.Record)
        {
            recorded._bytes.Write(record.Payload);
            if (record.Type == RecordType.Decision && DecisionRecord.Read(record.Payload) is { } decision)
                recorded.Decisions.Add(decision);
            if (record.Type == RecordType.Event && EventRecord.Read(record.Payload) is { } happened)
                recorded.Events.Add(happened);
        }

        (recorded.Facts, recorded.End) = (reader.Facts, reader.SessionEnd);
        return recorded;
    }
}
