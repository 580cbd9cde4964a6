using System.Buffers;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.WebSockets;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>The channels of a command (exec, attach): recorded, and masked where that is in force.</summary>
internal sealed class CommandContent : WebSocketContent
{
    private readonly TunnelRecord _record;
    private readonly KubeChannelReader _fromClient;
    private readonly KubeChannelReader _fromTarget;
    private readonly IStreamMask?[] _masks;
    private byte[] _masked = [];

    /// <param name="masks">Those of the output and of the error output; empty: they are shown as they are.</param>
    public CommandContent(KubeSubprotocol protocol, TunnelRecord record, (IStreamMask? Output, IStreamMask? Error) masks)
    {
        _record = record;
        _fromClient = new KubeChannelReader(protocol, fromClient: true);
        _fromTarget = new KubeChannelReader(protocol, fromClient: false);
        _masks = [null, masks.Output, masks.Error];
    }

    public override string? Take(bool fromClient, WebSocketSlice slice, IBufferWriter<byte> on, IBufferWriter<byte> back)
    {
        if (!(fromClient ? _fromClient : _fromTarget).TryRead(slice, out KubeChannel channel, out ReadOnlySpan<byte> payload, out _))
            return "A channel that this side does not write.";
        if (!fromClient && MaskOf(channel) is { } mask)
        {
            Show(mask, channel, payload, flush: false, on);
            return null;
        }

        // How the command ended, and that a channel is closed, is said behind what was shown.
        if (!fromClient)
            Flush(on);
        if (channel <= KubeChannel.Resize)
            _record.Command(fromClient, (byte)channel, payload);
        Towards(target: fromClient).Piece(on, slice);
        // Whoever types waits for what was shown so far.
        if (fromClient && channel == KubeChannel.Stdin)
            Flush(back);
        return null;
    }

    public override void End(bool fromClient, IBufferWriter<byte> on)
    {
        if (!fromClient)
            Flush(on);
    }

    private IStreamMask? MaskOf(KubeChannel channel) => (int)channel < _masks.Length ? _masks[(int)channel] : null;

    private void Flush(IBufferWriter<byte> toClient)
    {
        foreach (KubeChannel channel in (ReadOnlySpan<KubeChannel>)[KubeChannel.Stdout, KubeChannel.Stderr])
        {
            if (MaskOf(channel) is { } mask && !ToClient.IsWithinMessage)
                Show(mask, channel, default, flush: true, toClient);
        }
    }

    /// <summary>Masks text, and sends what can be told of it as a message of its own.</summary>
    private void Show(IStreamMask mask, KubeChannel channel, ReadOnlySpan<byte> text, bool flush, IBufferWriter<byte> toClient)
    {
        int most = 1 + mask.MaxLength(text.Length);
        if (_masked.Length < most)
            _masked = new byte[most];
        _masked[0] = (byte)channel;
        int length = mask.Mask(text, _masked.AsSpan(1), flush);
        if (length == 0)
            return;
        _record.Command(fromClient: false, (byte)channel, _masked.AsSpan(1, length));
        ToClient.Whole(toClient, WebSocketOpcode.Binary, _masked.AsSpan(0, 1 + length));
    }
}
