using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Protocols.Postgres.Sql;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Postgres;

/// <summary>What becomes of one frame from the client.</summary>
internal enum PgTake : byte
{
    /// <summary>It goes on as it is.</summary>
    Forward,

    /// <summary>A message of ours goes in its place.</summary>
    Replace,

    /// <summary>A message of ours goes before it.</summary>
    Precede,

    /// <summary>Nothing goes: the target would have ignored it.</summary>
    Drop,
    NeedMore,

    /// <summary>As many replies are owed as may be.</summary>
    Full,

    /// <summary>It uses something whose making has not been answered.</summary>
    Drain,

    /// <summary>Whether it would be read as a part of a COPY is not known yet.</summary>
    Copy,

    /// <summary>It waits for a person: see <see cref="PgHolds.Held"/>. The frame is whole.</summary>
    Hold,
    Catalog,
    Malformed,
}

/// <summary>
/// Decides the client's frames one by one, and enters the reply that each will get. A frame is decided once: NeedMore, Full, Drain, Copy, Catalog
/// and Hold leave no trace but in the record, so that the same frame can be looked at again.
/// </summary>
internal sealed class PgRequests
{
    /// <summary>Longest body of the messages that hold only names and numbers, bytes: PostgreSQL's own PQ_SMALL_MESSAGE_LIMIT.</summary>
    private const int SmallMessage = 10_000;

    private readonly PgShared _shared;
    private readonly PgWriter _to;
    private readonly PgActions _actions;
    private readonly PgObjects _objects;
    private byte[] _describeName = [];
    private byte _replaceWith;

    /// <summary>Whether a COPY FROM STDIN may be under way, more than one may come in the same reply, and how many ends of COPY data were sent since.</summary>
    private (bool MayBegin, bool MayRepeat, int Ended) _copy;
    private long _waitFor;

    public PgRequests(PgShared shared, PgWriter to)
    {
        _shared = shared;
        _to = to;
        Holds = new PgHolds(shared);
        _actions = new PgActions(shared, Holds);
        _objects = new PgObjects(shared);
    }

    /// <summary>Ranges of the last body that must not be recorded; the loop takes them away.</summary>
    public List<SqlRange> Secrets { get; } = [];

    /// <summary>What waits for a person.</summary>
    public PgHolds Holds { get; }

    /// <summary>The recording is behind.</summary>
    public bool MustWait { get; private set; }

    /// <summary>Decides one frame of which <paramref name="body"/> has arrived.</summary>
    public PgTake Take(PgFrame frame, ReadOnlySpan<byte> body)
    {
        MustWait = false;
        switch (frame.Type)
        {
            case FrontendMessage.CopyData:
                // Outside a COPY PostgreSQL ignores it (55.2.6).
                return PgTake.Forward;
            case FrontendMessage.CopyDone or FrontendMessage.CopyFail:
                return TakeCopyEnd(frame, body);
            case FrontendMessage.Flush or FrontendMessage.Terminate:
                return TakeSmall(frame, body);
        }

        switch (CopyTurn())
        {
            case PgCopyTurn.Unknown:
                return PgTake.Copy;
            case PgCopyTurn.Yes:
                // In COPY-in mode the target ignores Sync (55.2.6), so it is owed no ReadyForQuery; any other request it takes for a broken COPY
                // (until version 13) or for the end of the session.
                return frame.Type == FrontendMessage.Sync ? PgTake.Drop : PgTake.Malformed;
        }

        if (_shared.Owed.IsFull)
            return PgTake.Full;
        return frame.Type switch
        {
            FrontendMessage.Query or FrontendMessage.Parse => TakeText(frame, body),
            FrontendMessage.Bind => TakeBind(frame, body),
            FrontendMessage.FunctionCall => TakeFunctionCall(frame, body),
            _ => TakeSmall(frame, body),
        };
    }

    /// <summary>Waits until a message that was answered by Full, Drain or Copy can be looked at again.</summary>
    public Task SettledAsync(PgTake why) => why switch
    {
        PgTake.Full => _shared.Owed.WaitBelowAsync(_shared.Limits.RequestsInFlight / 2),
        PgTake.Copy => _shared.Owed.WaitCopyAsync(_copy.Ended),
        _ => _shared.Owed.WaitAsync(_waitFor),
    };

