using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Postgres.Transcript;
using Sallyport.Proxy.Admin.Live;
using Sallyport.Recording;

namespace Sallyport.Proxy.Admin.Recordings;

/// <summary>Turns a recording into a transcript, item by item.</summary>
internal static class RecordedTranscript
{
    /// <summary>A transcript is for reading: the recording has the rest.</summary>
    private static readonly PgTranscriptLimits Limits = new() { Rows = 20 };

    /// <summary>What happened, from the first record to the last; damage is an item too.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IEnumerable<TranscriptJson> Read(string path)
    {
        using RecordingReader reader = RecordingReader.Open(path);
        PgTranscript? transcript = null;
        DateTimeOffset last = default;
        while (Step(reader, ref transcript, ref last) is { } told)
        {
            foreach (TranscriptJson item in told)
                yield return item;
        }

        yield return reader.SessionEnd is { } end ? TranscriptJson.Of(last, end) : new TranscriptJson("end", last) { Reason = "the recording has no end (yet)" };
    }

    /// <summary>What one step tells; null after the last.</summary>
    private static List<TranscriptJson>? Step(RecordingReader reader, ref PgTranscript? transcript, ref DateTimeOffset last)
    {
        List<TranscriptJson> told = [];
        switch (reader.Next(out Record record))
        {
            case ReadStatus.End when transcript is null:
                return null;
            case ReadStatus.End:
                End(ref transcript, last, told);
                return told;
            case ReadStatus.Damaged:
                // Bytes are missing here: what would be decoded from the rest could be anything.
                End(ref transcript, last, told);
                told.Add(new TranscriptJson("damage", last) { Reason = KebabNames.Name(reader.Damage.Kind) });
                return told;
        }

        last = record.Time;
        switch (record.Type)
        {
            case RecordType.SessionStart when reader.Facts?.Protocol == "postgres":
                transcript = new PgTranscript(Limits);
                break;
            case RecordType.DataFromClient or RecordType.DataToClient:
                transcript?.Feed(record.Type == RecordType.DataFromClient ? Direction.FromClient : Direction.ToClient, record.Payload, record.Time);
                Take(transcript, told);
                break;
            case RecordType.Decision when DecisionRecord.Read(record.Payload) is { } decision:
                told.Add(TranscriptJson.Of(last, new FollowedDecision(decision.Kind, decision.Verb, decision.Text, decision.Verdict, decision.RuleId, decision.Hint)));
                break;
            case RecordType.Event when EventRecord.Read(record.Payload) is { } happened:
                told.Add(new TranscriptJson("event", last) { Name = happened.Name, Detail = happened.Detail });
                break;
        }

        return told;
    }

    private static void End(ref PgTranscript? transcript, DateTimeOffset last, List<TranscriptJson> told)
    {
        transcript?.End(last);
        Take(transcript, told);
        transcript = null;
    }

    private static void Take(PgTranscript? transcript, List<TranscriptJson> told)
    {
        while (transcript is not null && transcript.TryTake(out PgTranscriptEntry? entry))
            told.Add(TranscriptJson.Of(entry!));
    }
}
