using System.Buffers;
using System.Buffers.Binary;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Sftp;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// A channel that carries a file protocol: what <see cref="ISshStreamFilter"/> makes of it goes on instead of it. An operation that waits for a person
/// keeps what the client sends behind it, which its window bounds. Answers of ours reach the client between packets of the target, never inside one.
/// </summary>
internal sealed class SshFiles(SshShared shared, SshChannel channel, ISshStreamFilter filter, SshHolds holds, SshRefuser refuser, bool framed)
{
    private const int DataHead = 9;

    /// <summary>Bytes of our own answers that may wait.</summary>
    private const int MostAnswers = 1 << 20;

    private readonly ArrayBufferWriter<byte> _toTarget = new();
    private readonly ArrayBufferWriter<byte> _toClient = new();
    private readonly ArrayBufferWriter<byte> _shown = new();
    private readonly ArrayBufferWriter<byte> _answers = new();
    private readonly Queue<byte[]> _behind = new();
    private readonly Lock _order = new();
    private readonly SftpFraming _framing = new(framed);
    private SshWait? _wait;
    private bool _isPassing;
    private Func<ValueTask>? _eof;

    /// <summary>SSH_MSG_CHANNEL_DATA of the client. The client's loop alone.</summary>
    public async ValueTask FromClientAsync(Memory<byte> message, Memory<byte> data, CancellationToken cancel)
    {
        lock (_behind)
        {
            if (_wait is not null)
            {
                _behind.Enqueue(data.ToArray());
                return;
            }
        }

        SshFilterStep step = filter.FromClient(data.Span, _toTarget, _toClient, out bool unchanged);
        if (unchanged && _toClient.WrittenCount == 0)
        {
            if (step.MustWait)
                await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
            BinaryPrimitives.WriteUInt32BigEndian(message.Span[1..], channel.PeerNumber(SshSide.Target));
            await shared.SendAsync(SshSide.Target, message, cancel).ConfigureAwait(false);
        }
        else
        {
            if (unchanged)
                _toTarget.Write(data.Span);
            await CarryAsync(step, data.Length, cancel).ConfigureAwait(false);
        }

        await GoOnAsync(step, cancel).ConfigureAwait(false);
    }

    /// <summary>SSH_MSG_CHANNEL_DATA of the target. The target's loop alone.</summary>
    public async ValueTask FromTargetAsync(Memory<byte> message, CancellationToken cancel)
    {
        Memory<byte> data = message[DataHead..];
        SshFilterStep step = filter.FromTarget(data.Span, _shown, out bool unchanged);
        if (step.MustWait)
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        bool direct;
        lock (_order)
        {
            direct = unchanged && channel.Say.IsEmpty && !(_answers.WrittenCount > 0 && _framing.HasBoundary(data.Span));
            if (direct)
            {
                _framing.Take(data.Span);
                _isPassing = true;
            }
        }

        if (direct)
        {
            BinaryPrimitives.WriteUInt32BigEndian(message.Span[1..], channel.PeerNumber(SshSide.Client));
            await shared.SendAsync(SshSide.Client, message, cancel).ConfigureAwait(false);
        }
        else
        {
            // Through the queue of what we say, so that order holds whatever the client's window takes.
            while (shared.Transport(SshSide.Client).IsBarred)
                await shared.Transport(SshSide.Client).WritableAsync(cancel).ConfigureAwait(false);
            lock (channel.Lock)
                channel.ToClient.Replace(data.Length, 0);
            if (unchanged)
                _shown.Write(data.Span);
        }

        lock (_order)
        {
            if (!direct)
                SayBetween(_shown.WrittenSpan);
            _shown.ResetWrittenCount();
            _isPassing = false;
            SayAnswers();
        }

        if (step.Outcome == SshFilterOutcome.End)
            await EndAsync(step, cancel).ConfigureAwait(false);
    }

    /// <summary>The client sends nothing more: that goes on to the target behind all that it has sent.</summary>
    public ValueTask EofAsync(Func<ValueTask> pass)
    {
        lock (_behind)
        {
            if (_wait is not null)
            {
                _eof = pass;
                return default;
            }
        }

        return pass();
    }

    /// <summary>The client has closed the channel: an operation that waits is taken back.</summary>
    public async ValueTask WithdrawAsync()
    {
        SshWait? wait;
        lock (_behind)
            wait = _wait;
        if (wait is not null)
            await wait.WithdrawAsync().ConfigureAwait(false);
    }

    /// <summary>The channel is over: what was not finished is written down.</summary>
    public void Finish() => filter.Finish();

