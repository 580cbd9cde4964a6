using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Sql;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// From client to target. Each turn:
/// (1) read what has come; (2) look at the frames in it: forward, or collect and judge; (3) record what the client sent;
/// (4) send the run of frames straight from the receive buffer, or a rewritten copy when a frame was refused or one of ours put in between;
/// (5) advance. Awaiting (4) is the backpressure. It owns the client's reader and the target's writer.
/// </summary>
internal sealed class PgRequestLoop(IDuplex client, IDuplex target, PgShared shared)
{
    /// <summary>A rewritten copy is sent when it has grown to this, so that it does not grow with the client's pipeline.</summary>
    private const int SendAt = 64 * 1024;

    private readonly PgWriter _out = new();
    private readonly List<SqlRange> _secrets = [];
    private PgRequests? _requests;
    private PgClientState _state = PgClientState.Ready;
    private bool _mustWait;

    /// <summary>Start, in the buffer, of the frames that go out as they are and are not in <see cref="_out"/> yet.</summary>
    private int _run;

    /// <summary>Bytes of a frame that has been decided and has not arrived yet.</summary>
    private int _rest;

    /// <summary>Whether those are left out.</summary>
    private bool _dropRest;
    private PgTake _waitFor;
    private PgHoldWait? _holdWait;
    private PgViolation? _violation;

    private PgRequests Requests => _requests ??= new PgRequests(shared, _out);

