using System.Buffers;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>One direction of a SPDY connection.</summary>
internal sealed class SpdyFilter(bool fromClient, SpdyRelay relay, TunnelState state, TunnelRecord record) : TunnelFilter(state, record)
{
    protected override string? TryRead(ReadOnlySpan<byte> data, ArrayBufferWriter<byte> on, ArrayBufferWriter<byte> back) => relay.Take(fromClient, data, on, back);

    protected override void End(ArrayBufferWriter<byte> on)
    {
        // Nothing is held back but a frame that is not whole, which nobody could use.
    }
}
