namespace Sallyport.Protocols.Ssh.Transcript;

/// <summary>What became of something that was asked for.</summary>
public enum SshOutcome : byte
{
    /// <summary>The recording holds no answer.</summary>
    NoReply,
    Accepted,
    Refused,
}

/// <summary>One channel of a recorded session as far as it is known by now; entries about it carry it, and it goes on changing.</summary>
public sealed class SshTranscriptChannel
{
    private readonly List<(string Name, string Value)> _environment = [];

    /// <summary>Its number in the recording.</summary>
    public required uint Number { get; init; }

    /// <summary>Which use of the number this is, from 1: numbers are used again after a channel's end.</summary>
    public required int Use { get; init; }

    /// <summary>Names it within the session: <c>0</c>, and <c>0.2</c> for the second use of 0.</summary>
    public string Label => Use == 1 ? $"{Number}" : $"{Number}.{Use}";

    /// <summary><c>session</c>, <c>direct-tcpip</c>, … (RFC 4254 6.1, 7.2).</summary>
    public required string Type { get; init; }

    /// <summary>True when the target opened it.</summary>
    public required bool FromTarget { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>Where a forwarded connection goes; empty for others.</summary>
    public required string Destination { get; init; }

    public SshOutcome Opened { get; internal set; }

    /// <summary>Why it was not opened.</summary>
    public string Refusal { get; internal set; } = "";

    /// <summary>True when it has a terminal.</summary>
    public bool HasTerminal { get; internal set; }

    /// <summary>Terminal type; empty without a terminal.</summary>
    public string Term { get; internal set; } = "";

    /// <summary>Size of the terminal as it is now; 0 without.</summary>
    public int Columns { get; internal set; }

    /// <inheritdoc cref="Columns"/>
    public int Rows { get; internal set; }

    /// <summary>What runs in it: <c>shell</c>, <c>exec</c> or <c>subsystem</c>; empty as long as nothing does.</summary>
    public string Runs { get; internal set; } = "";

    /// <summary>The command, or the subsystem's name.</summary>
    public string Command { get; internal set; } = "";

    /// <summary>What the target said to <see cref="Runs"/>.</summary>
    public SshOutcome Started { get; internal set; }

    /// <summary>Environment variables that were asked for; at most 64.</summary>
    public IReadOnlyList<(string Name, string Value)> Environment => _environment;

    /// <summary>Exit status; null when it ended without one.</summary>
    public uint? ExitStatus { get; internal set; }

    /// <summary>The signal that ended it, without SIG; empty for none.</summary>
    public string ExitSignal { get; internal set; } = "";

    public DateTimeOffset? ClosedAt { get; internal set; }

    public long InputBytes { get; internal set; }

    public long OutputBytes { get; internal set; }

    public long ErrorBytes { get; internal set; }

    // Answers come in the order of what they answer (RFC 4254 5.4); true: the answer is to what runs.
    internal Queue<bool> Unanswered { get; } = new();

    internal bool ClosedByClient { get; set; }

    internal bool ClosedByTarget { get; set; }

    internal void AddEnvironment(string name, string value)
    {
        if (_environment.Count < 64)
            _environment.Add((name, value));
    }
}
