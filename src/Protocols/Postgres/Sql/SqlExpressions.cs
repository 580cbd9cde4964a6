namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>Where <see cref="SqlExpressions.Scan"/> stands, and so where it ends.</summary>
[Flags]
internal enum SqlScope
{
    /// <summary>In a query, outside parentheses.</summary>
    Query = 0,

    /// <summary>In parentheses or brackets: clauses of calls and of parenthesised queries may come.</summary>
    Nested = 1,

    /// <summary>FROM belongs to a call: extract(… FROM …).</summary>
    CallWithFrom = 2,

    /// <summary>In the condition of a join: ends at the next part of the FROM clause, or behind it.</summary>
    JoinCondition = 4,

    /// <summary>Ends at WHERE.</summary>
    Where = 8,

    /// <summary>Ends at WHEN or THEN outside CASE.</summary>
    When = 16,

    /// <summary>In the tail of a utility statement, whose keywords may stand anywhere.</summary>
    Utility = 32,
}

/// <summary>
/// Passes over expressions and the clauses made of them, without understanding what they compute: a relation can only come into an expression
/// by a subquery, which follows an opening parenthesis, and FROM, SELECT, TABLE, INTO and WITH are reserved words that stand for nothing else
/// (PostgreSQL appendix C). What these words mean where they are not expected is left to the caller, who fails.
/// </summary>
internal static class SqlExpressions
{
    public static void Scan(ref SqlTokens t, SqlEffects e, SqlScope scope)
    {
        int cases = 0;
        bool grouping = false;
        Kw before = Kw.None;
        SqlTokenKind kindBefore = SqlTokenKind.Comma;
        while (true)
        {
            SqlTokenKind kind = t.Kind;
            Kw keyword = t.Keyword;
            switch (kind)
            {
                case SqlTokenKind.End or SqlTokenKind.Semicolon or SqlTokenKind.CloseParen or SqlTokenKind.CloseBracket:
                    return;
                case SqlTokenKind.Comma when (scope & SqlScope.JoinCondition) != 0:
                    return;
                case SqlTokenKind.OpenParen:
                    Parenthesis(ref t, e, scope & SqlScope.Utility);
                    break;
                case SqlTokenKind.OpenBracket:
                    Bracket(ref t, e);
                    break;
                case SqlTokenKind.Dot:
                    Selection(ref t, e);
                    break;
                case SqlTokenKind.TypeCast:
                    TypeName(ref t);
                    break;
                case SqlTokenKind.Quoted or SqlTokenKind.UnicodeQuoted:
                    NameOrCall(ref t, e, before, kindBefore, grouping);
                    break;
                case SqlTokenKind.Word when keyword is Kw.None or > Kw.LastTypeFunc:
                    NameOrCall(ref t, e, before, kindBefore, grouping);
                    break;
                case SqlTokenKind.Word:
                    if (!Reserved(ref t, e, scope, before, ref cases))
                        return;
                    if (keyword == Kw.GROUP)
                        grouping = before != Kw.WITHIN;
                    else if (keyword is Kw.HAVING or Kw.ORDER or Kw.WINDOW or Kw.UNION or Kw.INTERSECT or Kw.EXCEPT)
                        grouping = false;
                    break;
                default:
                    t.Advance();
                    break;
            }

            before = keyword;
            kindBefore = kind;
        }
    }

    /// <summary>From an opening parenthesis behind its closing one: a subquery, or any list of expressions.</summary>
    public static void Parenthesis(ref SqlTokens t, SqlEffects e, SqlScope scope = SqlScope.Query)
    {
        if (!t.Enter())
            return;
        t.Expect(SqlTokenKind.OpenParen);
        if (SqlQueries.IsStart(ref t))
            SqlQueries.Parse(ref t, e);
        Scan(ref t, e, scope | SqlScope.Nested);
        t.Expect(SqlTokenKind.CloseParen);
        t.Leave();
    }

    private static void Bracket(ref SqlTokens t, SqlEffects e)
    {
        if (!t.Enter())
            return;
        t.Advance();
        Scan(ref t, e, SqlScope.Nested);
        t.Expect(SqlTokenKind.CloseBracket);
        t.Leave();
    }

