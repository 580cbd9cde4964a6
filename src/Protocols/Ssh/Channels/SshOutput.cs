using System.Buffers;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>Shows the client of a channel with masks what the target says, masked. For the target's loop alone.</summary>
internal sealed class SshOutput(SshShared shared)
{
    private readonly HashSet<SshChannel> _heldBack = [];

    /// <summary>True while text is held back that could become a finding.</summary>
    public bool HoldsBack => _heldBack.Count > 0;

    /// <summary>Masks one message of data, which has been taken off the target's window.</summary>
    public async ValueTask MaskAsync(SshChannel channel, ReadOnlyMemory<byte> message, int head, CancellationToken cancel)
    {
        bool isError = message.Span[0] == SshMessageNumber.ChannelExtendedData;
        ReadOnlyMemory<byte> data = message[head..];
        lock (channel.Lock)
            channel.ToClient.Replace(data.Length, 0);
        _heldBack.Add(channel);
        await MaskAsync(channel, data, isError, flush: false, cancel).ConfigureAwait(false);
    }

    /// <summary>Shows what is held back on a channel that ends.</summary>
    public async ValueTask FlushAsync(SshChannel channel, SshSide from, CancellationToken cancel)
    {
        if (from != SshSide.Target || !_heldBack.Remove(channel))
            return;
        await MaskAsync(channel, default, isError: false, flush: true, cancel).ConfigureAwait(false);
        await MaskAsync(channel, default, isError: true, flush: true, cancel).ConfigureAwait(false);
    }

    /// <summary>Shows what is held back anywhere.</summary>
    public async ValueTask FlushAllAsync(CancellationToken cancel)
    {
        foreach (SshChannel channel in _heldBack.ToArray())
        {
            await channel.TurnTo(SshSide.Client).WaitAsync(cancel).ConfigureAwait(false);
            try
            {
                if (channel.IsDropped)
                    _heldBack.Remove(channel);
                else
                    await FlushAsync(channel, SshSide.Target, cancel).ConfigureAwait(false);
            }
            finally
            {
                channel.TurnTo(SshSide.Client).Release();
            }
        }
    }

    private async ValueTask MaskAsync(SshChannel channel, ReadOnlyMemory<byte> data, bool isError, bool flush, CancellationToken cancel)
    {
        if ((isError ? channel.ErrorMask : channel.OutputMask) is not { } mask)
            return;
        // What the client takes no faster than it does holds the target back.
        while (shared.Transport(SshSide.Client).IsBarred)
            await shared.Transport(SshSide.Client).WritableAsync(cancel).ConfigureAwait(false);
        byte[] masked = ArrayPool<byte>.Shared.Rent(mask.MaxLength(data.Length));
        try
        {
            int length = mask.Mask(data.Span, masked, flush);
            if (!isError)
                channel.Terminal?.FromTarget(masked.AsSpan(0, length));
            if (!channel.Say.Say(masked.AsSpan(0, length), isError))
                await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(masked);
        }

        if (data.Length > 0)
            await shared.Transport(SshSide.Client).FlushAsync(cancel).ConfigureAwait(false);
    }
}
