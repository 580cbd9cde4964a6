namespace Sallyport.Protocols.Wire;

/// <summary>What looking at bytes from a peer can say. Malformed bytes are values, not exceptions.</summary>
public enum ParseStatus : byte
{
    /// <summary>Understood.</summary>
    Done,

    /// <summary>So far legal; more bytes are needed.</summary>
    NeedMore,

    /// <summary>Not legal, whatever follows.</summary>
    Malformed,
}
