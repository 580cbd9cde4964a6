namespace Sallyport.Protocols.Http2.WebSockets;

/// <summary>
/// One direction of ports over <c>v4.channel.k8s.io</c>: of the n-th port asked for, channel 2n is the data of both sides and channel 2n+1 the server's error
/// text. A server begins each channel with its port, two bytes, the low one first.
/// </summary>
internal sealed class KubePortReader
{
    private readonly bool _fromClient;
    private readonly ushort[] _ports;
    private readonly byte[] _begun;
    private int _channel;

    /// <param name="ports">As the request named them; 1 to 128, so that a byte can name each channel.</param>
    public KubePortReader(IReadOnlyList<ushort> ports, bool fromClient)
    {
        ArgumentOutOfRangeException.ThrowIfZero(ports.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ports.Count, 128);
        _fromClient = fromClient;
        _ports = [.. ports];
        _begun = new byte[ports.Count * 2];
        _channel = -1;
    }

    /// <param name="port">Its place in the list of ports; -1 of a message that is empty so far.</param>
    /// <param name="isError">The error text of that port.</param>
    /// <param name="payload">Without channel and port.</param>
    /// <returns>False: a channel that is not there or that this side does not write, or another port than was asked for.</returns>
    public bool TryRead(WebSocketSlice slice, out int port, out bool isError, out ReadOnlySpan<byte> payload)
    {
        payload = slice.Payload;
        if (slice.Begins)
            _channel = -1;
        if (_channel < 0 && !payload.IsEmpty)
        {
            _channel = payload[0];
            payload = payload[1..];
        }

        port = _channel < 0 ? -1 : _channel / 2;
        isError = (_channel & 1) != 0 && _channel >= 0;
        if (port >= _ports.Length || (isError && _fromClient))
            return false;
        while (!_fromClient && port >= 0 && _begun[_channel] < 2 && !payload.IsEmpty)
        {
            if (payload[0] != (byte)(_ports[port] >> (8 * _begun[_channel])))
                return false;
            _begun[_channel]++;
            payload = payload[1..];
        }

        return true;
    }
}
