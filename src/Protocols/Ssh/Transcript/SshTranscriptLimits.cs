namespace Sallyport.Protocols.Ssh.Transcript;

/// <summary>What a transcript holds at most.</summary>
public sealed record SshTranscriptLimits
{
    /// <summary>False: data is counted, not given. For lists.</summary>
    public bool KeepData { get; init; } = true;

    /// <summary>True: whoever reads came in the middle. A channel whose opening was not seen is taken for a session that is open.</summary>
    public bool FromMiddle { get; init; }

    /// <summary>Characters kept of one text: a command, a name, a variable.</summary>
    public int TextChars { get; init; } = 32 << 10;

    /// <summary>Channels that are open at once. OpenSSH's clients open a handful; what is beyond is told once and not followed.</summary>
    public int Channels { get; init; } = 4096;

    /// <summary>Bytes of one message. Data beyond the 32 KiB that RFC 4254 asks for is legal; a megabyte is no message.</summary>
    public int MessageBytes { get; init; } = 1 << 20;

    /// <summary>Bytes kept of a message that is no data.</summary>
    internal int HeadBytes => (4 * Math.Min(TextChars, 64 << 10)) + 1024;
}
