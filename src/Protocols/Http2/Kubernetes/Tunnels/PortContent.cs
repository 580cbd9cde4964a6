using System.Buffers;
using Sallyport.Protocols.Http2.WebSockets;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>Forwarded ports as channels: all of them were named by the request, and judged with it.</summary>
internal sealed class PortContent : WebSocketContent, IDisposable
{
    private readonly TunnelRecord _record;
    private readonly KubeStreamRequest _request;
    private readonly KubePortReader _fromClient;
    private readonly KubePortReader _fromTarget;
    private readonly (long ToTarget, long ToClient)[] _bytes;
    private readonly long _began = Environment.TickCount64;

    public PortContent(KubeStreamRequest request, TunnelRecord record)
    {
        (_request, _record) = (request, record);
        _fromClient = new KubePortReader(request.Ports, fromClient: true);
        _fromTarget = new KubePortReader(request.Ports, fromClient: false);
        _bytes = new (long, long)[request.Ports.Count];
    }

    public override string? Take(bool fromClient, WebSocketSlice slice, IBufferWriter<byte> on, IBufferWriter<byte> back)
    {
        if (!(fromClient ? _fromClient : _fromTarget).TryRead(slice, out int port, out bool isError, out ReadOnlySpan<byte> payload))
            return "A channel that was not asked for, or that this side does not write.";
        if (port >= 0 && !isError && fromClient)
            _bytes[port].ToTarget += payload.Length;
        else if (port >= 0 && !isError)
            _bytes[port].ToClient += payload.Length;
        Towards(target: fromClient).Piece(on, slice);
        return null;
    }

    public void Dispose()
    {
        for (int i = 0; i < _bytes.Length; i++)
            _record.Forwarded(_request.Destination(_request.Ports[i]), _bytes[i].ToTarget, _bytes[i].ToClient, _began);
    }
}
