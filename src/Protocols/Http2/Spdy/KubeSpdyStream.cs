namespace Sallyport.Protocols.Http2.Spdy;

/// <summary>What a stream is for, by its <c>streamtype</c> field.</summary>
internal enum KubeStreamKind : byte
{
    /// <summary>Of a command: one Status object. Of a port: the server's error text.</summary>
    Error,
    Stdin,
    Stdout,
    Stderr,
    Resize,

    /// <summary>Bytes of a forwarded connection.</summary>
    Data,
}

/// <summary>A stream that a client has opened.</summary>
/// <param name="Port">Of a forwarded port; 0 for the streams of a command.</param>
/// <param name="RequestId">Which of a port's connections it belongs to; empty for the streams of a command.</param>
internal sealed record KubeSpdyStream(uint Id, KubeStreamKind Kind, ushort Port, string RequestId)
{
    /// <summary>It was refused: nothing of it goes to the target, and what the client still sends on it is dropped.</summary>
    public bool IsRefused { get; internal set; }

    /// <summary>The client will send no more on it.</summary>
    public bool ClientHasEnded { get; internal set; }

    /// <summary>The target will send no more on it.</summary>
    public bool TargetHasEnded { get; internal set; }
}
