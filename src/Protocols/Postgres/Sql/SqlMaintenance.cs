using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>The other utility statements: maintenance, locks, notifications, procedures.</summary>
internal static class SqlMaintenance
{
    public static Verb Parse(ref SqlTokens t, SqlEffects e)
    {
        Kw first = t.Keyword;
        t.Advance();
        switch (first)
        {
            case Kw.TRUNCATE:
                t.Take(Kw.TABLE);
                return Names(ref t, e, Verb.Truncate);
            case Kw.LOCK:
                t.Take(Kw.TABLE);
                return Names(ref t, e, Verb.Lock);
            case Kw.VACUUM:
                return Vacuum(ref t, e, Verb.Vacuum);
            case Kw.ANALYZE or Kw.ANALYSE:
                return Vacuum(ref t, e, Verb.Analyze);
            case Kw.CLUSTER:
                return Cluster(ref t, e);
            case Kw.REINDEX:
                return Reindex(ref t, e);
            case Kw.REFRESH:
                t.Expect(Kw.MATERIALIZED);
                t.Expect(Kw.VIEW);
                t.Take(Kw.CONCURRENTLY);
                e.Traits |= SqlTraits.StoresQueryResult;
                return Named(ref t, e, Verb.Refresh);
            case Kw.LISTEN:
                return Named(ref t, e, Verb.Listen);
            case Kw.UNLISTEN:
                return t.Take(SqlTokenKind.Star) ? Verb.Unlisten : Named(ref t, e, Verb.Unlisten);
            case Kw.NOTIFY:
                return Named(ref t, e, Verb.Notify);
            case Kw.CALL:
                return Call(ref t, e);
            case Kw.DO:
                e.Traits |= SqlTraits.ReadsUnknown | SqlTraits.ChangesSettings;
                SqlStatements.Rest(ref t, e);
                return Verb.Do;
            case Kw.CHECKPOINT:
                SqlStatements.Rest(ref t, e);
                return Verb.Checkpoint;
            case Kw.LOAD:
                t.Expect(SqlTokenKind.String);
                return Verb.Load;
            default:
                t.Fail();
                return Verb.Unknown;
        }
    }

    private static Verb Names(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        SqlStatements.Names(ref t, e, verb);
        SqlStatements.Rest(ref t, e);
        return verb;
    }

    private static Verb Named(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        if (SqlName.TryRead(ref t, out SqlName name))
            e.Add(ref t, verb, name);
        SqlStatements.Rest(ref t, e);
        return verb;
    }

    /// <summary>[(options) | FULL FREEZE VERBOSE ANALYZE] [table [(columns)], …]</summary>
    private static Verb Vacuum(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        Options(ref t, e);
        while (t.Take(Kw.FULL) || t.Take(Kw.FREEZE) || t.Take(Kw.VERBOSE) || t.Take(Kw.ANALYZE) || t.Take(Kw.ANALYSE))
            ;
        if (t.AtEnd)
            return verb;
        do
        {
            if (SqlRelations.TryName(ref t, out SqlName name))
                e.Add(ref t, verb, name);
            if (t.Kind == SqlTokenKind.OpenParen)
                SqlExpressions.Parenthesis(ref t, e);
        }
        while (t.Take(SqlTokenKind.Comma));
        return verb;
    }

    private static void Options(ref SqlTokens t, SqlEffects e)
    {
        if (t.Kind == SqlTokenKind.OpenParen)
            SqlExpressions.Parenthesis(ref t, e, SqlScope.Utility);
    }

    /// <summary>CLUSTER [options] [table [USING index]], or the old CLUSTER index ON table.</summary>
    private static Verb Cluster(ref SqlTokens t, SqlEffects e)
    {
        Options(ref t, e);
        t.Take(Kw.VERBOSE);
        if (t.AtEnd || !SqlName.TryRead(ref t, out SqlName name))
            return Verb.Cluster;
        if (t.Take(Kw.ON))
            SqlName.TryRead(ref t, out name);
        else if (t.Take(Kw.USING))
            SqlRelations.ColId(ref t);
        if (!t.Failed)
            e.Add(ref t, Verb.Cluster, name);
        return Verb.Cluster;
    }

    /// <summary>REINDEX [options] {INDEX | TABLE | SCHEMA | DATABASE | SYSTEM} [CONCURRENTLY] [name]</summary>
    private static Verb Reindex(ref SqlTokens t, SqlEffects e)
    {
        Options(ref t, e);
        if (t.Keyword is not (Kw.INDEX or Kw.TABLE or Kw.SCHEMA or Kw.DATABASE or Kw.SYSTEM))
            t.Fail();
        t.Advance();
        t.Take(Kw.CONCURRENTLY);
        return t.AtEnd ? Verb.Reindex : Named(ref t, e, Verb.Reindex);
    }

    private static Verb Call(ref SqlTokens t, SqlEffects e)
    {
        e.Traits |= SqlTraits.ReadsUnknown | SqlTraits.ChangesSettings;
        if (!SqlName.TryRead(ref t, out SqlName procedure))
            return Verb.Call;
        e.Add(ref t, Verb.Call, procedure);
        e.AddFunction(ref t, procedure);
        SqlExpressions.Parenthesis(ref t, e);
        return Verb.Call;
    }
}
