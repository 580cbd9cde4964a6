using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>CREATE … (documentation part VI). Those that run or keep a query are parsed with it.</summary>
internal static class SqlCreations
{
    public static Verb Parse(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.CREATE);
        if (t.Take(Kw.OR))
            t.Expect(Kw.REPLACE);
        Modifiers(ref t);
        Kw kind = t.Keyword;
        switch (kind)
        {
            case Kw.TABLE:
                return Table(ref t, e);
            case Kw.VIEW:
                View(ref t, e);
                break;
            case Kw.MATERIALIZED:
                MaterializedView(ref t, e);
                break;
            case Kw.INDEX:
                Index(ref t, e);
                break;
            case Kw.SCHEMA:
                Schema(ref t, e);
                break;
            case Kw.RULE:
                Rule(ref t, e);
                break;
            case Kw.TRIGGER:
                Trigger(ref t, e);
                break;
            case Kw.STATISTICS:
                Statistics(ref t, e);
                break;
            default:
                Other(ref t, e);
                break;
        }

        return Verb.Create;
    }

    /// <summary>Words before the kind. FOREIGN, EVENT and the like belong to the kind.</summary>
    private static void Modifiers(ref SqlTokens t)
    {
        while (true)
        {
            bool modifier = t.Keyword is Kw.GLOBAL or Kw.LOCAL or Kw.TEMP or Kw.TEMPORARY or Kw.UNLOGGED or Kw.RECURSIVE or Kw.UNIQUE or Kw.TRUSTED or Kw.DEFAULT
                || (t.Keyword == Kw.CONSTRAINT && t.Peek().Keyword == Kw.TRIGGER);
            if (!modifier)
                return;
            t.Advance();
        }
    }

    /// <summary>CREATE TABLE … (columns), OF type, PARTITION OF parent, or AS query.</summary>
    private static Verb Table(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.TABLE);
        SqlStatements.IfExists(ref t);
        if (!SqlName.TryRead(ref t, out SqlName name))
            return Verb.Create;
        if (TableBody(ref t, e, name))
            return Verb.CreateTableAs;
        Inheritance(ref t, e);
        SqlStatements.Rest(ref t, e);
        return Verb.Create;
    }

    /// <summary>The columns and options of a table. True: it is created AS a query, which is parsed.</summary>
    private static bool TableBody(ref SqlTokens t, SqlEffects e, in SqlName name)
    {
        e.Add(ref t, Verb.Create, name);
        int index = e.ObjectCount - 1;
        if (t.Kind == SqlTokenKind.OpenParen)
            SqlExpressions.Parenthesis(ref t, e, SqlScope.Utility);
        if (t.Keyword == Kw.PARTITION && t.Peek().Keyword == Kw.OF)
        {
            t.Advance();
            t.Advance();
            if (SqlName.TryRead(ref t, out SqlName parent))
                e.Add(ref t, Verb.Alter, parent);
            return false;
        }

        while (!t.AtEnd && t.Keyword is not (Kw.AS or Kw.INHERITS))
            Option(ref t, e);
        if (!t.Take(Kw.AS))
            return false;
        e.ChangeVerb(index, Verb.CreateTableAs);
        StoredQuery(ref t, e);
        return true;
    }

    /// <summary>One token or parenthesis of WITH (…), USING method, ON COMMIT …, TABLESPACE name, PARTITION BY … (…), OF type (…).</summary>
    private static void Option(ref SqlTokens t, SqlEffects e)
    {
        if (t.Kind == SqlTokenKind.OpenParen)
            SqlExpressions.Parenthesis(ref t, e, SqlScope.Utility);
        else if (t.Current.IsLabel || t.Kind is SqlTokenKind.Dot)
            t.Advance();
        else
            t.Fail();
    }

    /// <summary>INHERITS (parent, …): its rows are then rows of the parents too.</summary>
    private static void Inheritance(ref SqlTokens t, SqlEffects e)
    {
        if (!t.Take(Kw.INHERITS))
            return;
        t.Expect(SqlTokenKind.OpenParen);
        SqlStatements.Names(ref t, e, Verb.Alter);
        t.Expect(SqlTokenKind.CloseParen);
    }

    /// <summary>A query, or EXECUTE of a prepared one, and WITH [NO] DATA or WITH … CHECK OPTION.</summary>
    private static void StoredQuery(ref SqlTokens t, SqlEffects e)
    {
        e.Traits |= SqlTraits.StoresQueryResult;
        if (t.Keyword == Kw.EXECUTE)
            SqlPrepared.Execute(ref t, e);
        else
            SqlQueries.Parse(ref t, e);
        if (!t.Take(Kw.WITH))
            return;
        while (t.Current.IsColId || t.Keyword == Kw.CHECK)
            t.Advance();
    }

    private static void View(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.VIEW);
        StoredView(ref t, e);
    }

    private static void MaterializedView(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.MATERIALIZED);
        t.Expect(Kw.VIEW);
        SqlStatements.IfExists(ref t);
        StoredView(ref t, e);
    }

    private static void StoredView(ref SqlTokens t, SqlEffects e)
    {
        if (!SqlName.TryRead(ref t, out SqlName name))
            return;
        e.Add(ref t, Verb.Create, name);
        while (!t.AtEnd && t.Keyword != Kw.AS)
            Option(ref t, e);
        t.Expect(Kw.AS);
        StoredQuery(ref t, e);
    }

    /// <summary>INDEX [CONCURRENTLY] [[IF NOT EXISTS] name] ON [ONLY] table …: the table is what is affected.</summary>
    private static void Index(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.INDEX);
        t.Take(Kw.CONCURRENTLY);
        SqlStatements.IfExists(ref t);
        if (t.Keyword != Kw.ON)
            SqlName.TryRead(ref t, out _);
        t.Expect(Kw.ON);
        OnRelation(ref t, e, Verb.Create);
        if (t.Take(Kw.USING))
            SqlRelations.ColId(ref t);
        SqlStatements.Rest(ref t, e);
    }

    private static void OnRelation(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        if (SqlRelations.TryName(ref t, out SqlName relation))
            e.Add(ref t, verb, relation);
    }

    /// <summary>SCHEMA [IF NOT EXISTS] [name] [AUTHORIZATION role]. Statements may follow within it: those are not understood.</summary>
    private static void Schema(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.SCHEMA);
        SqlStatements.IfExists(ref t);
        bool named = t.Keyword != Kw.AUTHORIZATION;
        if (named && SqlName.TryRead(ref t, out SqlName name))
            e.Add(ref t, Verb.Create, name);
        if (!t.Take(Kw.AUTHORIZATION))
            return;
        SqlName role = default;
        if (!t.Current.IsLabel)
            t.Fail();
        role.Append(ref t);
        if (!named)
            e.Add(ref t, Verb.Create, role);
    }

    /// <summary>RULE name AS ON event TO table [WHERE …] DO …: actions other than NOTHING hold statements, and semicolons between them.</summary>
    private static void Rule(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.RULE);
        SqlRelations.ColId(ref t);
        t.Expect(Kw.AS);
        t.Expect(Kw.ON);
        t.Advance();
        t.Expect(Kw.TO);
        OnRelation(ref t, e, Verb.Create);
        if (t.Take(Kw.WHERE))
            SqlExpressions.Scan(ref t, e, SqlScope.Query);
        t.Expect(Kw.DO);
        if (!t.Take(Kw.ALSO))
            t.Take(Kw.INSTEAD);
        if (!t.Take(Kw.NOTHING))
            t.FailHopelessly();
    }

    /// <summary>TRIGGER name {BEFORE | AFTER | INSTEAD OF} event [OF columns] [OR …] ON table …</summary>
    private static void Trigger(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.TRIGGER);
        SqlRelations.ColId(ref t);
        while ((t.Current.IsLabel || t.Kind == SqlTokenKind.Comma) && t.Keyword != Kw.ON)
            t.Advance();
        t.Expect(Kw.ON);
        OnRelation(ref t, e, Verb.Create);
        SqlStatements.Rest(ref t, e);
    }

    /// <summary>STATISTICS [IF NOT EXISTS] [name] [(kinds)] ON expressions FROM table</summary>
    private static void Statistics(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.STATISTICS);
        SqlStatements.IfExists(ref t);
        if (t.Keyword != Kw.ON && t.Kind != SqlTokenKind.OpenParen)
            SqlName.TryRead(ref t, out _);
        if (t.Kind == SqlTokenKind.OpenParen)
            SqlExpressions.Parenthesis(ref t, e);
        t.Expect(Kw.ON);
        SqlExpressions.Scan(ref t, e, SqlScope.Query);
        t.Expect(Kw.FROM);
        OnRelation(ref t, e, Verb.Create);
    }

    private static void Other(ref SqlTokens t, SqlEffects e)
    {
        switch (SqlKinds.Take(ref t))
        {
            case SqlNaming.Name or SqlNaming.Routine:
                Named(ref t, e);
                SqlStatements.Rest(ref t, e);
                break;
            case SqlNaming.Account:
                Named(ref t, e);
                SqlSecrets.Account(ref t, e);
                break;
            case SqlNaming.Connection:
                Named(ref t, e);
                SqlSecrets.Options(ref t, e);
                break;
            case SqlNaming.Mapping:
                SqlStatements.IfExists(ref t);
                SqlSecrets.Options(ref t, e);
                break;
            case SqlNaming.Nameless:
                SqlStatements.Rest(ref t, e);
                break;
            case SqlNaming.OnRelation: // POLICY
                SqlRelations.ColId(ref t);
                t.Expect(Kw.ON);
                OnRelation(ref t, e, Verb.Create);
                SqlStatements.Rest(ref t, e);
                break;
            default:
                t.Fail();
                break;
        }
    }

    private static void Named(ref SqlTokens t, SqlEffects e)
    {
        SqlStatements.IfExists(ref t);
        if (SqlName.TryRead(ref t, out SqlName name))
            e.Add(ref t, Verb.Create, name);
    }
}
