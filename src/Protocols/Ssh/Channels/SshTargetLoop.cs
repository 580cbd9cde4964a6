using System.Buffers.Binary;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// From the target to the client, in the same steps as <see cref="SshClientLoop"/>. Nothing is judged here: what the target may ask for is what the client
/// was allowed to ask for.
/// </summary>
internal sealed class SshTargetLoop(SshShared shared)
{
    private const uint AdministrativelyProhibited = 1;
    private const uint ResourceShortage = 4;

    /// <summary>Text that masks hold back is shown when nothing more has come for so long.</summary>
    private static readonly TimeSpan HoldBack = TimeSpan.FromMilliseconds(50);

    private readonly SshRelay _relay = new(shared, SshSide.Target);
    private readonly SshRefuser _refuser = new(shared);

    /// <summary>Runs until the target is gone.</summary>
    /// <exception cref="SshEndException">It broke a rule.</exception>
    public async Task<SessionEnd> RunAsync(CancellationToken cancel)
    {
        SshTransport client = shared.Transport(SshSide.Client);
        SshTransport target = shared.Transport(SshSide.Target);
        while (true)
        {
            Task<Memory<byte>>? late = null;
            ValueTask<Memory<byte>> read = target.ReadAsync(cancel);
            if (_relay.HoldsBack && !read.IsCompleted)
            {
                late = read.AsTask();
                if (await Task.WhenAny(late, Task.Delay(HoldBack, cancel)).ConfigureAwait(false) != late)
                {
                    await _relay.FlushHeldBackAsync(cancel).ConfigureAwait(false);
                    await client.FlushAsync(cancel).ConfigureAwait(false);
                }
            }

            Memory<byte> message = late is null ? await read.ConfigureAwait(false) : await late.ConfigureAwait(false);
            if (message.IsEmpty)
            {
                await _relay.FlushHeldBackAsync(cancel).ConfigureAwait(false);
                return new SessionEnd(SessionSide.Target, SessionStage.Ready, "closed", Detail: target.PeerDisconnect is null ? null : SshNames.Shown(target.PeerDisconnect));
            }

            do
                await TakeAsync(message, cancel).ConfigureAwait(false);
            while (target.TryRead(out message));
            await client.FlushAsync(cancel).ConfigureAwait(false);
            await target.FlushAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Takes up one message.</summary>
    internal ValueTask TakeAsync(Memory<byte> message, CancellationToken cancel)
    {
        byte number = message.Span[0];
        switch (number)
        {
            case SshMessageNumber.ChannelData or SshMessageNumber.ChannelExtendedData:
                return _relay.DataAsync(_relay.Channel(message.Span), message, cancel);
            case SshMessageNumber.ChannelWindowAdjust:
                return _relay.AdjustAsync(_relay.Channel(message.Span), message, cancel);
            case SshMessageNumber.ChannelEof:
                return _relay.EofAsync(_relay.Channel(message.Span), message, cancel);
            case SshMessageNumber.ChannelClose:
                return _relay.CloseAsync(_relay.Channel(message.Span), message, cancel);
            case SshMessageNumber.ChannelSuccess or SshMessageNumber.ChannelFailure:
                return _relay.ReplyAsync(_relay.Channel(message.Span), message, cancel);
            case SshMessageNumber.ChannelRequest:
                return RequestAsync(_relay.Channel(message.Span), message, cancel);
            case SshMessageNumber.ChannelOpen:
                return OpenAsync(message, cancel);
            case SshMessageNumber.ChannelOpenConfirmation or SshMessageNumber.ChannelOpenFailure:
                return SshAnswers.TakeAsync(shared, SshSide.Target, _relay.Channel(message.Span), message, cancel);
            case SshMessageNumber.GlobalRequest:
                Global(message);
                return default;
            case SshMessageNumber.RequestSuccess or SshMessageNumber.RequestFailure:
                return AnswerAsync(message, cancel);
            case < SshMessageNumber.GlobalRequest:
                throw SshShared.Violation(SshSide.Target, $"message {number} is not legal from a target");
            default:
                // RFC 4253 11.4: what is not known is said to be so, and otherwise ignored.
                shared.Transport(SshSide.Target).Unimplemented();
                return default;
        }
    }

    /// <summary>What a target says of what it runs (RFC 4254 6.8, 6.10); its keepalives are answered here, for the gateway is who it talks to.</summary>
    private async ValueTask RequestAsync(SshChannel channel, Memory<byte> message, CancellationToken cancel)
    {
        if (!SshRequests.TryRead(message.Span, out string type, out bool wantReply, out _))
            throw SshShared.Violation(SshSide.Target, "a CHANNEL_REQUEST that cannot be read");
        if (channel.IsDropped)
            return;
        bool known = type is "exit-status" or "exit-signal" or "xon-xoff" or "eow@openssh.com" && !wantReply;
        if (known)
        {
            await _relay.PassAsync(channel, message, cancel).ConfigureAwait(false);
            return;
        }

        if (type != "keepalive@openssh.com")
            shared.Context.Event("refused", $"the target's channel request {SshNames.Shown(type)}");
        if (!wantReply)
            return;
        if (channel.OwedToTarget.Add(SshReply.Failure) is null)
            throw SshShared.Violation(SshSide.Target, "more requests than may await an answer");
        await shared.PayAsync(channel.OwedToTarget, SshSide.Target, channel, cancel).ConfigureAwait(false);
    }

    private void Global(ReadOnlyMemory<byte> message)
    {
        if (!SshGlobalRequests.TryRead(message.Span, out string type, out bool wantReply, out _))
            throw SshShared.Violation(SshSide.Target, "a GLOBAL_REQUEST that cannot be read");
        if (type is not ("keepalive@openssh.com" or "hostkeys-00@openssh.com"))
            shared.Context.Event("refused", $"the target's global request {SshNames.Shown(type)}");
        if (wantReply)
            shared.Answer(SshSide.Target, [SshMessageNumber.RequestFailure]);
    }

    /// <summary>The answer to a global request of the client's, which only asks where to listen.</summary>
    private async ValueTask AnswerAsync(ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        SshDebt debt = shared.OwedToClient.Theirs() ?? throw SshShared.Violation(SshSide.Target, "a reply to nothing that was asked");
        bool success = message.Span[0] == SshMessageNumber.RequestSuccess;
        if (debt.About is SshGlobalRequests.Asked asked)
        {
            uint port = asked.Port;
            if (success && !asked.IsPath && port == 0)
                port = message.Length == 5 ? BinaryPrimitives.ReadUInt32BigEndian(message.Span[1..]) : throw SshShared.Violation(SshSide.Target, "no port in the reply to tcpip-forward");
            shared.Forwards.Answer(asked, port, success);
            if (!success)
                shared.Kept.Release(asked);
            else if (asked.IsEnded)
                shared.Unlisten(asked);
            shared.Context.Event(success ? "listening" : "not-listening", SshNames.Shown($"{asked.Address}:{port}"));
        }

        await shared.SendAsync(SshSide.Client, message, cancel).ConfigureAwait(false);
        shared.OwedToClient.Paid();
        await shared.PayAsync(shared.OwedToClient, SshSide.Client, channel: null, cancel).ConfigureAwait(false);
    }

    /// <summary>A channel that the target opens: only for what was asked for and allowed.</summary>
    private async ValueTask OpenAsync(ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        if (!TryRead(message.Span, out string type, out uint sender, out uint window, out uint maxPacket, out byte[] rest))
            throw SshShared.Violation(SshSide.Target, "a CHANNEL_OPEN that cannot be read");
        if (Kind(type, rest, out string about) is not { } kind)
        {
            shared.Context.Event("refused", $"the target's channel {SshNames.Shown(type)} {SshNames.Shown(about)}");
            _refuser.Open(SshSide.Target, sender, AdministrativelyProhibited, "nobody asked for it");
            return;
        }

        SshChannel? channel = shared.Channels.Add(number => new SshChannel(shared, number, kind, SshSide.Target)
        {
            About = about,
            StartedAt = shared.Time.GetTimestamp(),
        });
        if (channel is null)
        {
            _refuser.Open(SshSide.Target, sender, ResourceShortage, "too many channels");
            return;
        }

        uint packet = Math.Min(maxPacket, (uint)shared.Limits.MaxPacket);
        channel.SetPeer(SshSide.Target, sender, packet);
        lock (channel.Lock)
            window = channel.ToTarget.Open(window, 0);
        byte[] open = new SshWriter().Begin(SshMessageNumber.ChannelOpen).String(type).UInt32(channel.Number).UInt32(window).UInt32(packet).Raw(rest).ToArray();
        if (!shared.Tape.Message(Direction.ToClient, open))
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        await shared.SendAsync(SshSide.Client, open, cancel).ConfigureAwait(false);
    }

    private static bool TryRead(ReadOnlySpan<byte> message, out string type, out uint sender, out uint window, out uint maxPacket, out byte[] rest)
    {
        var reader = new SshReader(message[1..]);
        type = reader.ReadText(SshNames.Longest);
        sender = reader.ReadUInt32();
        window = reader.ReadUInt32();
        maxPacket = reader.ReadUInt32();
        rest = reader.Failed ? [] : reader.Rest.ToArray();
        return !reader.Failed && maxPacket > 0;
    }

    /// <summary>What the channel is, when the target may open it; null: it may not.</summary>
    private SshChannelKind? Kind(string type, byte[] rest, out string about)
    {
        var reader = new SshReader(rest);
        about = "";
        switch (type)
        {
            case "forwarded-tcpip":
                string address = reader.ReadText(SshNames.LongestHost);
                uint port = reader.ReadUInt32();
                about = $"{address}:{port}";
                return !reader.Failed && shared.Forwards.Contains(address, port) ? SshChannelKind.ForwardedTcpip : null;
            case "forwarded-streamlocal@openssh.com":
                about = reader.ReadText(SshNames.LongestPath);
                return !reader.Failed && shared.Forwards.Contains(about, 0) ? SshChannelKind.ForwardedStreamlocal : null;
            case "auth-agent@openssh.com" when shared.Forwards.Agent:
                return SshChannelKind.Agent;
            case "x11" when shared.Forwards.X11:
                return SshChannelKind.X11;
            default:
                return null;
        }
    }
}