    /// <summary>Writes the message of ours that the last Take asked for.</summary>
    public void Write(PgTake take)
    {
        if (take == PgTake.Precede)
            _to.Begin(FrontendMessage.Describe).Byte((byte)'P').CString(_describeName).End();
        else if (_replaceWith == FrontendMessage.Query)
            _to.Begin(FrontendMessage.Query).CString(PgRefusal.SubstituteText).End();
        else
            _to.Begin(FrontendMessage.Parse).CString("sallyport"u8).CString(PgRefusal.SubstituteText).Int16(0).End();
    }

    private PgCopyTurn CopyTurn()
    {
        if (!_copy.MayBegin)
            return PgCopyTurn.No;
        PgCopyTurn turn = _shared.Owed.CopyTurn(_copy.Ended, _copy.MayRepeat);
        _copy.MayBegin = turn != PgCopyTurn.No;
        return turn;
    }

    private PgTake TakeCopyEnd(PgFrame frame, ReadOnlySpan<byte> body)
    {
        PgTake take = TakeSmall(frame, body);
        if (take == PgTake.Forward)
            _copy.Ended++;
        return take;
    }

    /// <summary>Messages that hold only names and numbers.</summary>
    private PgTake TakeSmall(PgFrame frame, ReadOnlySpan<byte> body)
    {
        if (frame.BodyLength > SmallMessage)
            return PgTake.Malformed;
        if (body.Length < frame.BodyLength)
            return PgTake.NeedMore;
        switch (frame.Type)
        {
            case FrontendMessage.Describe:
                return TakeDescribe(body);
            case FrontendMessage.Execute:
                return TakeExecute(body);
            case FrontendMessage.Close:
                return TakeClose(body);
            case FrontendMessage.Sync:
                _objects.NextGroup();
                return Owe(new PgOwed { Kind = PgReplyState.Sync });
            default:
                return PgTake.Forward;
        }
    }

    /// <summary>Query and Parse: the text is collected up to a limit, judged, and goes on or is replaced.</summary>
    private PgTake TakeText(PgFrame frame, ReadOnlySpan<byte> body)
    {
        bool truncated = frame.BodyLength > _shared.Limits.StatementBytes;
        if (body.Length < Math.Min(frame.BodyLength, _shared.Limits.StatementBytes))
            return PgTake.NeedMore;
        while (true)
        {
            int epoch = _shared.Context.Refresh();
            if (!TryIndex(out PgMaskIndex? index))
                return PgTake.Catalog;
            PgTake? take = frame.Type == FrontendMessage.Query ? TakeQuery(body, truncated, index, epoch) : TakeParse(body, truncated, index, epoch);
            if (take is not null)
                return take.Value;
        }
    }

    /// <returns>Null: the rules changed while it was judged, by masks that were those of the older ones.</returns>
    private PgTake? TakeQuery(ReadOnlySpan<byte> body, bool truncated, PgMaskIndex? index, int epoch)
    {
        ReadOnlySpan<byte> text = body;
        if (!truncated)
        {
            if (!PgQuery.TryRead(body, out PgQuery query))
                return PgTake.Malformed;
            text = query.Text;
        }

        SqlSettings settings = _actions.Settings();
        if (Holds.Holding.Refusal is { } said)
        {
            _actions.FindSecrets(text, settings);
            KeepSecrets(textAt: 0);
            return Refuse(PgReplyState.Query, FrontendMessage.Query, said);
        }

        PgJudgement judged = Judged(_actions.JudgeText(text, truncated, index, settings), textAt: 0);
        if (_shared.Context.Epoch != epoch)
            return null;
        if (judged.Refusal is not null)
            return Refuse(PgReplyState.Query, FrontendMessage.Query, judged.Refusal);
        if (judged.Holds is { } holds && Holds.MustHold(holds, text, settings, statement: null, values: null))
            return PgTake.Hold;
        _objects.OnRun(judged.Effects);
        Holds.OnRun(judged.Effects, text, !truncated, settings);
        bool mayCopyIn = (judged.Effects & PgEffects.MayCopyIn) != 0;
        if (mayCopyIn)
            _copy = (true, (judged.Effects & PgEffects.MayCopyTwice) != 0, 0);
        return Owe(new PgOwed
        {
            Kind = PgReplyState.Query,
            Masked = index is not null,
            MayCopyIn = mayCopyIn,
            Approved = judged.Holds is not null,
            Statement = (judged.Effects & PgEffects.MightRead) != 0 ? PgStatement.Reading : PgStatement.Clean,
        });
    }

