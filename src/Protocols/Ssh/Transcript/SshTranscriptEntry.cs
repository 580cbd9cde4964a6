using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Transcript;

/// <summary>One thing that happened in a session.</summary>
/// <param name="At">When it was recorded.</param>
public abstract record SshTranscriptEntry(DateTimeOffset At);

/// <summary>Where a channel stands.</summary>
public enum SshChannelStep : byte
{
    /// <summary>It was asked for.</summary>
    Asked,
    Opened,
    Refused,

    /// <summary>Both sides closed it, or the recording ended: its summary is final.</summary>
    Closed,
}

/// <summary>A channel was asked for, opened, refused or closed.</summary>
public sealed record SshChannelEntry(DateTimeOffset At, SshTranscriptChannel Channel, SshChannelStep Step) : SshTranscriptEntry(At);

/// <summary>A channel request (RFC 4254 5.4).</summary>
/// <param name="Name">Its type: <c>exec</c>, <c>window-change</c>, ….</param>
/// <param name="Text">The command, the subsystem, the terminal's type, <c>NAME=value</c>, a signal, an exit status; empty for others.</param>
/// <param name="FromTarget">True when the target sent it.</param>
public sealed record SshRequestEntry(DateTimeOffset At, SshTranscriptChannel Channel, string Name, string Text, bool FromTarget) : SshTranscriptEntry(At)
{
    /// <summary>Size of the terminal from here on, for those that change it.</summary>
    public (int Columns, int Rows)? Size { get; init; }
}

/// <summary>Which of a channel's three streams.</summary>
public enum SshStream : byte
{
    Input,
    Output,
    Error,
}

/// <summary>Data of a channel, in pieces as they were recorded.</summary>
/// <param name="Bytes">Empty when data is not kept (<see cref="SshTranscriptLimits.KeepData"/>).</param>
public sealed record SshDataEntry(DateTimeOffset At, SshTranscriptChannel Channel, SshStream Stream, ReadOnlyMemory<byte> Bytes) : SshTranscriptEntry(At);

/// <summary>A global request (RFC 4254 4).</summary>
/// <param name="Destination">What is to be forwarded from where, when it asks for that.</param>
public sealed record SshGlobalEntry(DateTimeOffset At, string Name, string Destination, bool FromTarget) : SshTranscriptEntry(At);

/// <summary>Bytes that are not what a recording of SSH holds.</summary>
/// <param name="Offset">Bytes of this direction before.</param>
/// <param name="Stopped">True when nothing more of this direction can be read.</param>
public sealed record SshMalformedEntry(DateTimeOffset At, Direction Direction, long Offset, string Reason, bool Stopped) : SshTranscriptEntry(At);