    /// <summary>Runs until the client leaves or breaks the protocol.</summary>
    public async Task<(SessionEnd End, PgViolation? Violation)> RunAsync(CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                ReadResult read = await client.Input.ReadAsync(cancel).ConfigureAwait(false);
                ReadOnlyMemory<byte> buffer = read.Buffer.First;
                shared.Touch();
                PgLoopStep step = Look(buffer.Span, out int consumed);
                byte[]? held = step == PgLoopStep.Hold ? FirstFrame(buffer.Span[consumed..]) : null;
                await SendAsync(buffer[..consumed], cancel).ConfigureAwait(false);
                consumed += held?.Length ?? 0;

                bool waiting = step == PgLoopStep.More;
                client.Input.AdvanceTo(read.Buffer.GetPosition(consumed), waiting ? read.Buffer.End : read.Buffer.GetPosition(consumed));
                if (held is not null && await HoldAsync(held, cancel).ConfigureAwait(false) is { } gone)
                    return gone;
                if (step == PgLoopStep.Violation)
                    return Violated();
                if (step == PgLoopStep.Terminated)
                    return (new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed"), null);
                if (waiting && read.IsCompleted)
                    return (await HangUpAsync(cancel).ConfigureAwait(false), null);
                if (step is PgLoopStep.Replies or PgLoopStep.Catalog)
                    await WaitAsync(step, cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            _out.Dispose();
        }
    }

    /// <summary>Looks at the frames in <paramref name="buffer"/>; what was decided is the first <paramref name="consumed"/> bytes.</summary>
    private PgLoopStep Look(ReadOnlySpan<byte> buffer, out int consumed)
    {
        int at = 0;
        _run = 0;
        PgLoopStep step;
        while (true)
        {
            if (_rest > 0)
                at = TakeRest(buffer, at);
            if (_rest > 0)
            {
                step = PgLoopStep.More;
                break;
            }

            if (_out.Length >= SendAt)
            {
                step = PgLoopStep.Continue;
                break;
            }

            if (!TryFrame(buffer, ref at, out step))
                break;
        }

        if (_out.Length > 0)
            _out.Bytes(buffer[_run..at]);
        consumed = at;
        return step;
    }

    /// <summary>Decides one frame at <paramref name="at"/> and moves on behind it; false when the look stops there.</summary>
    private bool TryFrame(ReadOnlySpan<byte> buffer, ref int at, out PgLoopStep step)
    {
        step = PgLoopStep.More;
        switch (PgFrame.TryParse(buffer[at..], shared.Limits.MessageBytes, out PgFrame frame))
        {
            case ParseStatus.NeedMore:
                return false;
            case ParseStatus.Malformed:
                return Violate("message-length", "the length of a message is out of range", out step);
        }

        if (!PgState.TryAdvance(_state, frame.Type, out PgClientState next))
            return Violate("message-type", "a message of this type is not legal here", out step);

        int bodyAt = at + PgFrame.HeaderLength;
        int available = Math.Min(frame.BodyLength, buffer.Length - bodyAt);
        ReadOnlySpan<byte> body = buffer.Slice(bodyAt, available);
        PgTake take = Requests.Take(frame, body);
        switch (take)
        {
            case PgTake.NeedMore:
                return false;
            case PgTake.Full or PgTake.Drain or PgTake.Copy:
                (step, _waitFor) = (PgLoopStep.Replies, take);
                return false;
            case PgTake.Catalog:
                step = PgLoopStep.Catalog;
                return false;
            case PgTake.Hold:
                Requests.Secrets.Clear();
                _mustWait |= Requests.MustWait;
                step = PgLoopStep.Hold;
                return false;
            case PgTake.Malformed:
                return Violate("message-malformed", "a message is malformed", out step);
        }

        foreach (SqlRange secret in Requests.Secrets)
            _secrets.Add(new SqlRange(bodyAt + secret.Start, secret.Length));
        Requests.Secrets.Clear();
        _mustWait |= Requests.MustWait;
        _state = next;
        Settle(buffer, at, take);
        at = bodyAt + available;
        _rest = frame.BodyLength - available;
        _dropRest = take is PgTake.Replace or PgTake.Drop;
        if (_dropRest)
            _run = at;
        step = next == PgClientState.Closed ? PgLoopStep.Terminated : PgLoopStep.More;
        return next != PgClientState.Closed;
    }

    /// <summary>Puts what <see cref="PgRequests"/> wrote where it belongs: behind the frames before <paramref name="at"/>.</summary>
    private void Settle(ReadOnlySpan<byte> buffer, int at, PgTake take)
    {
        if (take == PgTake.Forward)
            return;
        // The run before this frame, then ours; Replace and Drop leave the frame itself out, Precede keeps it.
        _out.Bytes(buffer[_run..at]);
        _run = at;
        if (take != PgTake.Drop)
            Requests.Write(take);
    }

    private int TakeRest(ReadOnlySpan<byte> buffer, int at)
    {
        int count = Math.Min(_rest, buffer.Length - at);
        _rest -= count;
        if (_dropRest)
            _run = at + count;
        return at + count;
    }

    private bool Violate(string reason, string message, out PgLoopStep step)
    {
        _violation = new PgViolation(reason, message);
        step = PgLoopStep.Violation;
        return false;
    }

    private (SessionEnd End, PgViolation? Violation) Violated() =>
        (new SessionEnd(SessionSide.Client, SessionStage.Ready, _violation!.Reason, _violation.SqlState, _violation.Message), _violation);

    /// <summary>Records what the client sent, then sends what the target is to get.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(ReadOnlyMemory<byte> consumed, CancellationToken cancel)
    {
        if (!consumed.IsEmpty)
            Record(consumed.Span);
        if (_mustWait)
        {
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
            _mustWait = false;
        }

        if (_out.Length > 0)
        {
            await target.SendAsync(_out.Written, cancel).ConfigureAwait(false);
            _out.Clear();
        }
        else if (_run < consumed.Length)
        {
            await target.SendAsync(consumed[_run..], cancel).ConfigureAwait(false);
        }
    }

    private void Record(ReadOnlySpan<byte> bytes)
    {
        if (_secrets.Count == 0)
        {
            _mustWait |= !shared.Context.Record(Direction.FromClient, bytes);
            return;
        }

        byte[] copy = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(copy);
        foreach (SqlRange secret in _secrets)
            copy.AsSpan(secret.Start, secret.Length).Fill((byte)'*');
        _secrets.Clear();
        _mustWait |= !shared.Context.Record(Direction.FromClient, copy.AsSpan(0, bytes.Length));
        ArrayPool<byte>.Shared.Return(copy, clearArray: true);
    }

    /// <summary>Waits for the reply loop or the catalog. A Flush makes the target send what it owes: without a Sync it might keep it back.</summary>
    private async Task WaitAsync(PgLoopStep step, CancellationToken cancel)
    {
        if (step == PgLoopStep.Catalog)
        {
            if (shared.Context.Masks is { } masks)
                await shared.Catalog.IndexAsync(masks, cancel).ConfigureAwait(false);
            return;
        }

        _out.Empty(FrontendMessage.Flush);
        await target.SendAsync(_out, cancel).ConfigureAwait(false);
        await Requests.SettledAsync(_waitFor).WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// A message that waits for a person. It has been taken out of the receive buffer, so that the client can be watched meanwhile, and is decided
    /// again from its copy, by the rules in force then. Earlier requests get their replies first.
    /// </summary>
    /// <returns>How the session ended; null: it goes on.</returns>
    private async Task<(SessionEnd End, PgViolation? Violation)?> HoldAsync(byte[] frame, CancellationToken cancel)
    {
        PgLoopStep step = PgLoopStep.Hold;
        int consumed = 0;
        while (step is PgLoopStep.Hold or PgLoopStep.Replies or PgLoopStep.Catalog)
        {
            if (step != PgLoopStep.Hold)
                await WaitAsync(step, cancel).ConfigureAwait(false);
            else if (await HoldOnceAsync(Requests.Holds.Held!, cancel).ConfigureAwait(false) is { } gone)
                return (gone, null);
            step = Look(frame, out consumed);
        }

        if (step == PgLoopStep.Violation)
            return Violated();
        await SendAsync(frame.AsMemory(0, consumed), cancel).ConfigureAwait(false);
        // Approved, and not run after all: another rule said no.
        if (!Requests.Holds.Holding.IsUsed)
            shared.Context.Done();
        Requests.Holds.Holding.Clear();
        return null;
    }

    private async Task<SessionEnd?> HoldOnceAsync(PgHeld held, CancellationToken cancel)
    {
        if (shared.Owed.Count > 0)
        {
            _out.Empty(FrontendMessage.Flush);
            await target.SendAsync(_out, cancel).ConfigureAwait(false);
            await shared.Owed.WaitBelowAsync(1).WaitAsync(cancel).ConfigureAwait(false);
        }

        if (shared.Owed.IsSkipping)
        {
            Requests.Holds.Holding.IsSkipped = true;
            return null;
        }

        _holdWait ??= new PgHoldWait(client, shared);
        (PgHoldEnd end, HoldOutcome? outcome) = await _holdWait.RunAsync(held, cancel).ConfigureAwait(false);
        switch (end)
        {
            case PgHoldEnd.Left:
                return await HangUpAsync(cancel).ConfigureAwait(false);
            case PgHoldEnd.Terminated:
                await HangUpAsync(cancel).ConfigureAwait(false);
                return new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed");
            case PgHoldEnd.Cancelled:
                Requests.Holds.Holding.Refusal = PgRefusal.Cancelled(held.Verdict);
                break;
            default:
                if (outcome!.Approved)
                    Requests.Holds.Holding.Approve(held, outcome.EndsAt);
                else
                    Requests.Holds.Holding.Refusal = PgRefusal.FromOutcome(held.Verdict, outcome);
                break;
        }

        return null;
    }

    /// <summary>A copy of the message that <paramref name="buffer"/> begins with, which is whole.</summary>
    private static byte[] FirstFrame(ReadOnlySpan<byte> buffer)
    {
        PgFrame.TryParse(buffer, int.MaxValue, out PgFrame frame);
        return buffer[..frame.TotalLength].ToArray();
    }

    /// <summary>The client is gone without a word: the target is told as a client would, so that it ends the transaction.</summary>
    private async Task<SessionEnd> HangUpAsync(CancellationToken cancel)
    {
        if (_rest > 0 && !_dropRest)
            return new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed-inside-message");
        _out.Empty(FrontendMessage.Terminate);
        await target.SendAsync(_out, cancel).ConfigureAwait(false);
        return new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed-without-terminate");
    }
}
