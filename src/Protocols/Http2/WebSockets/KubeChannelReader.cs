namespace Sallyport.Protocols.Http2.WebSockets;

/// <summary>Channels of a command in a container (exec, attach): the first byte of each message.</summary>
internal enum KubeChannel : byte
{
    Stdin = 0,
    Stdout = 1,
    Stderr = 2,

    /// <summary>One Status object in JSON, at the end.</summary>
    Error = 3,

    /// <summary>Objects like {"Width":80,"Height":24}.</summary>
    Resize = 4,

    /// <summary>v5: the client has ended the channel whose number is the payload.</summary>
    Close = 255,
}

/// <summary>
/// One direction of <c>v4.channel.k8s.io</c> or <c>v5.channel.k8s.io</c>: takes the channel off each message. Text and binary messages mean the same; the
/// Python client sends text.
/// </summary>
internal sealed class KubeChannelReader(KubeSubprotocol protocol, bool fromClient)
{
    private KubeChannel _channel;
    private bool _hasChannel;
    private bool _hasClosing;

    /// <param name="channel">Whose bytes they are.</param>
    /// <param name="payload">May be empty: a message of its channel alone, as a server sends one when it is ready.</param>
    /// <param name="closed">The channel that the client has ended with this slice; null: none.</param>
    /// <returns>False: a channel that this side does not write, or one closed in a way that is not legal.</returns>
    public bool TryRead(WebSocketSlice slice, out KubeChannel channel, out ReadOnlySpan<byte> payload, out KubeChannel? closed)
    {
        payload = slice.Payload;
        closed = null;
        if (slice.Begins)
            _hasChannel = _hasClosing = false;
        if (!_hasChannel && !payload.IsEmpty)
        {
            _channel = (KubeChannel)payload[0];
            _hasChannel = true;
            payload = payload[1..];
        }

        channel = _channel;
        if (!_hasChannel)
            return true;
        if (channel != KubeChannel.Close)
            return fromClient ? channel is KubeChannel.Stdin or KubeChannel.Resize : channel is KubeChannel.Stdout or KubeChannel.Stderr or KubeChannel.Error;
        if (!fromClient || protocol != KubeSubprotocol.V5)
            return false;
        if (payload.IsEmpty)
            return !slice.Ends || _hasClosing;

        // One byte, once: Kubernetes closes stdin with it, and knows no other use.
        if (_hasClosing || payload.Length > 1 || payload[0] is not ((byte)KubeChannel.Stdin or (byte)KubeChannel.Resize))
            return false;
        _hasClosing = true;
        closed = (KubeChannel)payload[0];
        return true;
    }
}