    /// <summary>.name behind an expression: a field, or a function of one argument in functional notation (ParseFuncOrColumn takes either).</summary>
    private static void Selection(ref SqlTokens t, SqlEffects e)
    {
        t.Advance();
        if (!t.Current.IsLabel)
            return;
        SqlName name = default;
        name.Append(ref t);
        e.AddFunction(ref t, name);
    }

    /// <summary>A type behind ::, so that its modifiers do not look like a call.</summary>
    private static void TypeName(ref SqlTokens t)
    {
        t.Advance();
        t.Take(Kw.SETOF);
        if (!t.Current.IsLabel)
            return;
        LabelOrType(ref t);
        while (t.Kind == SqlTokenKind.Dot && t.Peek().IsLabel)
        {
            t.Advance();
            t.Advance();
        }
    }

    private static void LabelOrType(ref SqlTokens t)
    {
        bool varying = t.Keyword is Kw.BIT or Kw.CHAR or Kw.CHARACTER or Kw.NCHAR;
        t.Advance();
        if (varying)
            t.Take(Kw.VARYING);
    }

    private static void NameOrCall(ref SqlTokens t, SqlEffects e, Kw before, SqlTokenKind kindBefore, bool grouping)
    {
        Kw keyword = t.Keyword;
        SqlName name = default;
        name.Append(ref t);
        if (keyword == Kw.BEGIN && t.Keyword == Kw.ATOMIC)
            t.FailHopelessly(); // A body with semicolons of its own (CREATE FUNCTION, 38.5).
        while (t.Kind == SqlTokenKind.Dot)
        {
            t.Advance();
            if (!t.Current.IsLabel)
                break; // a.* or OPERATOR(schema.+)
            name.Append(ref t);
        }

        if (t.Kind != SqlTokenKind.OpenParen)
        {
            if (name.Parts > 1)
                e.AddIfSensitive(ref t, name);
            return;
        }

        if (name.Parts > 1)
            e.AddFunction(ref t, name);
        else if (keyword is > Kw.LastTypeFunc and <= Kw.LastColName)
            BuiltInCall(ref t, e, keyword);
        else if (keyword == Kw.OPERATOR)
            QualifiedOperator(ref t, e, name);
        else if (!IsClause(keyword, before, kindBefore, grouping))
            e.AddFunction(ref t, name);
    }

    /// <summary>COALESCE, EXTRACT and the like (func_expr_common_subexpr in gram.y): not functions that someone could define.</summary>
    private static void BuiltInCall(ref SqlTokens t, SqlEffects e, Kw keyword)
    {
        if (keyword == Kw.VALUES)
            t.Fail();
        else if (HasFrom(keyword))
            Parenthesis(ref t, e, SqlScope.CallWithFrom);
    }

    /// <summary>The calls whose arguments are set apart by FROM (9.4, 9.9).</summary>
    public static bool HasFrom(Kw keyword) => keyword is Kw.EXTRACT or Kw.OVERLAY or Kw.SUBSTRING or Kw.TRIM;

    /// <summary>OPERATOR(schema.op), or else a function of that name.</summary>
    private static void QualifiedOperator(ref SqlTokens t, SqlEffects e, in SqlName name)
    {
        SqlTokenKind first = t.Peek().Kind;
        if (first is SqlTokenKind.Op or SqlTokenKind.Star)
            return;
        e.AddFunction(ref t, name);
    }

    /// <summary>Words that may be followed by a parenthesis without a call, where they stand.</summary>
    private static bool IsClause(Kw keyword, Kw before, SqlTokenKind kindBefore, bool grouping) => keyword switch
    {
        Kw.OVER or Kw.FILTER => kindBefore == SqlTokenKind.OpenParen, // behind a call's arguments
        Kw.BY => before is Kw.ORDER or Kw.GROUP or Kw.PARTITION,
        Kw.SETS => before == Kw.GROUPING,
        Kw.ROLLUP or Kw.CUBE => grouping,
        Kw.ZONE => before == Kw.TIME,
        Kw.VARYING => before is Kw.BIT or Kw.CHAR or Kw.CHARACTER or Kw.NCHAR,
        _ => false,
    };

