using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>One statement by its first word (gram.y: stmt; documentation part VI).</summary>
internal static class SqlStatements
{
    /// <summary>Parses a statement up to its end. What it does not understand, it fails.</summary>
    public static Verb Parse(ref SqlTokens t, SqlEffects e)
    {
        Verb verb = Dispatch(ref t, e);
        if (!t.AtEnd)
            t.Fail();
        return verb;
    }

    /// <summary>The tail of a utility statement: no relation can hide in it but in a subquery.</summary>
    public static void Rest(ref SqlTokens t, SqlEffects e) => SqlExpressions.Scan(ref t, e, SqlScope.Utility);

    /// <summary>[IF EXISTS] or [IF NOT EXISTS].</summary>
    public static void IfExists(ref SqlTokens t)
    {
        if (t.Keyword != Kw.IF || t.Peek().Keyword is not (Kw.NOT or Kw.EXISTS))
            return;
        t.Advance();
        t.Take(Kw.NOT);
        t.Expect(Kw.EXISTS);
    }

    /// <summary>[ONLY] name [*], …, each with <paramref name="verb"/>.</summary>
    public static void Names(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        do
        {
            if (SqlRelations.TryName(ref t, out SqlName name))
                e.Add(ref t, verb, name);
        }
        while (t.Take(SqlTokenKind.Comma));
    }

    private static Verb Dispatch(ref SqlTokens t, SqlEffects e)
    {
        switch (t.Keyword)
        {
            case Kw.SELECT or Kw.WITH or Kw.VALUES or Kw.TABLE or Kw.INSERT or Kw.UPDATE or Kw.DELETE or Kw.MERGE:
                return Preparable(ref t, e);
            case Kw.None when t.Kind == SqlTokenKind.OpenParen:
                return Preparable(ref t, e);
            case Kw.EXPLAIN:
                return SqlPrepared.Explain(ref t, e);
            case Kw.PREPARE or Kw.EXECUTE or Kw.DEALLOCATE or Kw.DECLARE or Kw.FETCH or Kw.MOVE or Kw.CLOSE:
                return SqlPrepared.Parse(ref t, e);
            case Kw.COPY:
                return SqlCopy.Parse(ref t, e);
            case Kw.BEGIN or Kw.START or Kw.COMMIT or Kw.END or Kw.ROLLBACK or Kw.ABORT or Kw.SAVEPOINT or Kw.RELEASE:
                return SqlTransactions.Parse(ref t, e);
            case Kw.SET or Kw.RESET or Kw.SHOW or Kw.DISCARD:
                return SqlSettingStatements.Parse(ref t, e);
            case Kw.CREATE:
                return SqlCreations.Parse(ref t, e);
            case Kw.ALTER or Kw.DROP or Kw.COMMENT or Kw.SECURITY or Kw.REASSIGN or Kw.IMPORT:
                return SqlAlterations.Parse(ref t, e);
            case Kw.GRANT or Kw.REVOKE:
                return SqlGrants.Parse(ref t, e);
            case Kw.None:
                t.Fail();
                return Verb.Unknown;
            default:
                return SqlMaintenance.Parse(ref t, e);
        }
    }

    /// <summary>A query or a modification; SELECT … INTO is a CREATE TABLE AS.</summary>
    public static Verb Preparable(ref SqlTokens t, SqlEffects e)
    {
        Verb verb = SqlModifications.Statement(ref t, e);
        return verb == Verb.Select && e.SelectsInto ? Verb.CreateTableAs : verb;
    }
}
