namespace Sallyport.Protocols.Http2.Transcript;

/// <summary>What a transcript holds at most.</summary>
public sealed record HttpTranscriptLimits
{
    /// <summary>False: bodies and terminals are counted, not given. For lists.</summary>
    public bool KeepData { get; init; } = true;

    /// <summary>Exchanges that are under way at once. A connection has some hundreds of streams; what is beyond is told once and not followed.</summary>
    public int Exchanges { get; init; } = 4096;

    /// <summary>Bytes of one message that is no data: a head of the largest size that an operator would set, grown by what stands for secrets.</summary>
    public int MessageBytes { get; init; } = 4 << 20;

    /// <summary>Characters of all fields of exchanges under way together; those of heads beyond are not kept, but for what the request is.</summary>
    public long FieldChars { get; init; } = 32 << 20;

    /// <summary>Commands of kubectl that are remembered.</summary>
    public int Commands { get; init; } = 256;

    /// <summary>Requests of a program that names no command belong together when they are no further apart.</summary>
    public TimeSpan CommandGap { get; init; } = TimeSpan.FromSeconds(2);
}
