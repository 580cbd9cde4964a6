using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Protocols.Postgres.Sql;

namespace Sallyport.Protocols.Postgres;

/// <summary>What judging a text came to.</summary>
/// <param name="Refusal">Null when every statement of it may run.</param>
/// <param name="Effects">What running it may do.</param>
/// <param name="MustWait">The recording is behind: wait before acting on this.</param>
internal readonly record struct PgJudgement(PgRefusal? Refusal, PgEffects Effects, bool MustWait)
{
    /// <summary>The rules that hold it, each once, in the order of its statements; null: none does.</summary>
    public PgHeldBy[]? Holds { get; init; }
}

/// <summary>
/// Texts to actions to verdicts, for the request loop. Every statement of a text is judged, also behind one that was refused: the record
/// shows the whole attempt.
/// </summary>
internal sealed class PgActions(PgShared shared, PgHolds holds)
{
    private readonly SqlScanner _scanner = new();
    private readonly List<SqlRange> _secrets = [];
    private readonly List<PgHeldBy> _holds = [];
    private bool _settingsTouched;

    /// <summary>
    /// True once something was let through that may have given a name of the protocol to a statement or a cursor of its own (PREPARE, DECLARE,
    /// code whose text is not known). PostgreSQL has one set of names for both, so a name then says nothing of the text behind it.
    /// </summary>
    public bool NamesMayLie { get; private set; }

    /// <summary>Byte ranges of the last judged text that are secrets (a role's new password): they are not recorded.</summary>
    public IReadOnlyList<SqlRange> Secrets => _secrets;

    /// <summary>What is known of the settings that decide how a text is read. A change that is still on its way makes them unknown.</summary>
    public SqlSettings Settings()
    {
        // PostgreSQL 14 and later report a change with the next ReadyForQuery and not before.
        bool unsettled = _settingsTouched && !shared.Owed.IsQuiet;
        return new SqlSettings(unsettled ? TriState.Unknown : shared.StandardConformingStrings, shared.EncodingIsAsciiSafe && !unsettled);
    }

    /// <summary>Judges a Query's or Parse's text.</summary>
    /// <param name="text">The text, or its head.</param>
    /// <param name="truncated">True when it is only the head.</param>
    /// <param name="index">The masks in force; null when there are none.</param>
    /// <param name="settings">How the target reads, or has read, the text.</param>
    public PgJudgement JudgeText(ReadOnlySpan<byte> text, bool truncated, PgMaskIndex? index, SqlSettings settings)
    {
        _secrets.Clear();
        _holds.Clear();
        _scanner.Scan(text, settings);
        if (truncated && _scanner.Count == 0)
            return JudgeHidden(text);

        PgRefusal? refusal = null;
        PgEffects effects = truncated ? PgEffects.All : PgEffects.None;
        bool mustWait = false;
        for (int i = 0; i < _scanner.Count; i++)
        {
            PgRefusal? own = JudgeStatement(text, i, truncated, index, ref effects, ref mustWait);
            refusal ??= own;
            _settingsTouched |= TouchesSettings(i);
        }

        return new PgJudgement(refusal, effects, mustWait) { Holds = _holds.Count == 0 ? null : [.. _holds] };
    }

    /// <summary>Finds the secrets of a text that was judged before, and is not judged again because it is not run.</summary>
    public void FindSecrets(ReadOnlySpan<byte> text, SqlSettings settings)
    {
        _secrets.Clear();
        _scanner.Scan(text, settings);
        for (int i = 0; i < _scanner.Count; i++)
        {
            foreach (SqlRange secret in _scanner.Secrets(i))
                _secrets.Add(secret);
        }
    }

    /// <summary>Judges a text of whose statements the head shows none: white space, or a comment, may hide anything behind it.</summary>
    private PgJudgement JudgeHidden(ReadOnlySpan<byte> head)
    {
        const ActionFlags flags = ActionFlags.Truncated | ActionFlags.Unparsed;
        Verdict verdict = shared.Context.Judge(new ActionView { Kind = ActionKind.Statement, Verb = Verb.Unknown, Flags = flags, Text = head }, out bool wait);
        _settingsTouched = true;
        return new PgJudgement(Refused(verdict, TooLong, "Send its data as parameters or by COPY."), PgEffects.All, wait);
    }

