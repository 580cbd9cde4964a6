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
    NeedMore,
    Full,
    Drain,
    Catalog,
    Malformed,
}

/// <summary>
/// Decides the client's frames one by one, and enters the reply that each will get. A frame is decided once: NeedMore, Full, Drain and Catalog
/// leave no trace, so that the same frame can be looked at again.
/// </summary>
internal sealed class PgRequests(PgShared shared, PgWriter to)
{
    /// <summary>Longest body of the messages that hold only names and numbers, bytes: PostgreSQL's own PQ_SMALL_MESSAGE_LIMIT.</summary>
    private const int SmallMessage = 10_000;

    private readonly PgActions _actions = new(shared);
    private readonly PgNames<PgStatement> _statements = new();
    private readonly PgNames<PgPortal> _portals = new();
    private PgPortal _unnamedPortal = new() { State = PgObjectState.Made };
    private int _group;
    private int _ran;
    private int _keptText;
    private bool _copyDataMarked;
    private byte[] _describeName = [];
    private byte _replaceWith;

    /// <summary>Ranges of the last body that must not be recorded; the loop takes them away.</summary>
    public List<SqlRange> Secrets { get; } = [];

    /// <summary>The recording is behind.</summary>
    public bool MustWait { get; private set; }

    /// <summary>Decides one frame of which <paramref name="body"/> has arrived.</summary>
    public PgTake Take(PgFrame frame, ReadOnlySpan<byte> body)
    {
        MustWait = false;
        switch (frame.Type)
        {
            case FrontendMessage.CopyData:
                return TakeCopyData();
            case FrontendMessage.Query:
                return TakeText(frame, body);
            case FrontendMessage.Parse:
                return TakeText(frame, body);
            case FrontendMessage.Bind:
                return shared.Owed.IsFull ? PgTake.Full : TakeBind(frame, body);
            case FrontendMessage.FunctionCall:
                return shared.Owed.IsFull ? PgTake.Full : TakeFunctionCall(frame, body);
        }

        if (frame.BodyLength > SmallMessage)
            return PgTake.Malformed;
        if (body.Length < frame.BodyLength)
            return PgTake.NeedMore;
        if (shared.Owed.IsFull)
            return PgTake.Full;
        switch (frame.Type)
        {
            case FrontendMessage.Describe:
                return TakeDescribe(body);
            case FrontendMessage.Execute:
                return TakeExecute(body);
            case FrontendMessage.Close:
                return TakeClose(body);
            case FrontendMessage.Sync:
                _group++;
                return Owe(new PgOwed { Kind = PgReplyState.Sync });
            case FrontendMessage.CopyDone or FrontendMessage.CopyFail:
                _copyDataMarked = false;
                return shared.Owed.Count == 0 ? PgTake.Forward : Owe(new PgOwed { Kind = PgReplyState.CopyEndSent });
            default:
                return PgTake.Forward;
        }
    }

    /// <summary>Writes the message of ours that the last Take asked for.</summary>
    public void Write(PgTake take)
    {
        if (take == PgTake.Precede)
            to.Begin(FrontendMessage.Describe).Byte((byte)'P').CString(_describeName).End();
        else if (_replaceWith == FrontendMessage.Query)
            to.Begin(FrontendMessage.Query).CString(PgRefusal.SubstituteText).End();
        else
            to.Begin(FrontendMessage.Parse).CString("sallyport"u8).CString(PgRefusal.SubstituteText).Int16(0).End();
    }

    private PgTake TakeCopyData()
    {
        // One mark for a run of them, and none when nothing is owed: then no COPY can be under way, and PostgreSQL ignores the data (55.2.6).
        if (_copyDataMarked || shared.Owed.Count == 0)
            return PgTake.Forward;
        if (shared.Owed.IsFull)
            return PgTake.Full;
        _copyDataMarked = true;
        return Owe(new PgOwed { Kind = PgReplyState.CopyDataSent });
    }