    /// <summary>Sends what the filter made of <paramref name="taken"/> bytes of the client.</summary>
    private async ValueTask CarryAsync(SshFilterStep step, int taken, CancellationToken cancel)
    {
        if (step.MustWait)
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        if (_toClient.WrittenCount > 0)
        {
            lock (_order)
            {
                // Within a packet of the target's that does not end, nothing of ours can be said.
                if (_answers.WrittenCount + _toClient.WrittenCount > MostAnswers)
                    throw SshShared.Violation(SshSide.Client, "the client takes nothing of what it asked for");
                _answers.Write(_toClient.WrittenSpan);
                _toClient.ResetWrittenCount();
                SayAnswers();
            }
        }

        uint grant;
        bool fits;
        lock (channel.Lock)
        {
            channel.ToTarget.Replace(taken, _toTarget.WrittenCount);
            fits = channel.ToTarget.Room >= 0;
            grant = channel.ToTarget.Grant();
        }

        if (!fits)
            throw SshShared.Violation(SshSide.Target, $"channel {channel.Number}: the target takes too little for its file protocol");
        byte[] head = new byte[DataHead];
        head[0] = SshMessageNumber.ChannelData;
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(1), channel.PeerNumber(SshSide.Target));
        for (ReadOnlyMemory<byte> rest = _toTarget.WrittenMemory; !rest.IsEmpty;)
        {
            int length = (int)Math.Min(rest.Length, channel.MaxPacket(SshSide.Target));
            BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(5), (uint)length);
            await shared.SendAsync(SshSide.Target, head, rest[..length], cancel).ConfigureAwait(false);
            rest = rest[length..];
        }

        _toTarget.ResetWrittenCount();
        shared.Adjust(channel, SshSide.Client, grant);
    }

    private async ValueTask GoOnAsync(SshFilterStep step, CancellationToken cancel)
    {
        if (step.Outcome == SshFilterOutcome.End)
        {
            await EndAsync(step, cancel).ConfigureAwait(false);
            return;
        }

        if (step.Outcome != SshFilterOutcome.Hold || filter.Pending is not { } pending)
            return;
        lock (_behind)
            holds.Begin(pending.Verdict, pending.Action, static (_, _) => default, outcome => DecidedAsync(outcome, cancel), wait => _wait = wait);
    }

    /// <summary>Goes on with the operation that waited, and with what has come behind it, until another must wait. Beside the client's loop, which keeps off meanwhile.</summary>
    private async ValueTask DecidedAsync(HoldOutcome outcome, CancellationToken cancel)
    {
        if (outcome.Approved)
            refuser.KeepApproval(channel, outcome);
        SshFilterStep step = filter.Resolve(outcome, _toTarget, _toClient);
        await CarryAsync(step, taken: 0, cancel).ConfigureAwait(false);
        while (step.Outcome == SshFilterOutcome.Done)
        {
            byte[]? next;
            Func<ValueTask>? eof = null;
            lock (_behind)
            {
                if (!_behind.TryDequeue(out next))
                {
                    _wait = null;
                    (eof, _eof) = (_eof, null);
                }
            }

            if (next is null)
            {
                if (eof is not null)
                    await eof().ConfigureAwait(false);
                return;
            }

            step = filter.FromClient(next, _toTarget, _toClient, out bool unchanged);
            if (unchanged)
                _toTarget.Write(next);
            await CarryAsync(step, next.Length, cancel).ConfigureAwait(false);
        }

        await GoOnAsync(step, cancel).ConfigureAwait(false);
    }

    private ValueTask EndAsync(SshFilterStep step, CancellationToken cancel)
    {
        string reason = step.Reason ?? "its file protocol cannot go on";
        shared.Context.Event("refused", $"channel {channel.Number} ends: {reason}");
        channel.Say.Say(SshRefusal.Lines($"sallyport: {reason}", terminal: false), isError: true);
        return refuser.EndAsync(channel, cancel);
    }

    /// <summary>Says what waits to be said, when the target's last packet is whole. Caller holds the order.</summary>
    private void SayAnswers()
    {
        if (_isPassing || !_framing.AtBoundary || _answers.WrittenCount == 0)
            return;
        channel.Say.Say(_answers.WrittenSpan, isError: false);
        _answers.ResetWrittenCount();
    }

    /// <summary>Says the target's data, and what waits where its last whole packet ends. Caller holds the order.</summary>
    private void SayBetween(ReadOnlySpan<byte> shown)
    {
        int boundary = _framing.LastBoundary(shown);
        if (boundary > 0 && boundary < shown.Length && _answers.WrittenCount > 0)
        {
            channel.Say.Say(shown[..boundary], isError: false);
            channel.Say.Say(_answers.WrittenSpan, isError: false);
            _answers.ResetWrittenCount();
            channel.Say.Say(shown[boundary..], isError: false);
        }
        else
        {
            channel.Say.Say(shown, isError: false);
        }

        _framing.Take(shown);
    }
}