    /// <summary>Judges running something whose text is not known: a statement made by SQL PREPARE, a cursor.</summary>
    public PgJudgement JudgeUnknown()
    {
        Verdict verdict = shared.Context.Judge(new ActionView { Kind = ActionKind.Statement, Verb = Verb.Execute }, out bool wait);
        _settingsTouched = true;
        return new PgJudgement(Refused(verdict, "what its name stands for is not known, so nobody could be shown what would run", "Send its text."), PgEffects.All, wait);
    }

    /// <summary>Judges a FunctionCall message (PostgreSQL 55.2.5), which names its function by OID.</summary>
    public PgJudgement JudgeFunctionCall(uint function, PgMaskIndex? index)
    {
        Span<byte> name = stackalloc byte[10];
        function.TryFormat(name, out int length, provider: System.Globalization.CultureInfo.InvariantCulture);
        ReadOnlySpan<ObjectRef> objects = [new ObjectRef(Verb.FunctionCall, ObjectFlags.None, 0, length, 0)];
        var action = new ActionView { Kind = ActionKind.Statement, Verb = Verb.FunctionCall, Names = name, Objects = objects, Text = name[..length] };
        Verdict verdict = shared.Context.Judge(action, out bool wait);
        PgRefusal? refusal = Refused(verdict, "a call by number has no text that somebody could be shown", "Call the function in a SELECT.");
        // Its result has no RowDescription, so nothing could be masked in it.
        if (refusal is null && index is not null)
            refusal = Guarded("masking/function-call", "its result cannot be masked", "Call the function in a SELECT.");
        return new PgJudgement(refusal, PgEffects.All & ~(PgEffects.MayCopyIn | PgEffects.MayCopyTwice), wait);
    }

    /// <summary>
    /// Whether a statement may change how later texts are to be read. RESET, DISCARD and ROLLBACK only take back what something else did first.
    /// </summary>
    private bool TouchesSettings(int i)
    {
        if ((_scanner[i].Flags & ActionFlags.Unparsed) != 0 || _scanner[i].Verb is Verb.Do or Verb.Execute)
            return true;
        foreach (ObjectRef o in _scanner.Objects(i))
        {
            ReadOnlySpan<byte> name = o.Name(_scanner.Names);
            if (o.Verb == Verb.Call || o.Verb == Verb.Set && (name.SequenceEqual("client_encoding"u8) || name.SequenceEqual("standard_conforming_strings"u8)))
                return true;
        }

        return false;
    }

    private PgRefusal? JudgeStatement(ReadOnlySpan<byte> text, int i, bool truncated, PgMaskIndex? index, ref PgEffects effects, ref bool mustWait)
    {
        ref readonly SqlStatement statement = ref _scanner[i];
        ReadOnlySpan<byte> own = text.Slice(statement.Start, statement.Length);
        foreach (SqlRange secret in _scanner.Secrets(i))
            _secrets.Add(secret);
        var action = new ActionView
        {
            Kind = ActionKind.Statement,
            Verb = statement.Verb,
            Flags = truncated ? statement.Flags | ActionFlags.Truncated | ActionFlags.Unparsed : statement.Flags,
            Text = _scanner.Secrets(i).IsEmpty ? own : Blank(own, statement.Start, _scanner.Secrets(i)),
            Names = _scanner.Names,
            Objects = _scanner.Objects(i),
        };
        Verdict verdict = shared.Context.Judge(action, out bool wait);
        mustWait |= wait;
        if (verdict.Kind == VerdictKind.Deny)
            return PgRefusal.FromVerdict(verdict);
        if (holds.Evasion(_scanner, i) is { } evasion)
            return evasion;
        if (verdict.Kind == VerdictKind.Hold && TryHold(statement.Verb, verdict, shared.Context.HoldingRules(action), truncated) is { } cannot)
            return cannot;
        PgEffects found = EffectsOf(i, index);
        if ((effects & found & PgEffects.MayCopyIn) != 0)
            effects |= PgEffects.MayCopyTwice;
        effects |= found;
        return index is null ? null : Guard(own, i, (found & PgEffects.MightRead) != 0, index);
    }

    private const string TooLong = "it is too long to be shown whole";

    /// <summary>What an action without a text comes to: it is allowed, or it is not run.</summary>
    private static PgRefusal? Refused(in Verdict verdict, string why, string hint) => verdict.Kind switch
    {
        VerdictKind.Allow => null,
        VerdictKind.Hold => PgRefusal.CannotBeHeld(verdict, why, hint),
        _ => PgRefusal.FromVerdict(verdict),
    };

