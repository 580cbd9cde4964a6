using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Transcript;

/// <summary>
/// Reads the two recorded directions of a session and tells what happened in it. Feed it what was recorded, in that order (a request is
/// recorded before its reply), in pieces of any size; take entries after each piece. Holds a bounded amount of memory and
/// never throws for what the bytes are: what is not the protocol becomes a <see cref="PgMalformedEntry"/>, and that direction ends there.
/// </summary>
public sealed class PgTranscript
{
    private readonly PgTranscriptEntries _entries = new();
    private readonly PgTranscriptMatcher _matcher;
    private readonly PgTranscriptFramer _client;
    private readonly PgTranscriptFramer _server;
    private bool _toldUnmatched;

    /// <summary>Starts after authentication, with or without the server's messages up to the first ReadyForQuery.</summary>
    public PgTranscript(PgTranscriptLimits? limits = null)
    {
        limits ??= new PgTranscriptLimits();
        _matcher = new PgTranscriptMatcher(limits, _entries);
        _client = new PgTranscriptFramer(new PgTranscriptClient(limits, _matcher));
        _server = new PgTranscriptFramer(new PgTranscriptServer(limits, _matcher));
    }

    /// <summary>The next recorded bytes of one direction.</summary>
    public void Feed(Direction direction, ReadOnlySpan<byte> bytes, DateTimeOffset time)
    {
        PgTranscriptFramer framer = direction == Direction.FromClient ? _client : _server;
        if (framer.Violation is not null)
            return;
        framer.Feed(bytes, time);
        if (framer.Violation is not null)
            Malformed(direction, framer, framer.Violation, stopped: true, time);

        if (_matcher.Unmatched > 0 && !_toldUnmatched)
        {
            _toldUnmatched = true;
            Malformed(Direction.ToClient, _server, "a reply that fits no request: what follows may be inexact", stopped: false, time);
        }
    }

    /// <summary>Takes the next entry. Entries come in the order of their last reply.</summary>
    public bool TryTake(out PgTranscriptEntry? entry) => _entries.TryTake(out entry);

    /// <summary>Nothing more was recorded: what still waits for a reply becomes an entry.</summary>
    public void End(DateTimeOffset time)
    {
        foreach ((Direction direction, PgTranscriptFramer framer) in new[] { (Direction.FromClient, _client), (Direction.ToClient, _server) })
        {
            if (framer.Violation is null && !framer.AtBoundary)
                Malformed(direction, framer, "the end of the recording inside a message", stopped: true, time);
        }

        _matcher.End();
    }

    private void Malformed(Direction direction, PgTranscriptFramer framer, string reason, bool stopped, DateTimeOffset time) =>
        _entries.Add(new PgMalformedEntry { At = time, Direction = direction, Offset = framer.Offset, Reason = reason, Stopped = stopped });
}
