namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>The FROM clause (gram.y: from_list, table_ref; documentation 7.2.1). What is not understood here fails: a relation could hide in it.</summary>
internal static class SqlRelations
{
    /// <summary>table_ref, …</summary>
    public static void List(ref SqlTokens t, SqlEffects e)
    {
        do
        {
            Joined(ref t, e);
        }
        while (t.Take(SqlTokenKind.Comma));
    }

    /// <summary>One item and all that is joined to it.</summary>
    public static void Joined(ref SqlTokens t, SqlEffects e)
    {
        if (!t.Enter())
            return;
        Item(ref t, e);
        int conditions = 0;
        while (true)
        {
            if (IsJoin(t.Keyword))
            {
                if (JoinWords(ref t))
                    conditions++;
                Item(ref t, e);
            }
            else if (conditions > 0 && t.Take(Kw.ON))
            {
                conditions--;
                SqlExpressions.Scan(ref t, e, SqlScope.JoinCondition);
            }
            else if (conditions > 0 && t.Take(Kw.USING))
            {
                conditions--;
                SqlExpressions.Parenthesis(ref t, e);
                if (t.Take(Kw.AS))
                    ColId(ref t);
            }
            else
            {
                break;
            }
        }

        t.Leave();
    }

    /// <summary>[ONLY] name [*] as something that is read.</summary>
    public static void Relation(ref SqlTokens t, SqlEffects e)
    {
        if (TryName(ref t, out SqlName name))
            e.AddRead(ref t, name);
    }

    /// <summary>relation_expr: name, name *, ONLY name, ONLY (name).</summary>
    public static bool TryName(ref SqlTokens t, out SqlName name)
    {
        bool only = t.Take(Kw.ONLY);
        bool parenthesis = only && t.Take(SqlTokenKind.OpenParen);
        if (!SqlName.TryRead(ref t, out name))
            return false;
        if (parenthesis)
            t.Expect(SqlTokenKind.CloseParen);
        else if (!only)
            t.Take(SqlTokenKind.Star);
        return !t.Failed;
    }

    public static void ColId(ref SqlTokens t)
    {
        if (t.Current.IsColId)
            t.Advance();
        else
            t.Fail();
    }

    private static bool IsJoin(Kw keyword) =>
        keyword is Kw.JOIN or Kw.CROSS or Kw.NATURAL or Kw.INNER or Kw.LEFT or Kw.RIGHT or Kw.FULL;

    /// <returns>True when the join takes a condition.</returns>
    private static bool JoinWords(ref SqlTokens t)
    {
        bool conditional = !t.Take(Kw.CROSS);
        if (t.Take(Kw.NATURAL))
            conditional = false;
        if (t.Take(Kw.LEFT) || t.Take(Kw.RIGHT) || t.Take(Kw.FULL))
            t.Take(Kw.OUTER);
        else
            t.Take(Kw.INNER);
        t.Expect(Kw.JOIN);
        return conditional;
    }

    private static void Item(ref SqlTokens t, SqlEffects e)
    {
        bool lateral = t.Take(Kw.LATERAL);
        if (t.Kind == SqlTokenKind.OpenParen)
        {
            Parenthesis(ref t, e);
            Alias(ref t, e);
        }
        else if (t.Take(Kw.ROWS, Kw.FROM))
        {
            RowsFrom(ref t, e);
            FunctionAlias(ref t, e);
        }
        else if (t.Keyword == Kw.ONLY)
        {
            Relation(ref t, e);
            Alias(ref t, e);
            Sample(ref t, e);
        }
        else if (IsCall(ref t, e, out SqlName name))
        {
            FunctionAlias(ref t, e);
        }
        else if (lateral)
        {
            t.Fail();
        }
        else
        {
            t.Take(SqlTokenKind.Star);
            e.AddRead(ref t, name);
            Alias(ref t, e);
            Sample(ref t, e);
        }
    }