    /// <summary>Notes that rules hold the text; the refusal of what cannot wait.</summary>
    /// <param name="rules">All of them: the verdict names one.</param>
    private PgRefusal? TryHold(Verb verb, in Verdict verdict, IReadOnlyList<string> rules, bool truncated)
    {
        if (truncated)
            return PgRefusal.CannotBeHeld(verdict, TooLong, "Send its data as parameters or by COPY.");
        // One approval is for one run: what is prepared by SQL could be run any number of times, with values that nobody saw.
        if (verb == Verb.Prepare)
            return PgRefusal.CannotBeHeld(verdict, "an approval is for one run, and what is prepared can be run again", "Send the statement itself, or prepare it by the protocol as drivers do.");
        string[] all = [.. rules.Prepend(verdict.RuleId).Distinct(StringComparer.Ordinal)];
        for (int i = 0; i < _holds.Count; i++)
        {
            if (_holds[i].Verdict.RuleId != verdict.RuleId)
                continue;
            _holds[i] = _holds[i] with { Rules = [.. _holds[i].Rules.Union(all, StringComparer.Ordinal)] };
            return null;
        }

        _holds.Add(new PgHeldBy(verdict, verb, all));
        return null;
    }

    /// <summary>Policy knows what the statement says; this is what the engine must know of what it does.</summary>
    private PgEffects EffectsOf(int i, PgMaskIndex? index)
    {
        ref readonly SqlStatement statement = ref _scanner[i];
        if (statement.IsUnparsed)
            return PgEffects.All;
        PgEffects effects = ChangesCatalog(statement.Verb) ? PgEffects.ChangesCatalog : PgEffects.None;
        if (ChangesSession(i))
            effects |= PgEffects.ChangesSession;
        if (index is not null && MightRead(i, index))
            effects |= PgEffects.MightRead;
        if ((statement.Traits & SqlTraits.CopyFromStdin) != 0)
            effects |= PgEffects.MayCopyIn;
        if ((statement.Traits & SqlTraits.ReadsUnknown) != 0)
            effects |= PgEffects.IsIndirect;
        if (statement.Verb is Verb.Prepare or Verb.Do)
            effects |= PgEffects.MayPrepare | PgEffects.MayRename;
        bool runsUnseen = (statement.Traits & SqlTraits.ReadsUnknown) != 0 && statement.Verb is not (Verb.Fetch or Verb.Move);
        if (runsUnseen || statement.Verb == Verb.Declare || (index is not null && CallsUnsafe(i, index)))
            effects |= PgEffects.MayRename;
        return effects;
    }

    /// <summary>Masks hold only for what is masked on its way to the client: ways around that are refused while masks are in force.</summary>
    private PgRefusal? Guard(ReadOnlySpan<byte> text, int i, bool reads, PgMaskIndex index)
    {
        SqlTraits traits = _scanner[i].Traits;
        if (_scanner[i].Verb == Verb.Do)
            return Guarded("masking/code", "what it runs cannot be seen, and could take masked data where no mask covers it", "Send its statements one by one.");
        if ((traits & SqlTraits.CopyToStdout) != 0)
            return Guarded("masking/copy", "COPY … TO STDOUT cannot be masked", "Use SELECT: its result is masked as it streams.");
        if ((traits & SqlTraits.StoresQueryResult) != 0 && ((traits & SqlTraits.ReadsUnknown) != 0 || ReadsMasked(i, index, readsOnly: true)))
            return Guarded("masking/stored", "it would store masked data where no mask covers it", "Name only tables without masked columns as its source.");
        if (CopiesMasked(text, i, index))
            return Guarded("masking/stored", "it could copy a masked column into one that is shown", "Assign parameters, literals, and columns that are not masked.");
        if (_scanner[i].Verb == Verb.Alter && AltersMasked(i, index))
            return Guarded("masking/altered", "it would change what the masks are for", "Ask someone who may see its data to change it.");
        if (reads && (HasSensitiveCall(i) || Carries(i)))
            return Guarded("masking/escape", "it hands masked data to a function that takes it elsewhere", "Call the function in a statement of its own.");
        return null;
    }

    private PgRefusal Guarded(string ruleId, string why, string hint)
    {
        shared.Context.Event("refused", ruleId);
        return new PgRefusal(SqlState.InsufficientPrivilege, $"refused by policy: {why}", $"Rule {ruleId}.", hint);
    }

