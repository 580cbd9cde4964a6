namespace Sallyport.Protocols.Http2.Http1;

/// <summary>Bounds of HTTP/1.1 messages, in bytes. How many fields a head has, and how large it is with them, the <see cref="Heads.HttpHead"/> says that it is read into. Time is the caller's.</summary>
internal sealed record H1Limits
{
    public static readonly H1Limits Default = new();

    /// <summary>The request line or status line. RFC 9112 3 asks for 8000 at least; the arguments of a command in a container stand in it.</summary>
    public int StartLine { get; init; } = 32 * 1024;

    /// <summary>One field line: tokens of large identity providers come to some kilobytes.</summary>
    public int FieldLine { get; init; } = 32 * 1024;

    /// <summary>Start line and all field lines; and all lines of a trailer section.</summary>
    public int Head { get; init; } = 64 * 1024;

    /// <summary>A method. The longest registered one has 17 letters (UPDATEREDIRECTREF).</summary>
    public int Method { get; init; } = 24;

    /// <summary>The line of a chunk's size with its extensions. Nobody uses them; attacks do.</summary>
    public int ChunkLine { get; init; } = 256;

    /// <summary>Bytes of chunk extensions of one whole body: they are dropped, and nobody may be made to read them without end (RFC 9112 7.1.1).</summary>
    public int ChunkExtensions { get; init; } = 4096;
}
