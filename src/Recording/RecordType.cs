namespace Sallyport.Recording;

/// <summary>
/// What a record holds. Values are stored in files: never renumbered. Reserved for later: 32–47 seals and signed checkpoints, 48–63 keys
/// of encrypted recordings. 128–255 are free for private use. A reader skips a type that it does not know.
/// </summary>
public enum RecordType : byte
{
    /// <summary>The facts of the session: the first record of every recording, and only there.</summary>
    SessionStart = 1,

    /// <summary>Bytes of the protocol, as the client sent them.</summary>
    DataFromClient = 2,

    /// <summary>Bytes of the protocol, as the client was shown them.</summary>
    DataToClient = 3,

    /// <summary>An action and what policy said of it.</summary>
    Decision = 4,

    /// <summary>A fixed word and one line of detail.</summary>
    Event = 5,

    /// <summary>The trailer: the last record of a complete recording.</summary>
    SessionEnd = 6,
}

/// <summary>What is known of a record as a whole.</summary>
[Flags]
public enum RecordFlags : byte
{
    None = 0,

    /// <summary>The payload keeps only the head of what there was.</summary>
    Truncated = 1,
}