    private bool MightRead(int i, PgMaskIndex index) =>
        (_scanner[i].Traits & SqlTraits.ReadsUnknown) != 0 || HasSensitiveCall(i)
        || ReadsMasked(i, index, readsOnly: false);

    private bool ReadsMasked(int i, PgMaskIndex index, bool readsOnly)
    {
        // WITH gone AS (DELETE FROM masked RETURNING …) INSERT INTO other SELECT … FROM gone
        bool returns = (_scanner[i].Traits & SqlTraits.Returns) != 0;
        foreach (ObjectRef o in _scanner.Objects(i))
        {
            bool relation = readsOnly ? o.Verb == Verb.Select || (returns && o.Verb is Verb.Update or Verb.Delete or Verb.Merge) : !IsNameless(o.Verb);
            if (relation && o.Length > 0 && !index.IsClean(o.Name(_scanner.Names)))
                return true;
        }

        return CallsUnsafe(i, index);
    }

    /// <summary>Whether it calls a function that may read, or do, what its arguments do not show.</summary>
    private bool CallsUnsafe(int i, PgMaskIndex index)
    {
        foreach (ObjectRef function in _scanner.Functions(i))
        {
            if (index.IsOpaqueFunction(function.Name(_scanner.Names)))
                return true;
            if (!index.IsSafeFunction(function.Name(_scanner.Names)) && !SqlGrammarFunctions.Contains(function, _scanner.Names))
                return true;
        }

        return false;
    }

    private bool CopiesMasked(ReadOnlySpan<byte> text, int i, PgMaskIndex index)
    {
        foreach (ObjectRef o in _scanner.Objects(i))
        {
            ReadOnlySpan<byte> name = o.Name(_scanner.Names);
            if (o.Verb == Verb.Update && index.IsMasked(name) && SqlSelfCopies.MayCopy(text, Settings(), name, index))
                return true;
        }

        return false;
    }

    private bool AltersMasked(int i, PgMaskIndex index)
    {
        foreach (ObjectRef o in _scanner.Objects(i))
        {
            if (index.IsMasked(o.Name(_scanner.Names)))
                return true;
        }

        return false;
    }

    private bool Carries(int i)
    {
        foreach (ObjectRef function in _scanner.Functions(i))
        {
            if (SqlCarryingFunctions.Contains(function.Name(_scanner.Names)))
                return true;
        }

        return false;
    }

    private bool HasSensitiveCall(int i)
    {
        foreach (ObjectRef o in _scanner.Objects(i))
        {
            if (o.Verb == Verb.Call)
                return true;
        }

        return false;
    }

    /// <summary>Whether it may change what later texts mean: a setting, a name, or something that is not seen.</summary>
    private bool ChangesSession(int i)
    {
        bool seen = (_scanner[i].Traits & SqlTraits.ReadsUnknown) == 0 || _scanner[i].Verb is Verb.Fetch or Verb.Move;
        if (!seen || _scanner[i].Verb is Verb.Reset or Verb.Discard || ChangesCatalog(_scanner[i].Verb))
            return true;
        foreach (ObjectRef o in _scanner.Objects(i))
        {
            if (o.Verb == Verb.Call || (o.Verb == Verb.Set && !SqlHarmlessSettings.Contains(o.Name(_scanner.Names))))
                return true;
        }

        return false;
    }

    /// <summary>Verbs whose objects are not relations.</summary>
    private static bool IsNameless(Verb verb) => verb is Verb.Set or Verb.Reset or Verb.Show or Verb.Listen or Verb.Unlisten or Verb.Notify
        or Verb.Prepare or Verb.Deallocate or Verb.Savepoint or Verb.Release or Verb.Rollback;

    private static bool ChangesCatalog(Verb verb) =>
        verb is Verb.Create or Verb.CreateTableAs or Verb.Alter or Verb.Drop or Verb.ImportForeignSchema or Verb.Do or Verb.Call or Verb.DropOwned;

    private static byte[] Blank(ReadOnlySpan<byte> text, int start, ReadOnlySpan<SqlRange> secrets)
    {
        byte[] copy = text.ToArray();
        foreach (SqlRange secret in secrets)
            copy.AsSpan(secret.Start - start, secret.Length).Fill((byte)'*');
        return copy;
    }
}