    private PgTake? TakeParse(ReadOnlySpan<byte> body, bool truncated, PgMaskIndex? index, int epoch)
    {
        ReadOnlySpan<byte> name, text, types = default;
        if (truncated)
        {
            var reader = new SpanReader(body);
            name = reader.ReadCString();
            text = reader.Rest;
            if (reader.Failed)
                return PgTake.Malformed;
        }
        else
        {
            if (!PgParse.TryRead(body, out PgParse parse))
                return PgTake.Malformed;
            name = parse.Name;
            text = parse.Query;
            types = parse.Types;
        }

        SqlSettings settings = _actions.Settings();
        PgJudgement judged = Judged(_actions.JudgeText(text, truncated, index, settings), textAt: name.Length + 1);
        if (_shared.Context.Epoch != epoch)
            return null;
        if (judged.Refusal is not null || !_objects.HasRoomForStatement(name))
        {
            _objects.RememberRefused(name, index);
            return Refuse(PgReplyState.Parse, FrontendMessage.Parse, judged.Refusal ?? TooManyNames);
        }

        // Parsing runs nothing: what is held waits when it is executed.
        PgStatement statement = _objects.Remember(name, text, types, truncated, judged.Effects, settings, index);
        statement.Holds = judged.Holds;
        Holds.OnStatement(statement);
        statement.Ticket = _shared.Owed.Enqueue(new PgOwed { Kind = PgReplyState.Parse, Statement = statement });
        return PgTake.Forward;
    }

    private PgTake TakeBind(PgFrame frame, ReadOnlySpan<byte> body)
    {
        switch (PgBindHead.TryRead(body, body.Length == frame.BodyLength, out PgBindHead bind))
        {
            case ParseStatus.NeedMore:
                return body.Length > SmallMessage ? PgTake.Malformed : PgTake.NeedMore;
            case ParseStatus.Malformed:
                return PgTake.Malformed;
        }

        if (!_objects.TryStatement(bind.Statement, out PgStatement statement, out _waitFor))
            return PgTake.Drain;
        if (!_objects.HasRoomForPortal(bind.Portal))
            return Refuse(PgReplyState.Bind, FrontendMessage.Parse, TooManyNames);
        bool keeps = Holds.MayBeHeld(statement) && frame.BodyLength <= _shared.Limits.HeldValueBytes;
        if (keeps && body.Length < frame.BodyLength)
            return PgTake.NeedMore;

        PgPortal portal = _objects.Bind(bind.Portal, statement, keeps ? PgBoundValues.TryRead(body) : null);
        Holds.OnPortal(bind.Portal, statement);
        long ticket = _shared.Owed.Enqueue(new PgOwed { Kind = PgReplyState.Bind, Portal = portal, Statement = statement });
        // A Bind that the target skips made nothing, not even by ticket 0.
        portal.Ticket = ticket == 0 ? -1 : ticket;
        return PgTake.Forward;
    }

    private PgTake TakeDescribe(ReadOnlySpan<byte> body)
    {
        if (!PgNamed.TryRead(body, out PgNamed describe))
            return PgTake.Malformed;
        if (describe.IsStatement)
        {
            _objects.TryStatement(describe.Name, out PgStatement asked, out _);
            return Owe(new PgOwed { Kind = PgReplyState.DescribeStatement, Described = asked.Holds is null ? null : asked });
        }

        int epoch = _shared.Context.Refresh();
        if (!TryIndex(out PgMaskIndex? index))
            return PgTake.Catalog;
        if (!TryPortal(describe.Name, out PgPortal portal))
            return PgTake.Drain;
        // A plan made before the statement has been judged by the rules in force would not know what it reads.
        portal.DescribedIn = IsJudged(portal.Statement, epoch, index) ? epoch : -1;
        portal.DescribedAt = _objects.Run;
        return Owe(Described(portal, index is not null, hidden: false));
    }

