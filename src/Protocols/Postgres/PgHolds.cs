using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Sql;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// Which requests must wait for a person, and that none of them runs by another way. A held statement is parsed and bound at the target, and only its
/// Execute waits: by the name it has there, SQL could run it too (EXECUTE, FETCH). Once there is such a name, what might use it is refused.
/// Request loop only.
/// </summary>
internal sealed class PgHolds(PgShared shared)
{
    private Verdict? _ofStatement;
    private Verdict? _ofPortal;
    private Verdict? _ofAny;

    /// <summary>What waits, when the last answer was that it must.</summary>
    public PgHeld? Held { get; private set; }

    /// <summary>What was run earlier that may change what later texts mean.</summary>
    public PgSessionTrail Trail { get; } = new();

    /// <summary>What was said of the request at hand while it waited; whoever waited fills and clears it.</summary>
    public PgHolding Holding { get; } = new();

    /// <summary>A text is run.</summary>
    /// <param name="isWhole">False: only its head was seen.</param>
    public void OnRun(PgEffects effects, ReadOnlySpan<byte> text, bool isWhole, SqlSettings settings)
    {
        if ((effects & PgEffects.ChangesSession) == 0)
            return;
        if (isWhole)
            Trail.Add(text, settings);
        else
            Trail.AddUnknown();
    }

    /// <summary>A prepared statement is run; what it is bound to is not looked at here, so with values it counts as not seen.</summary>
    public void OnRun(PgStatement statement)
    {
        if ((statement.Effects & PgEffects.ChangesSession) == 0)
            return;
        if (statement.Text is { } text && !text.AsSpan().Contains((byte)'$'))
            Trail.Add(text, statement.Settings);
        else
            Trail.AddUnknown();
    }

    /// <summary>A statement is, or will be, at the target, and it is known what holds it.</summary>
    public void OnStatement(PgStatement statement)
    {
        if (statement.Holds is not { } holds)
            return;
        _ofAny ??= holds[0].Verdict;
        if (statement.IsNamed)
            _ofStatement ??= holds[0].Verdict;
    }

    /// <summary>A portal is, or will be, at the target.</summary>
    public void OnPortal(ReadOnlySpan<byte> name, PgStatement statement)
    {
        if (statement.Holds is { } holds && !name.IsEmpty)
            _ofPortal ??= holds[0].Verdict;
    }

    /// <summary>Whether the values a statement is bound to may have to be shown to somebody: it is held, or the rules have changed since they were last asked.</summary>
    public bool MayBeHeld(PgStatement statement) =>
        !ReferenceEquals(statement, PgStatement.Unknown) && (statement.Holds is not null || statement.Epoch != shared.Context.Refresh());

    /// <summary>The refusal of running what is not known, once a statement is at the target that must not run unseen; null: there is none.</summary>
    public PgRefusal? Unknown() => _ofAny is { } verdict
        ? PgRefusal.CannotBeHeld(verdict, "its name may stand for a statement that needs approval", "Prepare it again, under a name of its own.")
        : null;

    /// <summary>Whether a statement that shows or runs what a name stands for must be judged again: such a name may have been given since.</summary>
    public bool MustJudgeAgain(PgStatement statement) => _ofAny is not null && (statement.Effects & PgEffects.IsIndirect) != 0;

    /// <summary>The refusal of a statement by which SQL could run what is held under a name; null: it could not.</summary>
    public PgRefusal? Evasion(SqlScanner scanner, int i)
    {
        if (_ofAny is null)
            return null;
        const SqlTraits execute = SqlTraits.PreparedByName | SqlTraits.ReadsUnknown;
        bool mayExecute = scanner[i].IsUnparsed || (scanner[i].Traits & execute) == execute;
        bool mayFetch = scanner[i].IsUnparsed || scanner[i].Verb is Verb.Fetch or Verb.Move || FetchesByFunction(scanner, i);
        Verdict? may = (mayExecute ? _ofStatement : null) ?? (mayFetch ? _ofPortal : null);
        return may is { } verdict
            ? PgRefusal.CannotBeHeld(verdict, "the name in it may stand for a statement that needs approval", "Send the statement itself.")
            : null;
    }

    /// <summary>Whether one of these rules has not been satisfied yet; <see cref="Held"/> is then what waits.</summary>
    public bool MustHold(PgHeldBy[] holds, ReadOnlySpan<byte> text, SqlSettings settings, PgStatement? statement, PgBoundValues? values)
    {
        foreach (PgHeldBy by in Holding.IsSkipped ? [] : holds)
        {
            Held = PgHeld.Of(by, text, settings, statement is null ? [] : statement.Types, statement?.DescribedTypes, values, Trail);
            if (!Holding.IsApproved(by.Rules, Held.Action.Digest))
                return true;
        }

        Held = null;
        return false;
    }

    /// <summary>Whether running a portal needs somebody's approval. Fetching more rows of what was approved needs no other: a portal is run to its end once.</summary>
    public bool NeedsApproval(PgPortal portal) =>
        portal.Statement.Holds is { } holds
        && !(portal.ApprovedBy is { } by && shared.Time.GetUtcNow() < (portal.ApprovedUntil ?? DateTimeOffset.MaxValue) && Covers(by, holds));

    private static bool Covers(PgHeldBy[] approved, PgHeldBy[] holds) =>
        Array.TrueForAll(holds, h => Array.TrueForAll(h.Rules, rule => Array.Exists(approved, a => a.Rules.Contains(rule))));

    /// <summary>An Execute that needs approval: it must wait (true), or it may run or is refused.</summary>
    public bool MustHold(PgPortal portal, out PgRefusal? refusal)
    {
        PgStatement statement = portal.Statement;
        PgHeldBy[] holds = statement.Holds!;
        refusal = null;
        if (Holding.IsSkipped)
            return false;
        if (statement.Text is not { } text)
        {
            refusal = PgRefusal.CannotBeHeld(holds[0].Verdict, "its text is no longer known", "Prepare it again.");
        }
        else if (portal.Values is not { } values)
        {
            refusal = PgRefusal.CannotBeHeld(holds[0].Verdict,
                "the values it was bound to are not known: they are too large, or were bound before the rules changed", "Bind smaller values, or bind it again.");
        }
        else if (MustHold(holds, text, statement.Settings, statement, values))
        {
            return true;
        }
        else
        {
            (portal.ApprovedBy, portal.ApprovedUntil) = (holds, Holding.EndsAt);
        }

        return false;
    }

    /// <summary>PostgreSQL 9.15.3: they run a portal by its name.</summary>
    private static bool FetchesByFunction(SqlScanner scanner, int i)
    {
        foreach (ObjectRef function in scanner.Functions(i))
        {
            if (function.Name(scanner.Names).StartsWith("cursor_to_xml"u8))
                return true;
        }

        return false;
    }
}
