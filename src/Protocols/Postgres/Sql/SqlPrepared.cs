using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>Statements that wrap another, or name one that was given before: EXPLAIN, PREPARE, EXECUTE, DEALLOCATE, and cursors.</summary>
internal static class SqlPrepared
{
    public static Verb Parse(ref SqlTokens t, SqlEffects e)
    {
        switch (t.Keyword)
        {
            case Kw.PREPARE:
                return Prepare(ref t, e);
            case Kw.EXECUTE:
                return Execute(ref t, e);
            case Kw.DEALLOCATE:
                e.Traits |= SqlTraits.PreparedByName;
                return NameOrAll(ref t, Verb.Deallocate);
            case Kw.DECLARE:
                return Declare(ref t, e);
            case Kw.CLOSE:
                return NameOrAll(ref t, Verb.Close);
            default:
                return Fetch(ref t, e);
        }
    }

    /// <summary>EXPLAIN [(options) | ANALYZE VERBOSE] statement. With ANALYZE the statement is executed.</summary>
    public static Verb Explain(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.EXPLAIN);
        bool executes = false;
        if (t.Kind == SqlTokenKind.OpenParen && !IsQueryInParentheses(ref t))
        {
            executes = Options(ref t);
        }
        else
        {
            executes = t.Take(Kw.ANALYZE) || t.Take(Kw.ANALYSE);
            t.Take(Kw.VERBOSE);
        }

        e.ExplainOnly = !executes;
        switch (t.Keyword)
        {
            case Kw.DECLARE:
                Declare(ref t, e);
                break;
            case Kw.EXECUTE:
                Execute(ref t, e);
                break;
            case Kw.CREATE:
                SqlCreations.Parse(ref t, e);
                break;
            case Kw.REFRESH:
                SqlMaintenance.Parse(ref t, e);
                break;
            default:
                SqlStatements.Preparable(ref t, e);
                break;
        }

        if (executes)
            e.Add(ref t, Verb.Explain);
        else
            e.Traits &= ~SqlTraits.StoresQueryResult;
        return Verb.Explain;
    }

    private static bool IsQueryInParentheses(ref SqlTokens t) =>
        t.Peek().Kind == SqlTokenKind.OpenParen || t.Peek().Keyword is Kw.SELECT or Kw.WITH or Kw.VALUES or Kw.TABLE;

    /// <summary>(name [value], …). The last ANALYZE counts for PostgreSQL; here any that may be true does.</summary>
    private static bool Options(ref SqlTokens t)
    {
        bool executes = false;
        t.Expect(SqlTokenKind.OpenParen);
        do
        {
            bool analyze = t.Keyword is Kw.ANALYZE or Kw.ANALYSE || (t.Keyword == Kw.None && IsAnalyze(ref t));
            if (!t.Current.IsLabel)
                t.Fail();
            t.Advance();
            bool off = t.Kind is not (SqlTokenKind.Comma or SqlTokenKind.CloseParen) && IsOff(ref t);
            while (t.Kind is SqlTokenKind.Word or SqlTokenKind.String or SqlTokenKind.Number or SqlTokenKind.Op)
                t.Advance();
            executes |= analyze && !off;
        }
        while (t.Take(SqlTokenKind.Comma));
        t.Expect(SqlTokenKind.CloseParen);
        return executes;
    }

    /// <summary>Quoted, but the same name.</summary>
    private static bool IsAnalyze(ref SqlTokens t)
    {
        Span<byte> name = stackalloc byte[SqlNames.Room];
        return SqlNames.TryNormalise(t.Text, t.Current, name, out int length) && name[..length].SequenceEqual("analyze"u8);
    }

    /// <summary>The three plain spellings of false (defGetBoolean); anything else may be true.</summary>
    private static bool IsOff(ref SqlTokens t)
    {
        ReadOnlySpan<byte> value = t.Text[t.Current.Start..t.Current.End];
        return System.Text.Ascii.EqualsIgnoreCase(value, "off"u8) || System.Text.Ascii.EqualsIgnoreCase(value, "false"u8) || value.SequenceEqual("0"u8);
    }

    private static Verb Prepare(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.PREPARE);
        if (t.Take(Kw.TRANSACTION))
        {
            // It ends the transaction as COMMIT does.
            e.Traits |= SqlTraits.TransactionControl | SqlTraits.ChangesSettings;
            t.Expect(SqlTokenKind.String);
            return Verb.PrepareTransaction;
        }

        e.Traits |= SqlTraits.PreparedByName;
        SqlRelations.ColId(ref t);
        if (t.Kind == SqlTokenKind.OpenParen)
            SqlExpressions.Parenthesis(ref t, e);
        t.Expect(Kw.AS);
        SqlStatements.Preparable(ref t, e);
        e.Add(ref t, Verb.Prepare);
        return Verb.Prepare;
    }

    /// <summary>Also at the end of CREATE TABLE … AS.</summary>
    public static Verb Execute(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.EXECUTE);
        e.Traits |= SqlTraits.ReadsUnknown | SqlTraits.ChangesSettings | SqlTraits.PreparedByName;
        SqlRelations.ColId(ref t);
        if (t.Kind == SqlTokenKind.OpenParen)
            SqlExpressions.Parenthesis(ref t, e);
        return Verb.Execute;
    }

    private static Verb NameOrAll(ref SqlTokens t, Verb verb)
    {
        t.Advance();
        if (t.Keyword == Kw.PREPARE && t.Peek().Kind != SqlTokenKind.End && t.Peek().Kind != SqlTokenKind.Semicolon)
            t.Advance();
        if (!t.Take(Kw.ALL))
            SqlRelations.ColId(ref t);
        return verb;
    }

    /// <summary>DECLARE name [BINARY] [INSENSITIVE] [[NO] SCROLL] CURSOR [{WITH | WITHOUT} HOLD] FOR query</summary>
    private static Verb Declare(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.DECLARE);
        SqlRelations.ColId(ref t);
        while (t.Take(Kw.BINARY) || t.Take(Kw.INSENSITIVE) || t.Take(Kw.ASENSITIVE) || t.Take(Kw.NO) || t.Take(Kw.SCROLL))
            ;
        t.Expect(Kw.CURSOR);
        if (t.Take(Kw.WITH) || t.Take(Kw.WITHOUT))
            t.Expect(Kw.HOLD);
        t.Expect(Kw.FOR);
        SqlStatements.Preparable(ref t, e);
        return Verb.Declare;
    }

    /// <summary>FETCH and MOVE go on with a query that was judged when the cursor was declared, or that came with a function's result.</summary>
    private static Verb Fetch(ref SqlTokens t, SqlEffects e)
    {
        Verb verb = t.Keyword == Kw.MOVE ? Verb.Move : Verb.Fetch;
        e.Traits |= SqlTraits.ReadsUnknown;
        t.Advance();
        while (t.Kind is SqlTokenKind.Word or SqlTokenKind.Quoted or SqlTokenKind.UnicodeQuoted or SqlTokenKind.Number or SqlTokenKind.Op)
            t.Advance();
        return verb;
    }
}
