using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Transcript;

/// <summary>
/// Reads the two recorded directions of an HTTP session (docs/recording-format.md, "Data of HTTP") and tells what happened in it. Feed it what was recorded, in
/// that order, in pieces of any size; take entries after each piece. Holds a bounded amount of memory and never throws for what the bytes are: what is
/// not the format becomes a <see cref="HttpMalformedEntry"/>.
/// </summary>
public sealed class HttpTranscript
{
    private readonly HttpTranscriptReader _reader;
    private readonly HttpTranscriptFramer _client;
    private readonly HttpTranscriptFramer _target;

    public HttpTranscript(HttpTranscriptLimits? limits = null)
    {
        limits ??= new HttpTranscriptLimits();
        _reader = new HttpTranscriptReader(limits);
        _client = new HttpTranscriptFramer(limits, _reader, Direction.FromClient);
        _target = new HttpTranscriptFramer(limits, _reader, Direction.ToClient);
    }

    /// <summary>The next recorded bytes of one direction.</summary>
    public void Feed(Direction direction, ReadOnlySpan<byte> bytes, DateTimeOffset time)
    {
        HttpTranscriptFramer framer = Framer(direction);
        if (framer.Violation is not null)
            return;
        framer.Feed(bytes, time);
        if (framer.Violation is not null)
            _reader.Add(new HttpMalformedEntry(time, direction, framer.Offset, framer.Violation, Stopped: true));
    }

    /// <summary>A decision stands here in the recording.</summary>
    /// <param name="text">The action's text.</param>
    /// <returns>The exchange it is about; null when that is not certain.</returns>
    public HttpTranscriptExchange? Decided(string text, VerdictKind verdict, string rule, string? hint, bool masked) => _reader.Decided(text, verdict, rule, hint, masked);

    /// <summary>Takes the next entry, in the order of the recording.</summary>
    public bool TryTake(out HttpTranscriptEntry? entry) => _reader.TryTake(out entry);

    /// <summary>Nothing more was recorded: exchanges that are under way become entries.</summary>
    public void End(DateTimeOffset time)
    {
        foreach (Direction direction in new[] { Direction.FromClient, Direction.ToClient })
        {
            HttpTranscriptFramer framer = Framer(direction);
            if (framer is { Violation: null, AtBoundary: false })
                _reader.Add(new HttpMalformedEntry(time, direction, framer.Offset, "the end of the recording inside a message", Stopped: true));
        }

        _reader.End(time);
    }

    private HttpTranscriptFramer Framer(Direction direction) => direction == Direction.FromClient ? _client : _target;
}
