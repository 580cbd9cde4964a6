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

    /// <summary>Ends a session channel from here: a status, EOF and CLOSE to the client, CLOSE to the target.</summary>
    public async ValueTask EndAsync(SshChannel channel, CancellationToken cancel)
    {
        channel.IsDropped = true;
        bool client;
        bool target;
        lock (channel.Lock)
        {
            client = channel.IsAnswered && channel.TrySendClose(SshSide.Client);
            target = channel.IsAnswered && channel.TrySendClose(SshSide.Target);
        }

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

        if (target)
            shared.Answer(SshSide.Target, new SshWriter().Begin(SshMessageNumber.ChannelClose).UInt32(channel.PeerNumber(SshSide.Target)).Written);
    }

    private async ValueTask ToClientAsync(SshChannel channel, byte[] message, CancellationToken cancel)
    {
        if (!shared.Tape.Message(Direction.ToClient, message))
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1), channel.PeerNumber(SshSide.Client));
        shared.Answer(SshSide.Client, message);
    }
}
