using System.Buffers.Binary;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// What one peer sends on channels and the other gets as it is (RFC 4254 5): data, windows, ends and replies. One for each direction, for its loop alone.
/// </summary>
/// <param name="unwatched">What the client has asked for and nobody watches yet; null: from the target.</param>
internal sealed class SshRelay(SshShared shared, SshSide from, SshUnwatched? unwatched = null)
{
    /// <summary>byte number, uint32 channel, uint32 length (RFC 4254 5.2); extended data has a uint32 type before the length.</summary>
    private const int DataHead = 9;
    private const int ExtendedHead = 13;

    /// <summary>What a debt is about that the answer to pty-req pays.</summary>
    public static readonly object Pty = new();

    private readonly SshSide _to = from.Other();
    private readonly Direction _direction = from == SshSide.Client ? Direction.FromClient : Direction.ToClient;
    private readonly SshOutput _output = new(shared);

    /// <summary>True while masks hold back text that could become a finding.</summary>
    public bool HoldsBack => _output.HoldsBack;

    /// <summary>The channel that a message is about, once the message has been found legal there.</summary>
    /// <exception cref="SshEndException">It is not.</exception>
    public SshChannel Channel(ReadOnlySpan<byte> message)
    {
        SshChannel? channel = message.Length < 5 ? null : shared.Channels.Find(BinaryPrimitives.ReadUInt32BigEndian(message[1..]));
        if (channel is null)
            throw SshShared.Violation(from, $"message {message[0]} for a channel that is not there");
        lock (channel.Lock)
        {
            if (!channel.TryAdvance(from, message[0]))
                throw SshShared.Violation(from, $"message {message[0]} is not legal on channel {channel.Number} now");
        }

        return channel;
    }

    /// <summary>SSH_MSG_CHANNEL_DATA and SSH_MSG_CHANNEL_EXTENDED_DATA.</summary>
    public async ValueTask DataAsync(SshChannel channel, Memory<byte> message, CancellationToken cancel)
    {
        int head = message.Span[0] == SshMessageNumber.ChannelData ? DataHead : ExtendedHead;
        if (message.Length < head || BinaryPrimitives.ReadUInt32BigEndian(message.Span[(head - 4)..]) != message.Length - head)
            throw SshShared.Violation(from, "data of another length than it says");
        Memory<byte> data = message[head..];
        bool room;
        lock (channel.Lock)
            room = channel.WindowTo(_to).TrySend(data.Length) && data.Length <= channel.MaxPacket(_to);
        if (!room)
            throw SshShared.Violation(from, $"more data than the window of channel {channel.Number}");
        channel.Count(_to, data.Length);
        shared.Touch();
        if (channel.IsDropped || data.IsEmpty)
            return;
        if (unwatched is { IsEmpty: false } && IsKept(channel, message, head))
            return;
        if (shared.Context.IsSuspended)
            await shared.Context.WhileSuspendedAsync(cancel).ConfigureAwait(false);
        await PassDataAsync(channel, message, head, cancel).ConfigureAwait(false);
    }

    /// <summary>Data for what has not started yet waits with it: typed to a menu, whose channel has a window from before. Apart, so that other data costs nothing.</summary>
    private bool IsKept(SshChannel channel, ReadOnlyMemory<byte> message, int head)
    {
        if (unwatched!.Until(channel) is null)
            return false;
        byte[] kept = message.ToArray();
        return unwatched.TryKeep(channel, isJudged: false, kept.Length, go => PassDataAsync(channel, kept, head, go));
    }