    /// <summary>A subquery or a joined table; a second parenthesis may yet be either.</summary>
    private static void Parenthesis(ref SqlTokens t, SqlEffects e)
    {
        if (!t.Enter())
            return;
        t.Expect(SqlTokenKind.OpenParen);
        if (SqlQueries.IsStart(ref t))
            SqlQueries.Parse(ref t, e);
        else
            Joined(ref t, e);
        if (SqlQueries.IsRest(t.Keyword))
            SqlQueries.ParseRest(ref t, e);
        t.Expect(SqlTokenKind.CloseParen);
        t.Leave();
    }

    /// <summary>Reads a function call with its arguments, or the name of a relation.</summary>
    private static bool IsCall(ref SqlTokens t, SqlEffects e, out SqlName name)
    {
        Kw keyword = t.Keyword;
        name = default;
        if (keyword is > Kw.None and <= Kw.LastReserved)
            return IsReservedCall(ref t, e);

        bool onlyFunction = keyword is > Kw.LastReserved and <= Kw.LastTypeFunc;
        if (!onlyFunction)
            SqlName.TryRead(ref t, out name);
        else
            name.Append(ref t);
        if (t.Kind != SqlTokenKind.OpenParen)
        {
            if (onlyFunction && keyword != Kw.CURRENT_SCHEMA)
                t.Fail();
            return onlyFunction;
        }

        if (name.Parts == 1 && SqlExpressions.HasFrom(keyword))
        {
            SqlExpressions.Parenthesis(ref t, e, SqlScope.CallWithFrom);
            return true;
        }

        if (name.Parts > 1 || keyword is not (> Kw.LastTypeFunc and <= Kw.LastColName))
            e.AddFunction(ref t, name);
        SqlExpressions.Parenthesis(ref t, e);
        return true;
    }

    /// <summary>CAST(…) and the functions that need no parentheses (func_expr_common_subexpr).</summary>
    private static bool IsReservedCall(ref SqlTokens t, SqlEffects e)
    {
        bool bare = t.Keyword is Kw.CURRENT_CATALOG or Kw.CURRENT_DATE or Kw.CURRENT_ROLE or Kw.CURRENT_TIME or Kw.CURRENT_TIMESTAMP
            or Kw.CURRENT_USER or Kw.LOCALTIME or Kw.LOCALTIMESTAMP or Kw.SESSION_USER or Kw.USER;
        if (!bare && t.Keyword != Kw.CAST)
            t.Fail();
        t.Advance();
        if (t.Kind == SqlTokenKind.OpenParen)
            SqlExpressions.Parenthesis(ref t, e);
        return true;
    }

    /// <summary>ROWS FROM (call [AS (columns)], …)</summary>
    private static void RowsFrom(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(SqlTokenKind.OpenParen);
        do
        {
            if (!IsCall(ref t, e, out _))
                t.Fail();
            if (t.Take(Kw.AS))
                SqlExpressions.Parenthesis(ref t, e);
        }
        while (t.Take(SqlTokenKind.Comma));
        t.Expect(SqlTokenKind.CloseParen);
    }

    private static void FunctionAlias(ref SqlTokens t, SqlEffects e)
    {
        t.Take(Kw.WITH, Kw.ORDINALITY);
        Alias(ref t, e);
    }

    /// <summary>[AS] alias [(columns)], or AS (columns) behind a function.</summary>
    private static void Alias(ref SqlTokens t, SqlEffects e)
    {
        if (t.Take(Kw.AS))
        {
            if (t.Kind != SqlTokenKind.OpenParen)
                ColId(ref t);
        }
        else if (t.Current.IsColId)
        {
            t.Advance();
        }
        else
        {
            return;
        }

        if (t.Kind == SqlTokenKind.OpenParen)
            SqlExpressions.Parenthesis(ref t, e);
    }

    /// <summary>TABLESAMPLE method (…) [REPEATABLE (…)]</summary>
    private static void Sample(ref SqlTokens t, SqlEffects e)
    {
        if (!t.Take(Kw.TABLESAMPLE) || !SqlName.TryRead(ref t, out SqlName method))
            return;
        e.AddFunction(ref t, method);
        SqlExpressions.Parenthesis(ref t, e);
        if (t.Take(Kw.REPEATABLE))
            SqlExpressions.Parenthesis(ref t, e);
    }
}
