using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Transcript;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>
/// Statements and what came of them. Whoever comes in the middle of a session comes in the middle of messages: bytes are understood from the next ReadyForQuery
/// (PostgreSQL 55.7) on, which ends what the server has to say.
/// </summary>
internal sealed class ToldPostgres(bool fromMiddle) : IToldSession
{
    /// <summary>What a screen shows; the recording has the rest.</summary>
    private static readonly PgTranscriptLimits Limits = new() { Rows = 20 };

    private PgTranscript? _transcript = fromMiddle ? null : new PgTranscript(Limits);

    public List<TranscriptJson> Take(DateTimeOffset at, Direction direction, ReadOnlySpan<byte> bytes)
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
            if (fromMiddle && entry is PgMalformedEntry)
                _transcript = null;
            else
                told.Add(TranscriptJson.Of(entry!));
        }

        if (_transcript is null && idle)
            _transcript = new PgTranscript(Limits);
        return told;
    }

    public List<TranscriptJson> End(DateTimeOffset at)
    {
        List<TranscriptJson> told = [];
        _transcript?.End(at);
        while (_transcript is not null && _transcript.TryTake(out PgTranscriptEntry? entry))
            told.Add(TranscriptJson.Of(entry!));
        _transcript = null;
        return told;
    }

    /// <summary>Type Z, length 5, a state.</summary>
    private static bool EndsInReadyForQuery(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 6 && bytes[^6..^1].SequenceEqual("Z\0\0\0\u0005"u8) && bytes[^1] is (byte)'I' or (byte)'T' or (byte)'E';
}