    private async ValueTask PassDataAsync(SshChannel channel, Memory<byte> message, int head, CancellationToken cancel)
    {
        SemaphoreSlim turn = channel.TurnTo(_to);
        await turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (channel.IsDropped)
                return;
            if (from == SshSide.Client)
                await FromClientAsync(channel, message, message[head..], head == ExtendedHead, cancel).ConfigureAwait(false);
            else
                await FromTargetAsync(channel, message, head, cancel).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>SSH_MSG_CHANNEL_WINDOW_ADJUST.</summary>
    public async ValueTask AdjustAsync(SshChannel channel, ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        if (message.Length != DataHead)
            throw SshShared.Violation(from, "a window adjustment of another length");
        SshSay? say = from == SshSide.Client && channel.Say is { IsEmpty: false } waiting ? waiting : null;
        uint pass;
        bool legal;
        lock (channel.Lock)
            legal = channel.WindowTo(from).TryAdjust(BinaryPrimitives.ReadUInt32BigEndian(message.Span[5..]), grant: say is null, out pass);
        if (!legal)
            throw SshShared.Violation(from, "a window of more than 2^32 - 1 bytes");
        if (channel.IsDropped)
            return;
        if (from == SshSide.Target)
            shared.Settle(channel);
        if (say is null)
            shared.Adjust(channel, _to, pass);
        else if (!say.Flush())
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>SSH_MSG_CHANNEL_EOF.</summary>
    public async ValueTask EofAsync(SshChannel channel, Memory<byte> message, CancellationToken cancel)
    {
        if (message.Length != 5)
            throw SshShared.Violation(from, "an EOF of another length");
        if (channel.IsDropped)
            return;
        byte[] eof = message.ToArray();
        if (unwatched?.TryKeep(channel, isJudged: false, eof.Length, go => EofAsync(channel, eof, go)) == true)
            return;
        if (from == SshSide.Client)
        {
            if (channel.TryKeepEof())
                return;
            // Much runs at the end of its input.
            await shared.Context.WhileSuspendedAsync(cancel).ConfigureAwait(false);
        }

        SemaphoreSlim turn = channel.TurnTo(_to);
        await turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (channel.IsDropped)
                return;
            if (from == SshSide.Client && channel.Files is { } files)
            {
                await files.EofAsync(() => PassAsync(channel, eof, cancel)).ConfigureAwait(false);
                return;
            }

            await _output.FlushAsync(channel, from, cancel).ConfigureAwait(false);
            await PassAsync(channel, message, cancel).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>SSH_MSG_CHANNEL_CLOSE.</summary>
    public async ValueTask CloseAsync(SshChannel channel, Memory<byte> message, CancellationToken cancel)
    {
        if (message.Length != 5)
            throw SshShared.Violation(from, "a CLOSE of another length");
        if (from == SshSide.Client)
        {
            unwatched?.Withdraw(channel);
            // Waited for, so that nothing that was approved just now goes out behind the CLOSE.
            if (channel.Waiting is { } waiting)
                await waiting.WithdrawAsync().ConfigureAwait(false);
            if (channel.Files is { } files)
                await files.WithdrawAsync().ConfigureAwait(false);
        }

        SemaphoreSlim turn = channel.TurnTo(_to);
        await turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (!channel.IsDropped)
                await _output.FlushAsync(channel, from, cancel).ConfigureAwait(false);
            bool pass;
            lock (channel.Lock)
                pass = channel.TrySendClose(_to);
            if (pass)
                await PassAsync(channel, message, cancel).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }

        await EndAsync(channel, cancel).ConfigureAwait(false);
    }

    /// <summary>SSH_MSG_CHANNEL_SUCCESS and SSH_MSG_CHANNEL_FAILURE.</summary>
    public async ValueTask ReplyAsync(SshChannel channel, Memory<byte> message, CancellationToken cancel)
    {
        if (message.Length != 5)
            throw SshShared.Violation(from, "a reply of another length");
        SshOwed owed = channel.OwedTo(_to);
        await owed.Turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (owed.Theirs() is not { } debt)
            {
                if (channel.IsDropped)
                    return;
                throw SshShared.Violation(from, "a reply to nothing that was asked");
            }

            if (!shared.Tape.Message(_direction, message.Span))
                await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
            bool noPty = debt.About == Pty && message.Span[0] == SshMessageNumber.ChannelFailure;
            BinaryPrimitives.WriteUInt32BigEndian(message.Span[1..], channel.PeerNumber(_to));
            shared.Answer(_to, message.Span);
            owed.Paid();
            if (noPty && !WithoutPty(channel))
                await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            owed.Turn.Release();
        }

        await shared.PayAsync(owed, _to, channel, cancel).ConfigureAwait(false);
    }

    /// <summary>The target has refused a terminal; what was to run in it may run already.</summary>
    private static bool WithoutPty(SshChannel channel)
    {
        channel.HasPty = false;
        lock (channel.Lock)
            channel.NoPty = "sallyport: no terminal was allocated: the target refused one.";
        return !channel.IsStarted || channel.IsDropped || channel.SayNoPty();
    }

    /// <summary>Records a message, and passes it on under the other peer's channel number.</summary>
    public async ValueTask PassAsync(SshChannel channel, Memory<byte> message, CancellationToken cancel)
    {
        if (!shared.Tape.Message(_direction, message.Span))
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        BinaryPrimitives.WriteUInt32BigEndian(message.Span[1..], channel.PeerNumber(_to));
        await shared.SendAsync(_to, message, cancel).ConfigureAwait(false);
    }

    /// <summary>Shows the client what masks hold back, because nothing more has come for a while.</summary>
    public ValueTask FlushHeldBackAsync(CancellationToken cancel) => _output.FlushAllAsync(cancel);

    /// <summary>When CLOSE has gone every way, the channel is over, and what it moved is written down.</summary>
    private async ValueTask EndAsync(SshChannel channel, CancellationToken cancel)
    {
        bool over;
        lock (channel.Lock)
            over = channel.IsOver;
        if (!over || !shared.Channels.Remove(channel))
            return;
        if (!channel.Finish())
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
    }

    private async ValueTask FromClientAsync(SshChannel channel, Memory<byte> message, Memory<byte> data, bool extended, CancellationToken cancel)
    {
        if (extended)
        {
            // There is no type of extended data towards a server: nobody would read it.
            shared.Context.Event("refused", "extended data from the client");
            Return(channel, data.Length);
            return;
        }

        if (channel.Files is { } files)
        {
            await files.FromClientAsync(message, data, cancel).ConfigureAwait(false);
            return;
        }

        bool secret = channel.Terminal is { } terminal && terminal.FromClient(data.Span);
        bool ready = secret && data.Length > 0
            ? shared.Tape.Blanked(_direction, message.Span[..DataHead], data.Length)
            : shared.Tape.Message(_direction, message.Span);
        if (!ready)
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        BinaryPrimitives.WriteUInt32BigEndian(message.Span[1..], channel.PeerNumber(_to));
        if (channel.Adoption is { } adoption)
        {
            bool kept;
            lock (channel.Lock)
                kept = adoption.TryKeep(message.Span);
            if (kept)
            {
                shared.Settle(channel);
                return;
            }
        }

        await shared.SendAsync(_to, message, cancel).ConfigureAwait(false);
    }

    private async ValueTask FromTargetAsync(SshChannel channel, Memory<byte> message, int head, CancellationToken cancel)
    {
        if (channel.Files is { } files)
        {
            if (head == DataHead)
                await files.FromTargetAsync(message, cancel).ConfigureAwait(false);
            else
                await PassAsync(channel, message, cancel).ConfigureAwait(false);
            return;
        }

        if (channel.IsMasked)
        {
            await _output.MaskAsync(channel, message, head, cancel).ConfigureAwait(false);
            return;
        }

        channel.Terminal?.FromTarget(message.Span[head..]);
        bool ready = head == DataHead && channel.Secrets is { IsOver: false } secrets ? WithoutSecrets(secrets, message, head) : shared.Tape.Message(_direction, message.Span);
        if (!ready)
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        BinaryPrimitives.WriteUInt32BigEndian(message.Span[1..], channel.PeerNumber(_to));
        await shared.SendAsync(_to, message, cancel).ConfigureAwait(false);
    }

    private bool WithoutSecrets(SshSecrets secrets, ReadOnlyMemory<byte> message, int head)
    {
        byte[] copy = message.ToArray();
        secrets.Take(copy.AsSpan(head));
        return shared.Tape.Message(_direction, copy);
    }

    private void Return(SshChannel channel, int bytes)
    {
        uint grant;
        lock (channel.Lock)
        {
            channel.WindowTo(_to).Replace(bytes, 0);
            grant = channel.WindowTo(_to).Grant();
        }

        shared.Adjust(channel, from, grant);
    }
}