    /// <summary>Query and Parse: the text is collected up to a limit, judged, and goes on or is replaced.</summary>
    private PgTake TakeText(PgFrame frame, ReadOnlySpan<byte> body)
    {
        bool truncated = frame.BodyLength > shared.Limits.StatementBytes;
        if (body.Length < Math.Min(frame.BodyLength, shared.Limits.StatementBytes))
            return PgTake.NeedMore;
        if (shared.Owed.IsFull)
            return PgTake.Full;
        shared.Context.Refresh();
        if (!TryIndex(out PgMaskIndex? index))
            return PgTake.Catalog;
        return frame.Type == FrontendMessage.Query ? TakeQuery(body, truncated, index) : TakeParse(body, truncated, index);
    }

    private PgTake TakeQuery(ReadOnlySpan<byte> body, bool truncated, PgMaskIndex? index)
    {
        ReadOnlySpan<byte> text = body;
        if (!truncated)
        {
            if (!PgQuery.TryRead(body, out PgQuery query))
                return PgTake.Malformed;
            text = query.Text;
        }

        PgJudgement judged = Judged(_actions.JudgeText(text, truncated, index), textAt: 0);
        if (judged.Refusal is not null)
            return Refuse(PgReplyState.Query, FrontendMessage.Query, judged.Refusal);
        return Run(new PgOwed
        {
            Kind = PgReplyState.Query,
            Masked = index is not null,
            Statement = judged.MightRead ? PgStatement.Reading : PgStatement.Clean,
        });
    }

    private PgTake TakeParse(ReadOnlySpan<byte> body, bool truncated, PgMaskIndex? index)
    {
        ReadOnlySpan<byte> name, text;
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
        }

        if (!name.IsEmpty && _statements.Count >= shared.Limits.NamedObjects)
            return Refuse(PgReplyState.Parse, FrontendMessage.Parse, TooManyNames);
        PgJudgement judged = Judged(_actions.JudgeText(text, truncated, index), textAt: name.Length + 1);
        if (judged.Refusal is not null)
            return Refuse(PgReplyState.Parse, FrontendMessage.Parse, judged.Refusal);

