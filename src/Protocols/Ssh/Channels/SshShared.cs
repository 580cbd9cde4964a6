using System.Buffers.Binary;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>What the two loops of a session share, and how both write.</summary>
internal sealed class SshShared(
    SessionContext context, SshTransport client, SshTransport target, SshListener listener, LoginRestrictions restrictions, TimeProvider time) : ISessionControl
{
    private readonly TaskCompletionSource _endAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastActivity = Environment.TickCount64;
    private volatile EndRequest? _endRequest;
    private int _waiting;
    private int _waitingOpens;
    private int _terminals;

    /// <summary>Why the session is to end, asked for from outside.</summary>
    internal sealed record EndRequest(string Reason, string Message);

    public SessionContext Context => context;

    public SshListener Listener => listener;

    public SshLimits Limits => listener.Limits;

    public TimeProvider Time => time;

    /// <summary>What the client's proof itself forbids.</summary>
    public LoginRestrictions Restrictions => restrictions;

    public SshChannelMap Channels { get; } = new(listener.Limits.Channels);

    /// <summary>Global requests of the client, whose replies are owed.</summary>
    public SshOwed OwedToClient { get; } = new(listener.Limits.PendingRequests);

    /// <summary>Global requests of the target.</summary>
    public SshOwed OwedToTarget { get; } = new(listener.Limits.PendingRequests);

    /// <summary>What the target may connect through the client to.</summary>
    public SshForwards Forwards { get; } = new(listener.Limits.PendingRequests);

    public SshTape Tape { get; } = new(context);

    /// <summary>What runs under approvals: one, whoever asks for it first.</summary>
    public SshApprovals Kept => field ?? Interlocked.CompareExchange(ref field, new SshApprovals(this), null) ?? field;

    /// <inheritdoc/>
    public IReadOnlyList<HoldOutcome> Approvals => Kept.All;

    /// <inheritdoc/>
    public void EndApproved(HoldOutcome approval, string message) => Kept.End(approval, message);

    /// <summary>A session in which somebody waits for a person is not idle.</summary>
    public long LastActivity => Volatile.Read(ref _waiting) > 0 ? Environment.TickCount64 : Volatile.Read(ref _lastActivity);

    /// <inheritdoc/>
    public bool EndsWithIdentity => true;

    /// <summary>Set once, by whoever asks first.</summary>
    public EndRequest? Ending => _endRequest;

    /// <summary>Completes once the session is to end, asked for from outside.</summary>
    public Task EndAsked => _endAsked.Task;

    public SshTransport Transport(SshSide side) => side == SshSide.Client ? client : target;

    public SshOwed OwedTo(SshSide side) => side == SshSide.Client ? OwedToClient : OwedToTarget;

    public void Touch() => Volatile.Write(ref _lastActivity, Environment.TickCount64);

    /// <summary>A channel open begins to wait for a person. False: as many do as may have channels.</summary>
    public bool TryWaitOpen()
    {
        if (Interlocked.Increment(ref _waitingOpens) + Channels.Count <= Limits.Channels)
            return true;
        OpenWaited();
        return false;
    }

    /// <summary>One more terminal, whose screen is kept. False: there are too many.</summary>
    public bool TryAddTerminal()
    {
        if (Interlocked.Increment(ref _terminals) <= Limits.Terminals)
            return true;
        RemoveTerminal();
        return false;
    }

    public void RemoveTerminal() => Interlocked.Decrement(ref _terminals);

    public void OpenWaited() => Interlocked.Decrement(ref _waitingOpens);

    public void BeginWait() => Interlocked.Increment(ref _waiting);

    public void EndWait()
    {
        Interlocked.Decrement(ref _waiting);
        Touch();
    }

    public void End(string reason, string message)
    {
        if (Interlocked.CompareExchange(ref _endRequest, new EndRequest(reason, message), null) is null)
            _endAsked.SetResult();
    }

    /// <summary>Passes one message of the other peer on, as soon as that side's transport takes it. It goes out with the next flush.</summary>
    public ValueTask SendAsync(SshSide to, ReadOnlyMemory<byte> message, CancellationToken cancel) => SendAsync(to, message, default, cancel);

    public async ValueTask SendAsync(SshSide to, ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, CancellationToken cancel)
    {
        SshTransport transport = Transport(to);
        while (!transport.TryWrite(head.Span, body.Span))
            await transport.WritableAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Gives the replies of our own that are next in order.</summary>
    public async ValueTask PayAsync(SshOwed owed, SshSide to, SshChannel? channel, CancellationToken cancel)
    {
        await owed.Turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            while (owed.Own() is { } debt)
            {
                byte[] message;
                if (channel is null)
                {
                    message = debt.Reply == SshReply.Success ? [SshMessageNumber.RequestSuccess, .. debt.Body] : [SshMessageNumber.RequestFailure];
                }
                else
                {
                    message = new byte[5];
                    message[0] = debt.Reply == SshReply.Success ? SshMessageNumber.ChannelSuccess : SshMessageNumber.ChannelFailure;
                    BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1), channel.Number);
                    if (to == SshSide.Client && !Tape.Message(Direction.ToClient, message))
                        await context.ReadyAsync(cancel).ConfigureAwait(false);
                    BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1), channel.PeerNumber(to));
                }

                Answer(to, message);
                owed.Paid();
            }
        }
        finally
        {
            owed.Turn.Release();
        }
    }

    /// <summary>The target will answer nothing more on a channel: its replies are given here, behind one that is being written just now.</summary>
    public async ValueTask AbandonAsync(SshChannel channel, CancellationToken cancel)
    {
        await channel.OwedToClient.Turn.WaitAsync(cancel).ConfigureAwait(false);
        channel.OwedToClient.Abandon();
        channel.OwedToClient.Turn.Release();
        await PayAsync(channel.OwedToClient, SshSide.Client, channel, cancel).ConfigureAwait(false);
    }

    /// <summary>Writes a small message of our own, which waits for nothing: see <see cref="SshTransport.Answer"/>.</summary>
    public void Answer(SshSide to, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body = default) => Transport(to).Answer(head, body);

    /// <summary>Grants that peer more window on a channel.</summary>
    public void Adjust(SshChannel channel, SshSide to, uint bytes)
    {
        if (bytes == 0)
            return;
        Span<byte> message = stackalloc byte[9];
        message[0] = SshMessageNumber.ChannelWindowAdjust;
        BinaryPrimitives.WriteUInt32BigEndian(message[1..], channel.PeerNumber(to));
        BinaryPrimitives.WriteUInt32BigEndian(message[5..], bytes);
        Answer(to, message);
    }

    /// <summary>Sends the target what was kept on a channel that a menu has left, if it can go now.</summary>
    public void Settle(SshChannel channel)
    {
        if (channel.Adoption is not { } adoption)
            return;
        byte[] eof = new SshWriter().Begin(SshMessageNumber.ChannelEof).UInt32(channel.PeerNumber(SshSide.Target)).ToArray();
        lock (channel.Lock)
        {
            foreach (byte[] message in adoption.Settle(channel.ToTarget, eof))
                Answer(SshSide.Target, message);
        }
    }

    /// <summary>What the target listens for has lost its approval: it is told to stop (RFC 4254 7.1), and connects through there no more.</summary>
    public void Unlisten(SshGlobalRequests.Asked asked)
    {
        asked.IsEnded = true;
        if (Forwards.Cancel(asked.Address, asked.Bound) is null)
            return;
        SshWriter message = new SshWriter().Begin(SshMessageNumber.GlobalRequest).String(asked.IsPath ? "cancel-streamlocal-forward@openssh.com" : "cancel-tcpip-forward").Boolean(false).String(asked.Address);
        Answer(SshSide.Target, (asked.IsPath ? message : message.UInt32(asked.Bound)).Written);
    }

    /// <summary>The peer broke a rule: the session ends.</summary>
    public static SshEndException Violation(SshSide side, string what) => new(
        new SessionEnd(side == SshSide.Client ? SessionSide.Client : SessionSide.Target, SessionStage.Ready, "protocol-violation", "2", what), SshDisconnectReason.ProtocolError, what);
}
