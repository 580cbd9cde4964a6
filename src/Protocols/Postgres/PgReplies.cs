using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Postgres;

/// <summary>What becomes of one frame from the target.</summary>
internal enum PgShow : byte
{
    /// <summary>It is shown as it is.</summary>
    Forward,

    /// <summary>Something else is shown in its place.</summary>
    Rewrite,

    /// <summary>It is the reply to a request of ours: not shown.</summary>
    Hide,
    NeedMore,
    Catalog,
    Violation,
}

/// <summary>Decides the target's frames one by one, against the replies that are owed.</summary>
internal sealed class PgReplies(PgShared shared, PgWriter to)
{
    /// <summary>Parameter types kept of one statement: more are not shown to anybody by name.</summary>
    private const int MaxDescribedTypes = 256;

    private readonly PgPlanCache _plans = new();
    private PgReplyState _state;
    private PgOwed _head;
    private PgMaskPlan? _queryPlan;
    private PgMaskIndex? _renewed;

    /// <summary>The SQLSTATE of a FATAL or PANIC error of the target, once one has been passed on.</summary>
    public string? FatalState { get; private set; }

    /// <summary>The recording is behind; the loop takes it away.</summary>
    public bool MustWait { get; set; }

    /// <summary>Reads the catalog again: a column came from a table it did not know.</summary>
    public async Task RenewCatalogAsync(CancellationToken cancel)
    {
        if (shared.Context.Masks is { } masks)
            _renewed = await shared.Catalog.RenewAsync(masks, cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Decides one frame of which <paramref name="body"/> has arrived; it is decided once, as in <see cref="PgRequests.Take"/>. Rewrite means that
    /// <paramref name="run"/>, the frames before it that are shown as they are, and what is shown in its place have been written.
    /// </summary>
    /// <param name="taken">Bytes of the body that the decision covers; the rest of the frame is forwarded, or hidden, as it comes.</param>
    public PgShow Decide(PgFrame frame, ReadOnlySpan<byte> body, ReadOnlySpan<byte> run, out int taken, out PgViolation? violation)
    {
        violation = null;
        taken = body.Length;
        FindHead();
        if (!PgState.TryAdvance(_state, frame.Type, out PgReplyState next))
        {
            violation = new PgViolation("target-message-type", $"the target sent a message that is not legal here ({_state}, type {frame.Type})");
            return PgShow.Violation;
        }

        violation = Forbidden(frame.Type);
        if (violation is not null)
            return PgShow.Violation;

        int mark = to.Length;
        PgShow show = DecideLegal(frame, body, run, ref taken, out violation);
        if (show is not PgShow.Rewrite)
            to.Truncate(mark);
        if (show is PgShow.Forward or PgShow.Rewrite or PgShow.Hide)
            Advance(frame.Type, next);
        return show;
    }

    /// <summary>What the protocol allows in this state, and this request must not lead to.</summary>
    private PgViolation? Forbidden(byte type)
    {
        if (_head.Refusal is not null && !IsLegalForSubstitute(type))
            return new PgViolation("target-ran-substitute", "the target did not refuse what must fail");
        if (type == BackendMessage.CopyInResponse && !_head.MayCopyIn)
            return new PgViolation("target-copy-in", "the target began a COPY that nobody asked for");
        // Statements that say so are refused; this is for those whose text was not understood, or not seen.
        if (type == BackendMessage.CopyOutResponse && _head.Masked)
            return new PgViolation("target-copy-out", "rows came as COPY data, which cannot be masked", SqlState.InsufficientPrivilege);
        return null;
    }

    /// <summary>What must fail is answered by an error, and in a Query by ReadyForQuery behind it.</summary>
    private bool IsLegalForSubstitute(byte type) => type switch
    {
        BackendMessage.ErrorResponse or BackendMessage.NoticeResponse or BackendMessage.NotificationResponse or BackendMessage.ParameterStatus => true,
        BackendMessage.ReadyForQuery => _state == PgReplyState.QueryFailed,
        _ => false,
    };

    private PgShow DecideLegal(PgFrame frame, ReadOnlySpan<byte> body, ReadOnlySpan<byte> run, ref int taken, out PgViolation? violation)
    {
        violation = null;
        if (frame.Type == BackendMessage.DataRow)
            return DecideRow(frame, body, run, ref taken, out violation);
        if (!MustBeWhole(frame.Type) && !(frame.Type == BackendMessage.ParameterDescription && _head.Described is not null))
            return _head.Hidden && frame.Type != BackendMessage.NotificationResponse ? PgShow.Hide : PgShow.Forward;
        if (frame.BodyLength > shared.Limits.TargetMessageBytes)
        {
            violation = new PgViolation("target-message-length", "the target sent a message that is longer than its kind may be");
            return PgShow.Violation;
        }

        if (body.Length < frame.BodyLength)
            return PgShow.NeedMore;
        PgShow? show = frame.Type switch
        {
            BackendMessage.RowDescription => DecideDescription(body),
            BackendMessage.ErrorResponse => DecideError(body, run),
            BackendMessage.NoticeResponse => Filtered(BackendMessage.NoticeResponse, body, run),
            BackendMessage.ParameterStatus => DecideParameter(body),
            BackendMessage.ParameterDescription => DecideTypes(body),
            _ => DecideReady(body),
        };
        if (show is null)
            violation = new PgViolation("target-message-malformed", "the target sent a malformed message");
        return show ?? PgShow.Violation;
    }

    private static bool MustBeWhole(byte type) =>
        type is BackendMessage.RowDescription or BackendMessage.ErrorResponse or BackendMessage.NoticeResponse
            or BackendMessage.ParameterStatus or BackendMessage.ReadyForQuery;

    private PgShow DecideRow(PgFrame frame, ReadOnlySpan<byte> body, ReadOnlySpan<byte> run, ref int taken, out PgViolation? violation)
    {
        violation = null;
        PgMaskPlan? plan = _state == PgReplyState.Execute ? _head.Portal?.Plan : _queryPlan;
        if (!_head.Masked || plan is { Last: < 0 })
            return PgShow.Forward;
        if (plan is null)
        {
            violation = new PgViolation("row-without-plan", "a row came that nobody described: it cannot be masked");
            return PgShow.Violation;
        }

        to.Bytes(run);
        switch (PgMasking.MaskRow(body, frame.BodyLength, plan, to, out taken))
        {
            case PgRowStatus.Done:
                return PgShow.Rewrite;
            case PgRowStatus.NeedMore when body.Length <= shared.Limits.MaskRowBytes:
                return PgShow.NeedMore;
            case PgRowStatus.NeedMore:
                violation = new PgViolation("row-too-long", "a row is too long to be masked", SqlState.ProgramLimitExceeded);
                return PgShow.Violation;
            default:
                violation = new PgViolation("target-message-malformed", "the target sent a row that does not fit its description");
                return PgShow.Violation;
        }
    }

    /// <summary>Makes the plan for the rows that will follow; null when the description is malformed.</summary>
    private PgShow? DecideDescription(ReadOnlySpan<byte> body)
    {
        bool statementOnly = _state == PgReplyState.DescribeStatementRow;
        if (!statementOnly && _head.Masked)
        {
            PgMaskIndex? index = _renewed ?? (shared.Context.Masks is { } masks ? shared.Catalog.Peek(masks) : null);
            bool mayShow = _head.Statement?.MayShowMasked ?? true;
            if (index is null && shared.Context.Masks is not null)
                return PgShow.Catalog;
            PgMaskPlan? plan = index is null ? PgMaskPlan.ShowAll : _plans.Find(body, index, mayShow);
            if (plan is null)
            {
                if (!PgMasking.TryPlan(body, index!, mayShow, out plan, out bool allKnown))
                    return null;
                if (!allKnown && _renewed is null)
                    return PgShow.Catalog;
                if (allKnown)
                    _plans.Add(body, index!, mayShow, plan);
            }

            _renewed = null;
            SetPlan(plan);
        }

        return _head.Hidden ? PgShow.Hide : PgShow.Forward;
    }

    private PgShow? DecideError(ReadOnlySpan<byte> body, ReadOnlySpan<byte> run)
    {
        ReadOnlySpan<byte> severity = PgErrorFields.Find(body, (byte)'V');
        if (severity.IsEmpty)
            severity = PgErrorFields.Find(body, (byte)'S');
        bool fatal = severity.SequenceEqual("FATAL"u8) || severity.SequenceEqual("PANIC"u8);
        if (fatal)
            FatalState = Encoding.ASCII.GetString(PgErrorFields.Find(body, (byte)'C'));
        if (fatal || _head.Refusal is not { } refusal)
            return Filtered(BackendMessage.ErrorResponse, body, run);
        to.Bytes(run);
        refusal.Write(to);
        return PgShow.Rewrite;
    }

    /// <summary>An error or notice as it may be shown; null when it is malformed.</summary>
    private PgShow? Filtered(byte type, ReadOnlySpan<byte> body, ReadOnlySpan<byte> run)
    {
        if (shared.Context.Masks is null)
            return PgShow.Forward;
        to.Bytes(run);
        // Parse reads nothing, so its errors are about the text alone.
        bool mayShow = _state != PgReplyState.Parse && (_head.Statement?.MayShowMasked ?? true);
        return PgErrorFilter.TryWrite(type, body, mayShow, to) ? PgShow.Rewrite : null;
    }

    private PgShow? DecideReady(ReadOnlySpan<byte> body)
    {
        if (body.Length != 1)
            return null;
        if (body[0] == (byte)'I')
            shared.OnTransactionEnd();
        return PgShow.Forward;
    }

    private PgShow? DecideParameter(ReadOnlySpan<byte> body)
    {
        if (!PgParameterStatus.TryRead(body, out PgParameterStatus status))
            return null;
        shared.OnParameterStatus(status.Name, status.Value);
        return PgShow.Forward;
    }

    private PgShow? DecideTypes(ReadOnlySpan<byte> body)
    {
        if (PgOids.TryDescription(body) is not { } types)
            return null;
        if (types.Length <= MaxDescribedTypes)
            _head.Described!.DescribedTypes = types;
        return PgShow.Forward;
    }

    private void SetPlan(PgMaskPlan plan)
    {
        if (plan.Last >= 0)
            MustWait |= !shared.Context.Event("masked", plan.Summary);
        if (_state == PgReplyState.DescribePortal && _head.Portal is { } portal)
            portal.Plan = plan;
        else
            _queryPlan = plan;
    }

    /// <summary>The reply that is owed next, when none is under way. Behind a failure only a Sync is left in the queue.</summary>
    private void FindHead()
    {
        if (_state is PgReplyState.Idle or PgReplyState.Failed && shared.Owed.TryPeek(out PgOwed head))
            (_head, _state) = (head, head.Kind);
    }

    private void Advance(byte type, PgReplyState next)
    {
        if (type == BackendMessage.CopyInResponse)
            shared.Owed.BeginCopy();
        else if (type == BackendMessage.ErrorResponse && _head.MayCopyIn)
            shared.Owed.FailCopy();

        if (type == BackendMessage.ErrorResponse)
            OnError(next);
        else if (next == PgReplyState.Done)
            OnDone(type);
        else
            _state = next;
    }

    private void OnDone(byte type)
    {
        switch (_state)
        {
            case PgReplyState.Parse when _head.Statement is { } statement:
                statement.State = PgObjectState.Made;
                break;
            case PgReplyState.Bind when _head.Portal is { } portal:
                portal.Plan = null;
                portal.MadeBy = shared.Owed.Left + 1;
                break;
            case PgReplyState.DescribePortal when type == BackendMessage.NoData && _head.Portal is { } portal:
                portal.Plan = PgMaskPlan.ShowAll;
                break;
        }

        EndHead(PgReplyState.Idle);
    }

    private void OnError(PgReplyState next)
    {
        if (next != PgReplyState.Failed || _state == PgReplyState.Failed)
        {
            _state = next;
            return;
        }

        _head.Fail();
        EndHead(PgReplyState.Failed);
        shared.Owed.SkipToSync();
    }

    private void EndHead(PgReplyState state)
    {
        if (_head.Approved)
            shared.Context.Done();
        _head = default;
        _state = state;
        shared.Owed.Dequeue();
    }
}
