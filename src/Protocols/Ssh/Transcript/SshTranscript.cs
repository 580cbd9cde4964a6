using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Transcript;

/// <summary>
/// Reads the two recorded directions of an SSH session (docs/recording-format.md, "SSH") and tells what happened in it. Feed it what was recorded, in that
/// order, in pieces of any size; take entries after each piece. Holds a bounded amount of memory and never throws for what the bytes are: what is not
/// the format becomes a <see cref="SshMalformedEntry"/>.
/// </summary>
public sealed class SshTranscript
{
    private readonly SshTranscriptReader _reader;
    private readonly SshTranscriptFramer _client;
    private readonly SshTranscriptFramer _target;

    public SshTranscript(SshTranscriptLimits? limits = null)
    {
        limits ??= new SshTranscriptLimits();
        _reader = new SshTranscriptReader(limits);
        _client = new SshTranscriptFramer(limits, _reader, fromTarget: false);
        _target = new SshTranscriptFramer(limits, _reader, fromTarget: true);
    }

    /// <summary>The next recorded bytes of one direction.</summary>
    public void Feed(Direction direction, ReadOnlySpan<byte> bytes, DateTimeOffset time)
    {
        SshTranscriptFramer framer = Framer(direction);
        if (framer.Violation is not null)
            return;
        framer.Feed(bytes, time);
        if (_reader.TakeFault() is { } fault)
            Malformed(direction, fault, stopped: false, time);
        if (framer.Violation is not null)
            Malformed(direction, framer.Violation, stopped: true, time);
    }

    /// <summary>Takes the next entry, in the order of the recording.</summary>
    public bool TryTake(out SshTranscriptEntry? entry) => _reader.TryTake(out entry);

    /// <summary>Nothing more was recorded: channels that are open become entries.</summary>
    public void End(DateTimeOffset time)
    {
        foreach (Direction direction in new[] { Direction.FromClient, Direction.ToClient })
        {
            if (Framer(direction) is { Violation: null, AtBoundary: false })
                Malformed(direction, "the end of the recording inside a message", stopped: true, time);
        }

        _reader.End(time);
    }

    private SshTranscriptFramer Framer(Direction direction) => direction == Direction.FromClient ? _client : _target;

    private void Malformed(Direction direction, string reason, bool stopped, DateTimeOffset time) =>
        _reader.Add(new SshMalformedEntry(time, direction, Framer(direction).Offset, reason, stopped));
}
