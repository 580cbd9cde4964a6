using System.Buffers.Binary;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>Tells the client no, where the protocol has a place for it; the connection goes on.</summary>
internal sealed class SshRefuser(SshShared shared)
{
    private const uint AdministrativelyProhibited = 1;

    /// <summary>Refuses a CHANNEL_OPEN of that peer (RFC 4254 5.1).</summary>
    /// <param name="sender">The peer's number of the channel.</param>
    public void Open(SshSide side, uint sender, uint reason, string description) => shared.Answer(
        side, new SshWriter().Begin(SshMessageNumber.ChannelOpenFailure).UInt32(sender).UInt32(reason).String(description).String("").Written);

    public void Open(SshSide side, uint sender, string description) => Open(side, sender, AdministrativelyProhibited, description);

    /// <summary>
    /// Refuses what a session channel was to run: the request succeeds as far as the client can tell, and what ran said why on standard error and failed. So
    /// every client shows the reason, and scripts see a status.
    /// </summary>
    /// <param name="debt">The reply that is owed to the request, when one is.</param>
    public async ValueTask SessionAsync(SshChannel channel, SshDebt? debt, string text, CancellationToken cancel)
    {
        channel.IsDropped = true;
        if (debt is not null)
            channel.OwedToClient.Resolve(debt, SshReply.Success);
        await shared.AbandonAsync(channel, cancel).ConfigureAwait(false);
        if (!channel.Say.Say(SshRefusal.Lines(text, channel.HasPty), isError: true))
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        await EndAsync(channel, cancel).ConfigureAwait(false);
    }

    /// <summary>Something on a channel was approved: the channel runs under that until it ends, and ends with it.</summary>
    public void KeepApproval(SshChannel channel, HoldOutcome approval)
    {
        shared.Context.Event("approval", $"{approval.Id} channel {channel.Number}");
        shared.Kept.Keep(approval, channel, (message, cancel) => CutAsync(channel, approval, message, cancel));
    }

    /// <summary>
    /// Ends a channel from beside the loops: what runs on it gets TERM (RFC 4254 6.9) and loses its channel, the client is told why. Each peer for itself, as
    /// one of them may take nothing just now.
    /// </summary>
    public async ValueTask CutAsync(SshChannel channel, HoldOutcome approval, string message, CancellationToken cancel)
    {
        // It may have been approved in this moment, or wait for another approval.
        if (channel.Waiting is { } waiting)
            await waiting.WithdrawAsync().ConfigureAwait(false);
        if (channel.Files is { } files)
            await files.WithdrawAsync().ConfigureAwait(false);
        if (channel.IsDropped)
            return;
        channel.IsDropped = true;
        if (!shared.Context.Event("approval-ended", $"{approval.Id} channel {channel.Number}"))
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        await shared.AbandonAsync(channel, cancel).ConfigureAwait(false);
        // The client's turn is taken before the target hears of it: the target's own CLOSE would otherwise pass before the client was told why.
        await Task.WhenAll(CutClientAsync(channel, message, cancel), CutTargetAsync(channel, cancel)).ConfigureAwait(false);
    }

    private async Task CutTargetAsync(SshChannel channel, CancellationToken cancel)
    {
        await channel.TurnTo(SshSide.Target).WaitAsync(cancel).ConfigureAwait(false);
        bool close;
        lock (channel.Lock)
            close = channel.IsAnswered && channel.TrySendClose(SshSide.Target);
        if (close && channel.IsStarted)
            shared.Answer(SshSide.Target, new SshWriter().Begin(SshMessageNumber.ChannelRequest).UInt32(channel.PeerNumber(SshSide.Target)).String("signal").Boolean(false).String("TERM").Written);
        if (close)
            shared.Answer(SshSide.Target, new SshWriter().Begin(SshMessageNumber.ChannelClose).UInt32(channel.PeerNumber(SshSide.Target)).Written);
        channel.TurnTo(SshSide.Target).Release();
        await shared.Transport(SshSide.Target).FlushAsync(cancel).ConfigureAwait(false);
    }

    private async Task CutClientAsync(SshChannel channel, string message, CancellationToken cancel)
    {
        await channel.TurnTo(SshSide.Client).WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (channel.Kind == SshChannelKind.Session && !channel.Say.Say(SshRefusal.Lines($"sallyport: {message}", channel.HasPty), isError: true))
                await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
            await EndClientAsync(channel, cancel).ConfigureAwait(false);
        }
        finally
        {
            channel.TurnTo(SshSide.Client).Release();
        }
    }

    /// <summary>Ends a session channel from here: a status, EOF and CLOSE to the client, CLOSE to the target.</summary>
    public async ValueTask EndAsync(SshChannel channel, CancellationToken cancel)
    {
        channel.IsDropped = true;
        await EndClientAsync(channel, cancel).ConfigureAwait(false);
        bool target;
        lock (channel.Lock)
            target = channel.IsAnswered && channel.TrySendClose(SshSide.Target);
        if (target)
            shared.Answer(SshSide.Target, new SshWriter().Begin(SshMessageNumber.ChannelClose).UInt32(channel.PeerNumber(SshSide.Target)).Written);
    }

    private async ValueTask EndClientAsync(SshChannel channel, CancellationToken cancel)
    {
        bool client;
        lock (channel.Lock)
            client = channel.IsAnswered && channel.TrySendClose(SshSide.Client);
        if (client)
        {
            var writer = new SshWriter();
            if (channel.Kind == SshChannelKind.Session)
            {
                writer.Begin(SshMessageNumber.ChannelRequest).UInt32(channel.Number).String("exit-status").Boolean(false).UInt32(SshRefusal.ExitStatus);
                await ToClientAsync(channel, writer.ToArray(), cancel).ConfigureAwait(false);
            }

            await ToClientAsync(channel, writer.Begin(SshMessageNumber.ChannelEof).UInt32(channel.Number).ToArray(), cancel).ConfigureAwait(false);
            await ToClientAsync(channel, writer.Begin(SshMessageNumber.ChannelClose).UInt32(channel.Number).ToArray(), cancel).ConfigureAwait(false);
        }
    }

    private async ValueTask ToClientAsync(SshChannel channel, byte[] message, CancellationToken cancel)
    {
        if (!shared.Tape.Message(Direction.ToClient, message))
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1), channel.PeerNumber(SshSide.Client));
        shared.Answer(SshSide.Client, message);
    }
}