    private PgTake TakeExecute(ReadOnlySpan<byte> body)
    {
        if (!PgExecute.TryRead(body, out PgExecute execute))
            return PgTake.Malformed;
        int epoch = _shared.Context.Refresh();
        if (!TryIndex(out PgMaskIndex? index))
            return PgTake.Catalog;
        if (!TryPortal(execute.Portal, out PgPortal portal))
            return PgTake.Drain;

        PgStatement statement = portal.Statement;
        bool isUnknown = ReferenceEquals(statement, PgStatement.Unknown);
        if (isUnknown || !IsJudged(statement, epoch, index) || Holds.MustJudgeAgain(statement))
        {
            PgJudgement judged = Judged(JudgeAgain(statement, epoch, index), textAt: -1);
            if (_shared.Context.Epoch != epoch)
                return TakeExecute(body);
            if ((judged.Refusal ?? (statement.Text is null && Holds.MustJudgeAgain(statement) ? Holds.Unknown() : null)) is { } refusal)
                return Refuse(PgReplyState.Parse, FrontendMessage.Parse, refusal);
            if (!isUnknown)
            {
                // What was held, and has no text to be judged by again, stays held.
                statement.Holds = statement.Text is null ? statement.Holds : judged.Holds;
                Holds.OnStatement(statement);
                Holds.OnPortal(execute.Portal, statement);
                statement.Widen(judged.Effects);
                (statement.Epoch, statement.Index) = (epoch, index);
            }
        }

        // What FETCH or EXECUTE names was looked up when it was bound; its rows are of what the name stands for now.
        bool isRetargetable = index is not null && (statement.Effects & PgEffects.IsIndirect) != 0 && portal.BoundAt >= 0;
        if (isRetargetable && portal.BoundAt != _objects.Run)
            return Refuse(PgReplyState.Parse, FrontendMessage.Parse, Retargeted);
        bool approved = Holds.NeedsApproval(portal);
        PgRefusal? no = Holds.Holding.Refusal;
        if (no is null && approved && Holds.MustHold(portal, out no))
            return PgTake.Hold;
        if (no is not null)
            return Refuse(PgReplyState.Parse, FrontendMessage.Parse, no);
        portal.BoundAt = -1;
        // A plan is of use only if nothing ran since its description: a cursor's name may stand for another query by now. And drivers that cache
        // statements do not ask for the description again: we do, or there would be no telling what the rows hold.
        bool describe = index is not null && (portal.DescribedIn != epoch || portal.DescribedAt != _objects.Run);
        if (describe)
        {
            portal.DescribedIn = epoch;
            _describeName = execute.Portal.IsEmpty ? [] : execute.Portal.ToArray();
            _shared.Owed.Enqueue(Described(portal, masked: true, hidden: true));
        }

        _objects.OnRun(statement.Effects);
        Holds.OnRun(statement);
        // Nothing can take the place of a portal that is being run, so its own run leaves its description as good as it was.
        portal.DescribedAt = _objects.Run;
        bool mayCopyIn = (statement.Effects & PgEffects.MayCopyIn) != 0 && _objects.MayHoldCopy;
        if (mayCopyIn)
            _copy = (true, false, 0);
        Owe(new PgOwed
        {
            Kind = PgReplyState.Execute,
            Portal = portal,
            Statement = statement,
            Masked = index is not null,
            MayCopyIn = mayCopyIn,
            Approved = approved,
        });
        return describe ? PgTake.Precede : PgTake.Forward;
    }

