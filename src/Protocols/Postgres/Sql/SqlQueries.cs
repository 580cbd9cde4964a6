using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>SELECT, VALUES, TABLE, their set operations, and WITH (gram.y: select_no_parens, with_clause; documentation 7).</summary>
internal static class SqlQueries
{
    /// <summary>True when what follows an opening parenthesis can only be a query. A second parenthesis tells nothing yet.</summary>
    public static bool IsStart(ref SqlTokens t) =>
        t.Keyword is Kw.SELECT or Kw.WITH or Kw.TABLE || (t.Keyword == Kw.VALUES && t.Peek().Kind == SqlTokenKind.OpenParen);

    /// <summary>A query with its WITH clause, up to whatever is no part of it.</summary>
    public static void Parse(ref SqlTokens t, SqlEffects e)
    {
        int mark = e.EnterCommonTables();
        if (t.Keyword == Kw.WITH)
            With(ref t, e);
        Body(ref t, e);
        e.LeaveCommonTables(mark);
    }

    /// <summary>A query behind its WITH clause.</summary>
    public static void Body(ref SqlTokens t, SqlEffects e)
    {
        if (!t.Enter())
            return;
        Operand(ref t, e);
        ParseRest(ref t, e);
        t.Leave();
    }

    /// <summary>What may follow an operand: its other clauses, and set operations with further operands.</summary>
    public static void ParseRest(ref SqlTokens t, SqlEffects e)
    {
        while (true)
        {
            SqlExpressions.Scan(ref t, e, SqlScope.Query);
            if (t.Keyword is not (Kw.UNION or Kw.INTERSECT or Kw.EXCEPT))
                return;
            t.Advance();
            if (!t.Take(Kw.ALL))
                t.Take(Kw.DISTINCT);
            Operand(ref t, e);
        }
    }

    /// <summary>True for the words that go on with a query behind an operand in parentheses.</summary>
    public static bool IsRest(Kw keyword) =>
        keyword is Kw.UNION or Kw.INTERSECT or Kw.EXCEPT or Kw.ORDER or Kw.LIMIT or Kw.OFFSET or Kw.FETCH or Kw.FOR;

    /// <summary>WITH [RECURSIVE] name [(columns)] AS [[NOT] MATERIALIZED] (statement) [SEARCH …] [CYCLE …], … (7.8). A name is in scope behind its
    /// own definition, and inside it only when RECURSIVE; a use before that is reported as a relation.</summary>
    public static void With(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.WITH);
        bool recursive = t.Take(Kw.RECURSIVE);
        do
        {
            if (!t.Current.IsColId)
            {
                t.Fail();
                return;
            }

            SqlName name = default;
            name.Append(ref t);
            if (recursive)
                e.AddCommonTable(ref t, name);
            if (t.Kind == SqlTokenKind.OpenParen)
                SqlExpressions.Parenthesis(ref t, e);
            t.Expect(Kw.AS);
            t.Take(Kw.NOT);
            t.Take(Kw.MATERIALIZED);
            if (!t.Enter())
                return;
            t.Expect(SqlTokenKind.OpenParen);
            SqlModifications.Statement(ref t, e);
            t.Expect(SqlTokenKind.CloseParen);
            t.Leave();
            if (!recursive)
                e.AddCommonTable(ref t, name);
            SearchAndCycle(ref t, e);
        }
        while (t.Take(SqlTokenKind.Comma));
    }

    /// <summary>7.8.2: column names, and constants for CYCLE … TO … DEFAULT ….</summary>
    private static void SearchAndCycle(ref SqlTokens t, SqlEffects e)
    {
        if (t.Take(Kw.SEARCH))
        {
            if (!t.Take(Kw.DEPTH))
                t.Expect(Kw.BREADTH);
            t.Expect(Kw.FIRST);
            t.Expect(Kw.BY);
            Columns(ref t);
            t.Expect(Kw.SET);
            Column(ref t);
        }

        if (!t.Take(Kw.CYCLE))
            return;
        Columns(ref t);
        t.Expect(Kw.SET);
        Column(ref t);
        SqlExpressions.Scan(ref t, e, SqlScope.JoinCondition);
        t.Expect(Kw.USING);
        Column(ref t);
    }

    private static void Columns(ref SqlTokens t)
    {
        do
        {
            Column(ref t);
        }
        while (t.Take(SqlTokenKind.Comma));
    }

    private static void Column(ref SqlTokens t)
    {
        if (t.Current.IsColId)
            t.Advance();
        else
            t.Fail();
    }

    private static void Operand(ref SqlTokens t, SqlEffects e)
    {
        switch (t.Keyword)
        {
            case Kw.SELECT:
                Select(ref t, e);
                break;
            case Kw.VALUES:
                Values(ref t, e);
                break;
            case Kw.TABLE:
                t.Advance();
                SqlRelations.Relation(ref t, e);
                break;
            default:
                if (!t.Enter())
                    return;
                t.Expect(SqlTokenKind.OpenParen);
                if (t.Kind == SqlTokenKind.OpenParen)
                    Body(ref t, e);
                else
                    Parse(ref t, e);
                t.Expect(SqlTokenKind.CloseParen);
                t.Leave();
                break;
        }
    }

    private static void Select(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.SELECT);
        if (!t.Take(Kw.ALL) && t.Take(Kw.DISTINCT) && t.Take(Kw.ON))
            SqlExpressions.Parenthesis(ref t, e);
        SqlExpressions.Scan(ref t, e, SqlScope.Where);
        if (t.Keyword == Kw.INTO)
        {
            Into(ref t, e);
            SqlExpressions.Scan(ref t, e, SqlScope.Where);
        }

        if (!t.Take(Kw.FROM))
            return;
        SqlRelations.List(ref t, e);
        if (!IsRest(t.Keyword) && !EndsFrom(t.Current))
            t.Fail();
    }

    /// <summary>What may follow a FROM clause besides <see cref="IsRest"/>: its query's other clauses, or those of what the query is a part of.</summary>
    private static bool EndsFrom(in SqlToken token) =>
        token.Kind is SqlTokenKind.End or SqlTokenKind.Semicolon or SqlTokenKind.CloseParen
        || token.Keyword is Kw.WHERE or Kw.GROUP or Kw.HAVING or Kw.WINDOW or Kw.ON or Kw.RETURNING or Kw.WITH;

    /// <summary>SELECT … INTO [TEMPORARY | UNLOGGED] [TABLE] name creates a table.</summary>
    private static void Into(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.INTO);
        while (t.Keyword is Kw.LOCAL or Kw.GLOBAL or Kw.TEMP or Kw.TEMPORARY or Kw.UNLOGGED && (t.Peek().IsColId || t.Peek().Keyword == Kw.TABLE))
            t.Advance();

        t.Take(Kw.TABLE);
        if (!SqlName.TryRead(ref t, out SqlName name))
            return;
        e.Add(ref t, Verb.CreateTableAs, name);
        e.Traits |= SqlTraits.StoresQueryResult;
        e.SelectsInto = true;
    }

    private static void Values(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.VALUES);
        do
        {
            SqlExpressions.Parenthesis(ref t, e);
        }
        while (t.Take(SqlTokenKind.Comma));
    }
}
