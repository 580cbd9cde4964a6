namespace Sallyport.Protocols.Http2.Heads;

/// <summary>By which rules a head is judged.</summary>
[Flags]
internal enum HeadForm : byte
{
    /// <summary>HTTP/2 (RFC 9113 8).</summary>
    Http2 = 0,

    /// <summary>HTTP/1.1: its parser has made pseudo-header fields of the first line and of Host; fields of the connection are legal there, and are the parser's to understand.</summary>
    Http1 = 1,

    /// <summary>We have sent SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 3): a request may have <c>:protocol</c>.</summary>
    ExtendedConnect = 2,
}

/// <summary>What a legal head says of its message.</summary>
internal record struct HeadFacts()
{
    /// <summary>Of a response; 0: it is none.</summary>
    public int Status { get; set; }

    /// <summary>Content-Length; -1: there is none.</summary>
    public long ContentLength { get; set; } = -1;

    /// <summary>CONNECT, also the extended one.</summary>
    public bool IsConnect { get; set; }

    /// <summary>Extended CONNECT (RFC 8441 4).</summary>
    public bool IsExtendedConnect { get; set; }

    public bool IsHead { get; set; }

    public bool IsHttps { get; set; }

    /// <summary><c>te: trailers</c> (RFC 9110 10.1.4).</summary>
    public bool TakesTrailers { get; set; }

    /// <summary>An interim response (RFC 9110 15.2), which others follow.</summary>
    public readonly bool IsInterim => Status is >= 100 and < 200;
}
