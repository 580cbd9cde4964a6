namespace Sallyport.Recording;

/// <summary>What is wrong with a range of a recording.</summary>
public enum DamageKind : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It does not begin as a recording does.</summary>
    NotARecording,

    /// <summary>The file header is not what was written.</summary>
    FileHeader,

    /// <summary>Written by a later version, or encrypted: this reader cannot judge it.</summary>
    Unsupported,

    /// <summary>No chunk begins here although one should.</summary>
    ChunkHeader,

    /// <summary>The chunk's body is not what was written.</summary>
    ChunkBody,

    /// <summary>The chunk is whole but does not follow the one before it: something was removed, moved, repeated or put in.</summary>
    ChainBroken,

    /// <summary>The chunk is whole but what it holds is not a run of records.</summary>
    Records,

    /// <summary>The file ends inside this chunk: the last write before a crash, or a cut.</summary>
    TornTail,

    /// <summary>Bytes after the trailer.</summary>
    AfterTrailer,
}

/// <summary>A range of bytes that proves nothing.</summary>
/// <param name="Kind">Why.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Length">How many bytes. 0: the place where the chain breaks; the chunk that follows is whole in itself.</param>
public readonly record struct Damage(DamageKind Kind, long Offset, long Length);
