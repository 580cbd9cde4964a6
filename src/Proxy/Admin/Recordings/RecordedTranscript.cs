using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Admin.Live;
using Sallyport.Recording;

namespace Sallyport.Proxy.Admin.Recordings;

/// <summary>Turns a recording into a transcript, item by item.</summary>
internal static class RecordedTranscript
{
    /// <summary>What happened, from the first record to the last; damage is an item too.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IEnumerable<TranscriptJson> Read(string path)
    {
        using RecordingReader reader = RecordingReader.Open(path);
        IToldSession? session = null;
        DateTimeOffset last = default;
        while (Step(reader, ref session, ref last) is { } told)
        {
            foreach (TranscriptJson item in told)
                yield return item;
        }

        yield return reader.SessionEnd is { } end ? TranscriptJson.Of(last, end) : new TranscriptJson("end", last) { Reason = "the recording has no end (yet)" };
    }

    /// <summary>What one step tells; null after the last.</summary>
    private static List<TranscriptJson>? Step(RecordingReader reader, ref IToldSession? session, ref DateTimeOffset last)
    {
        List<TranscriptJson> told = [];
        switch (reader.Next(out Record record))
        {
            case ReadStatus.End when session is null:
                return null;
            case ReadStatus.End:
                told = session.End(last);
                session = null;
                return told;
            case ReadStatus.Damaged:
                // Bytes are missing here: what would be decoded from the rest could be anything.
                told = session?.End(last) ?? [];
                session = null;
                told.Add(new TranscriptJson("damage", last) { Reason = KebabNames.Name(reader.Damage.Kind) });
                return told;
        }

        last = record.Time;
        switch (record.Type)
        {
            case RecordType.SessionStart:
                session = ToldSessions.Of(reader.Facts?.Protocol ?? "", fromMiddle: false);
                break;
            case RecordType.DataFromClient or RecordType.DataToClient when session is not null:
                return session.Take(last, record.Type == RecordType.DataFromClient ? Direction.FromClient : Direction.ToClient, record.Payload);
            case RecordType.Decision when DecisionRecord.Read(record.Payload) is { } read:
                var decision = new FollowedDecision(read.Kind, read.Verb, read.Text, read.Verdict, read.RuleId, read.Hint);
                session?.Decide(decision);
                told.Add(TranscriptJson.Of(last, decision));
                break;
            case RecordType.Event when EventRecord.Read(record.Payload) is { } happened:
                told.Add(new TranscriptJson("event", last) { Name = happened.Name, Detail = happened.Detail });
                break;
        }

        return told;
    }
}