        PgStatement statement = Remember(name, text, truncated, judged);
        return Owe(new PgOwed { Kind = PgReplyState.Parse, Statement = statement });
    }

    private PgStatement Remember(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text, bool truncated, PgJudgement judged)
    {
        _statements.TryGet(name, out PgStatement? before);
        // The unnamed statement is replaced by Parse. A name in use is not (55.2.3): whether this Parse succeeds or the older statement stays,
        // is for the target to say, and until it is closed either may answer to the name.
        bool taken = !name.IsEmpty && before is not null;
        if (name.IsEmpty && before?.Text is not null)
            _keptText -= before.Text.Length;
        bool keep = !truncated && !taken && _keptText + text.Length <= shared.Limits.StatementTextBytes;
        if (keep)
            _keptText += text.Length;
        var statement = new PgStatement
        {
            MightRead = judged.MightRead || taken,
            IsIndirect = judged.IsIndirect || taken,
            Text = keep ? text.ToArray() : null,
            Epoch = shared.Context.Epoch,
            Group = _group,
        };
        _statements.Set(name, statement);
        return statement;
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

        if (!TryStatement(bind.Statement, out PgStatement statement))
            return PgTake.Drain;
        if (!bind.Portal.IsEmpty && _portals.Count >= shared.Limits.NamedObjects)
            return Refuse(PgReplyState.Bind, FrontendMessage.Parse, TooManyNames);

        PgPortal portal = bind.Portal.IsEmpty ? UnnamedPortal() : new PgPortal();
        portal.Statement = statement;
        portal.DescribedIn = -1;
        portal.Group = _group;
        portal.BoundAt = _ran;
        if (!bind.Portal.IsEmpty)
            _portals.Set(bind.Portal, portal);
        return Owe(new PgOwed { Kind = PgReplyState.Bind, Portal = portal, Statement = statement });
    }

    /// <summary>The unnamed portal for a new Bind: one object for all of them, unless a reply that is still owed is about it.</summary>
    private PgPortal UnnamedPortal()
    {
        if (shared.Owed.Count > 0)
            _unnamedPortal = new PgPortal();
        _unnamedPortal.State = PgObjectState.Pending;
        return _unnamedPortal;
    }

    private PgTake TakeDescribe(ReadOnlySpan<byte> body)
    {
        if (!PgNamed.TryRead(body, out PgNamed describe))
            return PgTake.Malformed;
        if (describe.IsStatement)
            return Owe(new PgOwed { Kind = PgReplyState.DescribeStatement });
        int epoch = shared.Context.Refresh();
        if (!TryIndex(out PgMaskIndex? index))
            return PgTake.Catalog;
        if (!TryPortal(describe.Name, out PgPortal portal))
            return PgTake.Drain;
        portal.DescribedIn = epoch;
        return Owe(Described(portal, index is not null, hidden: false));
    }

    private PgTake TakeExecute(ReadOnlySpan<byte> body)
    {
        if (!PgExecute.TryRead(body, out PgExecute execute))
            return PgTake.Malformed;
        int epoch = shared.Context.Refresh();
        if (!TryIndex(out PgMaskIndex? index))
            return PgTake.Catalog;
        if (!TryPortal(execute.Portal, out PgPortal portal))
            return PgTake.Drain;

        PgStatement statement = portal.Statement;
        if (statement.Epoch != epoch || ReferenceEquals(statement, PgStatement.Unknown))
        {
            PgJudgement judged = Judged(statement.Text is null ? _actions.JudgeUnknown() : _actions.JudgeText(statement.Text, truncated: false, index), textAt: -1);
            if (judged.Refusal is not null)
                return Refuse(PgReplyState.Parse, FrontendMessage.Parse, judged.Refusal);
            portal.Statement = statement = Rejudged(statement, judged, epoch);
        }

        if (index is not null && statement.IsIndirect && portal.BoundAt >= 0 && portal.BoundAt != _ran)
            return Refuse(PgReplyState.Parse, FrontendMessage.Parse, Retargeted);
        portal.BoundAt = -1;
        _ran++;

        // A cursor that was declared since may have the portal's name: only the target knows what its rows are.
        bool named = _actions.NamesMayLie && !execute.Portal.IsEmpty;
        bool describe = index is not null && (named || portal.DescribedIn != epoch);
        if (describe)
        {
            // Drivers that cache statements do not ask for the description again: we do, or there would be no telling what the rows hold.
            portal.DescribedIn = epoch;
            _describeName = execute.Portal.IsEmpty ? [] : execute.Portal.ToArray();
            shared.Owed.Enqueue(Described(portal, masked: true, hidden: true));
        }

        shared.Owed.Enqueue(new PgOwed { Kind = PgReplyState.Execute, Portal = portal, Statement = statement, Masked = index is not null });
        return describe ? PgTake.Precede : PgTake.Forward;
    }

    /// <summary>The statement with what its second judgement found: an unknown one stays the shared <see cref="PgStatement.Unknown"/>.</summary>
    private static PgStatement Rejudged(PgStatement statement, PgJudgement judged, int epoch)
    {
        if (ReferenceEquals(statement, PgStatement.Unknown))
            return statement;
        statement.Epoch = epoch;
        return judged.MightRead == statement.MightRead
            ? statement
            : new PgStatement { MightRead = true, IsIndirect = statement.IsIndirect, Text = statement.Text, Epoch = epoch, Group = statement.Group, State = statement.State };
    }

    private PgTake TakeClose(ReadOnlySpan<byte> body)
    {
        if (!PgNamed.TryRead(body, out PgNamed close))
            return PgTake.Malformed;
        if (!close.IsStatement)
        {
            _portals.Remove(close.Name);
        }
        else if (_statements.TryGet(close.Name, out PgStatement? statement))
        {
            _keptText -= statement.Text?.Length ?? 0;
            _statements.Remove(close.Name);
        }

        return Owe(new PgOwed { Kind = PgReplyState.Close });
    }

    private PgTake TakeFunctionCall(PgFrame frame, ReadOnlySpan<byte> body)
    {
        if (frame.BodyLength < 4)
            return PgTake.Malformed;
        if (body.Length < 4)
            return PgTake.NeedMore;
        shared.Context.Refresh();
        if (!TryIndex(out PgMaskIndex? index))
            return PgTake.Catalog;
        var reader = new SpanReader(body);
        PgJudgement judged = Judged(_actions.JudgeFunctionCall((uint)reader.ReadInt32(), index), textAt: -1);
        return judged.Refusal is null
            ? Run(new PgOwed { Kind = PgReplyState.FunctionCall })
            : Refuse(PgReplyState.Query, FrontendMessage.Query, judged.Refusal);
    }

    /// <summary>The statement of a name; false when it was made by a request of an earlier group whose reply must be waited for.</summary>
    private bool TryStatement(ReadOnlySpan<byte> name, out PgStatement statement)
    {
        if (!_statements.TryGet(name, out PgStatement? known))
        {
            statement = PgStatement.Unknown;
            return true;
        }

        statement = known.State == PgObjectState.Failed ? PgStatement.Unknown : known;
        if (_actions.NamesMayLie && !name.IsEmpty)
            statement = Doubted(statement);
        return known.State != PgObjectState.Pending || known.Group == _group;
    }

    /// <summary>The statement of a name that may stand for another one by now: it may read anything.</summary>
    private static PgStatement Doubted(PgStatement statement) => statement.MightRead
        ? statement
        : new PgStatement { MightRead = true, IsIndirect = statement.IsIndirect, Text = statement.Text, Epoch = statement.Epoch, Group = statement.Group, State = statement.State };

    /// <summary>The portal of a name, as <see cref="TryStatement"/>. A name that no Bind made may be a cursor's (DECLARE): it is then remembered as unknown.</summary>
    private bool TryPortal(ReadOnlySpan<byte> name, out PgPortal portal)
    {
        portal = _unnamedPortal;
        if (name.IsEmpty)
        {
            // A Bind that failed inside a savepoint leaves the portal that was bound before it.
            if (portal.State == PgObjectState.Failed)
                portal = _unnamedPortal = new PgPortal { State = PgObjectState.Made };
            return portal.State != PgObjectState.Pending || portal.Group == _group;
        }

        if (_portals.TryGet(name, out PgPortal? known) && known.State != PgObjectState.Failed)
        {
            portal = known;
            if (_actions.NamesMayLie)
                portal.Statement = Doubted(portal.Statement);
            return known.State != PgObjectState.Pending || known.Group == _group;
        }

        portal = new PgPortal { State = PgObjectState.Made };
        if (_portals.Count < shared.Limits.NamedObjects)
            _portals.Set(name, portal);
        return true;
    }

    /// <summary>The masks in force (null: none), as an index on a catalog that is recent enough; false when that must be waited for.</summary>
    private bool TryIndex(out PgMaskIndex? index)
    {
        index = null;
        if (shared.Context.Masks is not { } masks)
            return true;
        index = shared.Catalog.Peek(masks);
        return index is not null;
    }

    private PgJudgement Judged(PgJudgement judged, int textAt)
    {
        MustWait |= judged.MustWait;
        if (textAt >= 0)
        {
            foreach (SqlRange secret in _actions.Secrets)
                Secrets.Add(new SqlRange(textAt + secret.Start, secret.Length));
        }

        return judged;
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
        shared.Owed.Enqueue(owed);
        return PgTake.Forward;
    }

    /// <summary>As Owe, for a request that runs something.</summary>
    private PgTake Run(in PgOwed owed)
    {
        _ran++;
        return Owe(owed);
    }

    private PgTake Refuse(PgReplyState kind, byte substitute, PgRefusal refusal)
    {
        _replaceWith = substitute;
        shared.Owed.Enqueue(new PgOwed { Kind = kind, Refusal = refusal });
        return PgTake.Replace;
    }
}
