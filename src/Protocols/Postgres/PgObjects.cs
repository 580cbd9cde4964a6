using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Protocols.Postgres.Sql;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// What the request loop remembers of prepared statements and portals. It knows what it asked the target to make, not what the target has made:
/// a request may fail, be skipped behind one that failed, or have its name taken by SQL. What is not known is taken for the worst.
/// </summary>
internal sealed class PgObjects(PgShared shared)
{
    private readonly PgNames<PgStatement> _statements = new();
    private readonly PgNames<PgPortal> _portals = new();
    private readonly PgPortal _unnamedPortal = new();
    private int _group;
    private int _keptText;
    private int _keptValues;

    /// <summary>Counts what has been run: each Query, Execute and FunctionCall.</summary>
    public long Run { get; private set; }

    /// <summary>True once a text that may be COPY FROM STDIN has been parsed: only then can a statement that is not known be one. SQL cannot prepare it.</summary>
    public bool MayHoldCopy { get; private set; }

    public bool HasRoomForStatement(ReadOnlySpan<byte> name) => name.IsEmpty || _statements.Count < shared.Limits.NamedObjects;

    public bool HasRoomForPortal(ReadOnlySpan<byte> name) => name.IsEmpty || _portals.Count < shared.Limits.NamedObjects;

    /// <summary>A Sync is sent: what follows may find that what came before it was skipped.</summary>
    public void NextGroup() => _group++;

    /// <summary>Remembers what a Parse is to make.</summary>
    public PgStatement Remember(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> text, ReadOnlySpan<byte> types, bool truncated, PgEffects effects, SqlSettings settings, PgMaskIndex? index)
    {
        MayHoldCopy |= (effects & PgEffects.MayCopyIn) != 0;
        _statements.TryGet(name, out PgStatement? before);
        // The unnamed statement is replaced by Parse. A name in use is not (55.2.3): whether this Parse succeeds or the older statement stays,
        // is for the target to say, and until it is closed either may answer to the name.
        bool taken = !name.IsEmpty && before is not null;
        if (name.IsEmpty && before is not null)
            Forget(before);
        bool keep = !truncated && !taken && _keptText + text.Length + types.Length <= shared.Limits.StatementTextBytes;
        if (keep)
            _keptText += text.Length + types.Length;
        var statement = new PgStatement
        {
            Effects = taken ? PgEffects.All : effects,
            Text = keep ? text.ToArray() : null,
            Types = keep ? PgOids.Read(types) : [],
            Settings = settings,
            IsNamed = !name.IsEmpty,
            Epoch = shared.Context.Epoch,
            Index = index,
            Group = _group,
        };
        _statements.Set(name, statement);
        return statement;
    }

    /// <summary>
    /// A Parse was refused. What uses its name up to the next Sync is skipped by the target with it, so there is nothing to judge in it; behind the
    /// Sync the name is unknown.
    /// </summary>
    public void RememberRefused(ReadOnlySpan<byte> name, PgMaskIndex? index)
    {
        bool known = _statements.TryGet(name, out PgStatement? before);
        if (!name.IsEmpty && (known || !HasRoomForStatement(name)))
            return;
        if (before is not null)
            Forget(before);
        _statements.Set(name, new PgStatement { State = PgObjectState.Failed, Epoch = shared.Context.Epoch, Index = index, Group = _group, IsNamed = !name.IsEmpty });
    }

    /// <summary>The statement of a name; false when it was made by a request of an earlier group whose reply (<paramref name="ticket"/>) must be waited for.</summary>
    public bool TryStatement(ReadOnlySpan<byte> name, out PgStatement statement, out long ticket)
    {
        ticket = 0;
        if (!_statements.TryGet(name, out PgStatement? known))
        {
            statement = PgStatement.Unknown;
            return true;
        }

        statement = known;
        // Of the same group: if it fails, so does what uses it.
        if (known.Group == _group)
            return true;
        ticket = known.Ticket;
        if (known.State == PgObjectState.Failed)
            statement = PgStatement.Unknown;
        return known.State != PgObjectState.Pending;
    }

    /// <summary>Binds a portal; its ticket is still to be set.</summary>
    public PgPortal Bind(ReadOnlySpan<byte> name, PgStatement statement, PgBoundValues? values)
    {
        PgPortal portal = name.IsEmpty ? _unnamedPortal : new PgPortal();
        if (name.IsEmpty)
            ForgetValues(portal);
        else if (_portals.TryGet(name, out PgPortal? before))
            ForgetValues(before);
        Keep(portal, values);
        portal.Statement = statement;
        portal.DescribedIn = -1;
        portal.Group = _group;
        portal.BoundAt = Run;
        if (!name.IsEmpty)
            _portals.Set(name, portal);
        return portal;
    }

    /// <summary>
    /// The portal of a name, as <see cref="TryStatement"/>. A name that no Bind made may be a cursor's (DECLARE), and one whose Bind failed an older
    /// portal's: it is then remembered as unknown.
    /// </summary>
    public bool TryPortal(ReadOnlySpan<byte> name, out PgPortal portal)
    {
        if (name.IsEmpty)
        {
            portal = _unnamedPortal;
        }
        else if (_portals.TryGet(name, out PgPortal? known))
        {
            portal = known;
        }
        else
        {
            portal = new PgPortal { Group = -1 };
            if (_portals.Count < shared.Limits.NamedObjects)
                _portals.Set(name, portal);
        }

        if (portal.Group == _group)
            return true;
        if (!shared.Owed.HasLeft(portal.Ticket))
            return false;
        if (portal.MadeBy != portal.Ticket)
            (portal.Statement, portal.DescribedIn) = (PgStatement.Unknown, -1);
        return true;
    }

    public void CloseStatement(ReadOnlySpan<byte> name)
    {
        if (!_statements.TryGet(name, out PgStatement? statement))
            return;
        Forget(statement);
        _statements.Remove(name);
    }

    public void ClosePortal(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
            ForgetValues(_unnamedPortal);
        else if (_portals.TryGet(name, out PgPortal? portal))
            ForgetValues(portal);
        _portals.Remove(name);
    }

    /// <summary>
    /// Something with these effects is run. Behind it, a name may stand for something else: PREPARE and Parse share their names, DECLARE and Bind share
    /// theirs, and a function can do by SQL what a client can.
    /// </summary>
    public void OnRun(PgEffects effects)
    {
        Run++;
        if ((effects & PgEffects.ChangesCatalog) != 0)
            shared.TouchCatalog();
        if ((effects & PgEffects.MayRename) == 0)
            return;
        foreach (PgPortal portal in _portals.Values)
        {
            portal.ApprovedBy = null;
            if (!ReferenceEquals(portal.Statement, PgStatement.Unknown))
                portal.Statement.Widen(PgEffects.MightRead);
        }

        foreach (PgStatement statement in _statements.Values)
        {
            if (!statement.IsNamed)
                continue;
            statement.Widen(PgEffects.MightRead);
            if ((effects & PgEffects.MayPrepare) != 0)
                Forget(statement);
        }
    }

    private void Forget(PgStatement statement)
    {
        _keptText -= statement.Text is null ? 0 : statement.Text.Length + statement.Types.Length * 4;
        statement.Text = null;
    }

    private void Keep(PgPortal portal, PgBoundValues? values)
    {
        portal.ApprovedBy = null;
        if (values is null || _keptValues + values.Size > shared.Limits.HeldValueBytes)
            return;
        _keptValues += values.Size;
        portal.Values = values;
    }

    private void ForgetValues(PgPortal portal)
    {
        _keptValues -= portal.Values?.Size ?? 0;
        portal.Values = null;
    }
}
