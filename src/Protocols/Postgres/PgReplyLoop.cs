using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Sallyport.Contract;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// From target to client, the mirror of <see cref="PgRequestLoop"/>. Each turn:
/// (1) read what has come; (2) match the frames in it to the replies owed: forward, mask, rewrite or hide; (3) record what the client is shown;
/// (4) send; (5) advance. It owns the target's reader and the client's writer, and waits for the request loop never; what that has to tell the
/// client it says here, between two messages.
/// </summary>
internal sealed class PgReplyLoop(IDuplex target, IDuplex client, PgShared shared)
{
    private const int SendAt = 64 * 1024;

    /// <summary>Longest message taken from a target, bytes: PostgreSQL builds none above 1 GB. Masking can make a row longer, and its length must still fit.</summary>
    private const int MaxMessage = 1 << 30;

    private readonly PgWriter _out = new();
    private PgReplies? _replies;
    private int _run;
    private int _rest;
    private bool _dropRest;
    private bool _mustWait;
    private PgViolation? _violation;

    /// <summary>True when the client has been sent the beginning of a message and not its end: nothing else may be sent to it.</summary>
    public bool IsInsideMessage { get; private set; }

    /// <summary>The SQLSTATE of the target's FATAL error, once it has been passed on.</summary>
    public string? FatalState => _replies?.FatalState;

    /// <summary>Runs until the target closes or breaks the protocol.</summary>
    public async Task<(SessionEnd End, PgViolation? Violation)> RunAsync(CancellationToken cancel)
    {
        _replies = new PgReplies(shared, _out);
        shared.OnWake(target.Input.CancelPendingRead);
        try
        {
            while (true)
            {
                ReadResult read = await target.Input.ReadAsync(cancel).ConfigureAwait(false);
                ReadOnlyMemory<byte> buffer = read.Buffer.First;
                if (!read.IsCanceled)
                    shared.Touch();
                if (!shared.Notices.IsEmpty && !IsInsideMessage)
                    await SayAsync(cancel).ConfigureAwait(false);
                PgLoopStep step = Look(buffer.Span, out int consumed);
                await SendAsync(buffer[..consumed], cancel).ConfigureAwait(false);

                bool waiting = step == PgLoopStep.More;
                target.Input.AdvanceTo(read.Buffer.GetPosition(consumed), waiting ? read.Buffer.End : read.Buffer.GetPosition(consumed));
                if (step == PgLoopStep.Violation)
                    return (new SessionEnd(SessionSide.Target, SessionStage.Ready, _violation!.Reason, _violation.SqlState, _violation.Message), _violation);
                if (waiting && read.IsCompleted)
                    return (new SessionEnd(SessionSide.Target, SessionStage.Ready, "target-closed", FatalState ?? SqlState.ConnectionFailure), null);
                if (step == PgLoopStep.Catalog)
                    await _replies.RenewCatalogAsync(cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            shared.Owed.Close();
            _out.Dispose();
        }
    }

    /// <summary>Tells the client what is not a reply. It is at the end of a message.</summary>
    private async Task SayAsync(CancellationToken cancel)
    {
        using var writer = new PgWriter();
        while (shared.Notices.TryDequeue(out PgNotice? notice))
            notice.Write(writer);
        if (!shared.Context.Record(Direction.ToClient, writer.Written.Span))
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        await client.SendAsync(writer, cancel).ConfigureAwait(false);
    }

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

    private bool TryFrame(ReadOnlySpan<byte> buffer, ref int at, out PgLoopStep step)
    {
        step = PgLoopStep.More;
        switch (PgFrame.TryParse(buffer[at..], MaxMessage, out PgFrame frame))
        {
            case ParseStatus.NeedMore:
                return false;
            case ParseStatus.Malformed:
                _violation = new PgViolation("target-message-length", "the target sent a message whose length is out of range");
                step = PgLoopStep.Violation;
                return false;
        }

        int bodyAt = at + PgFrame.HeaderLength;
        int available = Math.Min(frame.BodyLength, buffer.Length - bodyAt);
        PgShow show = _replies!.Decide(frame, buffer.Slice(bodyAt, available), buffer[_run..at], out int taken, out _violation);
        switch (show)
        {
            case PgShow.NeedMore:
                return false;
            case PgShow.Catalog:
                step = PgLoopStep.Catalog;
                return false;
            case PgShow.Violation:
                step = PgLoopStep.Violation;
                return false;
        }

        if (show == PgShow.Hide)
            _out.Bytes(buffer[_run..at]);
        if (show != PgShow.Forward)
            _run = bodyAt + taken;

        at = bodyAt + taken;
        _rest = frame.BodyLength - taken;
        _dropRest = show == PgShow.Hide;
        return true;
    }

    private int TakeRest(ReadOnlySpan<byte> buffer, int at)
    {
        int count = Math.Min(_rest, buffer.Length - at);
        _rest -= count;
        if (_dropRest)
            _run = at + count;
        return at + count;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(ReadOnlyMemory<byte> consumed, CancellationToken cancel)
    {
        ReadOnlyMemory<byte> shown = _out.Length > 0 ? _out.Written : _run < consumed.Length ? consumed[_run..] : default;
        if (shown.IsEmpty)
            return;

        _mustWait |= !shared.Context.Record(Direction.ToClient, shown.Span) | _replies!.MustWait;
        _replies.MustWait = false;
        if (_mustWait)
        {
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
            _mustWait = false;
        }

        await client.SendAsync(shown, cancel).ConfigureAwait(false);
        IsInsideMessage = _rest > 0 && !_dropRest;
        _out.Clear();
    }
}
