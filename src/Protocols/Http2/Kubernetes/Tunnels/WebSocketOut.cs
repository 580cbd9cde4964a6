using System.Buffers;
using Sallyport.Protocols.Http2.WebSockets;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>Frames towards one side of a tunnel, whoever's they are: what the other side said, and what is said here.</summary>
internal sealed class WebSocketOut(bool asClient)
{
    private readonly WebSocketFrameWriter _writer = new(asClient);

    /// <summary>A message is under way: no other may begin (RFC 6455 5.4).</summary>
    public bool IsWithinMessage { get; private set; }

    /// <summary>A piece of a message, as a frame of it.</summary>
    public void Piece(IBufferWriter<byte> to, WebSocketSlice slice)
    {
        _writer.Write(to, slice.Begins ? slice.Opcode : WebSocketOpcode.Continuation, slice.Payload, slice.Ends);
        IsWithinMessage = !slice.Ends;
    }

    /// <summary>A whole message of bytes, or a control frame.</summary>
    public void Whole(IBufferWriter<byte> to, WebSocketOpcode opcode, ReadOnlySpan<byte> payload) => _writer.Write(to, opcode, payload);

    public void Close(IBufferWriter<byte> to, ushort code) => _writer.WriteClose(to, code);
}
