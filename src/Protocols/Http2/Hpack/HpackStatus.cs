namespace Sallyport.Protocols.Http2.Hpack;

/// <summary>What decoding one field block came to.</summary>
internal enum HpackStatus : byte
{
    /// <summary>The head holds every field of the block.</summary>
    Done,

    /// <summary>
    /// The head is larger than it may be and holds the fields that did fit; the block was decoded to its end, so the table is what the peer thinks it is.
    /// The stream is refused (431), the connection goes on (RFC 9113 10.5.1).
    /// </summary>
    TooLarge,

    /// <summary>The connection must end, as <see cref="HpackDecoder.Violation"/> says: nothing that follows can be decoded.</summary>
    Failed,
}
