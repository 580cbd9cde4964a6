using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Transcript;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>
/// Turns what a follower gets into a transcript. Whoever comes in the middle of a session comes in the middle of messages: bytes are
/// understood from the next ReadyForQuery (PostgreSQL 55.7) on, which ends what the server has to say; SSH by <see cref="LiveSsh"/>. Decisions and events are shown at once.
/// </summary>
internal sealed class LiveTranscript(string protocol)
{
    /// <summary>What a screen shows; the recording has the rest.</summary>
    private static readonly PgTranscriptLimits Limits = new() { Rows = 20 };

    private readonly LiveSsh _ssh = new();
    private PgTranscript? _transcript;

    /// <summary>What this item tells.</summary>
    public IEnumerable<TranscriptJson> Take(FollowedItem item)
    {
        if (item.Decision is { } decision)
            return [TranscriptJson.Of(item.At, decision)];
        if (item.Event is { } happened)
            return [new TranscriptJson("event", item.At) { Name = happened.Name, Detail = happened.Detail }];
        if (item.Data is not { } data)
            return [];
        return protocol switch
        {
            "postgres" => Understand(item.At, data.Direction, data.Bytes),
            "ssh" => _ssh.Take(item.At, data.Direction, data.Bytes),
            _ => [],
        };
    }

    private List<TranscriptJson> Understand(DateTimeOffset at, Direction direction, byte[] bytes)
    {
        List<TranscriptJson> told = [];
        bool idle = direction == Direction.ToClient && EndsInReadyForQuery(bytes);
        if (_transcript is null)
        {
            _transcript = idle ? new PgTranscript(Limits) : null;
            return told;
        }

        _transcript.Feed(direction, bytes, at);
        while (_transcript is not null && _transcript.TryTake(out PgTranscriptEntry? entry))
        {
            // Bytes that were taken up at a wrong place make no sense from there on: they are taken up anew at the next right one.
            if (entry is PgMalformedEntry)
                _transcript = null;
            else
                told.Add(TranscriptJson.Of(entry!));
        }

        if (_transcript is null && idle)
            _transcript = new PgTranscript(Limits);
        return told;
    }

    /// <summary>Type Z, length 5, a state.</summary>
    private static bool EndsInReadyForQuery(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 6 && bytes[^6..^1].SequenceEqual("Z\0\0\0\u0005"u8) && bytes[^1] is (byte)'I' or (byte)'T' or (byte)'E';
}