    /// <summary>A reserved word. False: it ends what is scanned here.</summary>
    private static bool Reserved(ref SqlTokens t, SqlEffects e, SqlScope scope, Kw before, ref int cases)
    {
        Kw keyword = t.Keyword;
        bool nested = (scope & SqlScope.Nested) != 0;
        bool utility = (scope & SqlScope.Utility) != 0;
        if (keyword == Kw.REFERENCES)
            return References(ref t);
        if (utility && !nested)
            return UtilityWord(ref t, e);

        switch (keyword)
        {
            case Kw.SELECT or Kw.TABLE or Kw.INTO or Kw.DO or Kw.CREATE or Kw.GRANT or Kw.LATERAL:
                return false;
            case Kw.FROM:
                return (scope & SqlScope.CallWithFrom) != 0 && Pass(ref t);
            case Kw.WITH:
                return utility ? Pass(ref t) : With(ref t);
            case Kw.AS:
                t.Advance();
                if (t.Current.IsLabel)
                    LabelOrType(ref t);
                return true;
            case Kw.IS:
                t.Advance();
                t.Take(Kw.NOT);
                t.Take(Kw.DISTINCT, Kw.FROM);
                return true;
            case Kw.UNION or Kw.INTERSECT or Kw.EXCEPT:
                if (nested)
                    SqlQueries.ParseRest(ref t, e);
                return nested;
            case Kw.RETURNING or Kw.ON:
                return nested && Pass(ref t);
            case Kw.WHERE:
                return (scope & (SqlScope.Where | SqlScope.JoinCondition)) == 0 && Pass(ref t);
            case Kw.USING or Kw.GROUP or Kw.HAVING or Kw.WINDOW or Kw.ORDER or Kw.LIMIT or Kw.OFFSET or Kw.FETCH or Kw.FOR:
                return ((scope & SqlScope.JoinCondition) == 0 || (keyword == Kw.FOR && before == Kw.COLLATION)) && Pass(ref t);
            case Kw.CASE:
                cases++;
                return Pass(ref t);
            case Kw.END:
                cases--;
                return Pass(ref t);
            case Kw.WHEN or Kw.THEN:
                return ((scope & SqlScope.When) == 0 || cases > 0) && Pass(ref t);
            case Kw.JOIN or Kw.CROSS or Kw.NATURAL or Kw.INNER or Kw.LEFT or Kw.RIGHT or Kw.FULL when !utility:
                return JoinWord(ref t, e, scope);
            case > Kw.LastReserved:
                TypeOrFunction(ref t, e);
                return true;
            default:
                return Pass(ref t);
        }
    }

    private static bool Pass(ref SqlTokens t)
    {
        t.Advance();
        return true;
    }

    /// <summary>WITH TIES, WITH TIME ZONE, and of JSON expressions; any other WITH is for the caller.</summary>
    private static bool With(ref SqlTokens t)
    {
        if (t.Peek().Keyword is not (Kw.TIES or Kw.TIME or Kw.UNIQUE or Kw.WRAPPER or Kw.CONDITIONAL or Kw.UNCONDITIONAL or Kw.ARRAY))
            return false;
        t.Advance();
        return Pass(ref t);
    }

    /// <summary>LEFT( and RIGHT( are functions; else these words belong to a FROM clause.</summary>
    private static bool JoinWord(ref SqlTokens t, SqlEffects e, SqlScope scope)
    {
        bool called = t.Peek().Kind == SqlTokenKind.OpenParen;
        if (!called || (t.Keyword == Kw.JOIN && (scope & SqlScope.JoinCondition) != 0))
            return false;
        TypeOrFunction(ref t, e);
        return true;
    }

    private static void TypeOrFunction(ref SqlTokens t, SqlEffects e)
    {
        SqlName name = default;
        name.Append(ref t);
        if (t.Kind == SqlTokenKind.OpenParen)
            e.AddFunction(ref t, name);
    }

    /// <summary>REFERENCES table [(columns)], which is no call.</summary>
    private static bool References(ref SqlTokens t)
    {
        t.Advance();
        if (t.Current.IsColId)
            SqlName.TryRead(ref t, out _);
        return true;
    }

    private static bool UtilityWord(ref SqlTokens t, SqlEffects e)
    {
        if (t.Keyword == Kw.AS)
        {
            t.Advance();
            if (t.Current.IsLabel)
                LabelOrType(ref t);
        }
        else if (t.Keyword > Kw.LastReserved)
            TypeOrFunction(ref t, e);
        else
            t.Advance();

        return true;
    }
}