    /// <summary>Whether the rules, the masks and the catalog that a statement was judged by are those in force.</summary>
    private static bool IsJudged(PgStatement statement, int epoch, PgMaskIndex? index) =>
        ReferenceEquals(statement, PgStatement.Unknown)
        || (statement.Epoch == epoch && (index is null || ReferenceEquals(statement.Index, index)));

    private PgJudgement JudgeAgain(PgStatement statement, int epoch, PgMaskIndex? index)
    {
        if (statement.Text is not null)
            return _actions.JudgeText(statement.Text, truncated: false, index, statement.Settings);
        // Only the catalog is newer: policy has judged the statement already.
        if (statement.Epoch == epoch && !ReferenceEquals(statement, PgStatement.Unknown))
            return new PgJudgement(null, PgEffects.MightRead, MustWait: false);
        return _actions.JudgeUnknown();
    }

    private bool TryPortal(ReadOnlySpan<byte> name, out PgPortal portal)
    {
        bool known = _objects.TryPortal(name, out portal);
        _waitFor = portal.Ticket;
        return known;
    }

    private PgTake TakeClose(ReadOnlySpan<byte> body)
    {
        if (!PgNamed.TryRead(body, out PgNamed close))
            return PgTake.Malformed;
        if (close.IsStatement)
            _objects.CloseStatement(close.Name);
        else
            _objects.ClosePortal(close.Name);
        return Owe(new PgOwed { Kind = PgReplyState.Close });
    }

    private PgTake TakeFunctionCall(PgFrame frame, ReadOnlySpan<byte> body)
    {
        if (frame.BodyLength < 4)
            return PgTake.Malformed;
        if (body.Length < 4)
            return PgTake.NeedMore;
        _shared.Context.Refresh();
        if (!TryIndex(out PgMaskIndex? index))
            return PgTake.Catalog;
        var reader = new SpanReader(body);
        PgJudgement judged = Judged(_actions.JudgeFunctionCall((uint)reader.ReadInt32(), index), textAt: -1);
        if (judged.Refusal is not null)
            return Refuse(PgReplyState.Query, FrontendMessage.Query, judged.Refusal);
        _objects.OnRun(judged.Effects);
        Holds.Trail.AddUnknown();
        return Owe(new PgOwed { Kind = PgReplyState.FunctionCall });
    }

    /// <summary>The masks in force (null: none), as an index on a catalog that is recent enough; false when that must be waited for.</summary>
    private bool TryIndex(out PgMaskIndex? index)
    {
        index = null;
        if (_shared.Context.Masks is not { } masks)
            return true;
        index = _shared.Catalog.Peek(masks);
        return index is not null;
    }

    private PgJudgement Judged(PgJudgement judged, int textAt)
    {
        MustWait |= judged.MustWait;
        if (textAt >= 0)
            KeepSecrets(textAt);
        return judged;
    }

    private void KeepSecrets(int textAt)
    {
        foreach (SqlRange secret in _actions.Secrets)
            Secrets.Add(new SqlRange(textAt + secret.Start, secret.Length));
    }

    private static PgRefusal Retargeted { get; } = new(SqlState.InsufficientPrivilege, "refused by policy: what its name stands for may have changed since it was bound",
        "Rule masking/retargeted.", "Bind and execute it again, with nothing between.");

    private static PgRefusal TooManyNames { get; } = new(SqlState.ConfigurationLimitExceeded, "too many prepared statements or named portals in one session",
        Hint: "Close those that are no longer needed.");

    private static PgOwed Described(PgPortal portal, bool masked, bool hidden) => new()
    {
        Kind = PgReplyState.DescribePortal,
        Portal = portal,
        Statement = portal.Statement,
        Masked = masked,
        Hidden = hidden,
    };

    private PgTake Owe(in PgOwed owed)
    {
        long ticket = _shared.Owed.Enqueue(owed);
        Holds.Holding.IsUsed |= owed.Approved && ticket != 0;
        return PgTake.Forward;
    }

    private PgTake Refuse(PgReplyState kind, byte substitute, PgRefusal refusal)
    {
        _replaceWith = substitute;
        _shared.Owed.Enqueue(new PgOwed { Kind = kind, Refusal = refusal });
        return PgTake.Replace;
    }
}
