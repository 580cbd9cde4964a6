using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>ALTER, DROP, COMMENT ON, SECURITY LABEL ON, REASSIGN OWNED and IMPORT FOREIGN SCHEMA.</summary>
internal static class SqlAlterations
{
    public static Verb Parse(ref SqlTokens t, SqlEffects e)
    {
        Kw first = t.Keyword;
        t.Advance();
        switch (first)
        {
            case Kw.ALTER:
                Alter(ref t, e);
                return Verb.Alter;
            case Kw.DROP when t.Keyword == Kw.OWNED:
                t.Advance();
                t.Expect(Kw.BY);
                Roles(ref t, e, Verb.DropOwned);
                SqlStatements.Rest(ref t, e);
                return Verb.DropOwned;
            case Kw.DROP:
                Drop(ref t, e);
                return Verb.Drop;
            case Kw.COMMENT:
                t.Expect(Kw.ON);
                Described(ref t, e, Verb.Comment);
                return Verb.Comment;
            case Kw.SECURITY:
                t.Expect(Kw.LABEL);
                if (t.Take(Kw.FOR))
                    t.Advance();
                t.Expect(Kw.ON);
                Described(ref t, e, Verb.SecurityLabel);
                return Verb.SecurityLabel;
            case Kw.REASSIGN:
                t.Expect(Kw.OWNED);
                t.Expect(Kw.BY);
                Roles(ref t, e, Verb.ReassignOwned);
                t.Expect(Kw.TO);
                Roles(ref t, e, Verb.ReassignOwned);
                return Verb.ReassignOwned;
            default:
                t.Expect(Kw.FOREIGN);
                t.Expect(Kw.SCHEMA);
                if (SqlName.TryRead(ref t, out SqlName schema))
                    e.Add(ref t, Verb.ImportForeignSchema, schema);
                SqlStatements.Rest(ref t, e);
                return Verb.ImportForeignSchema;
        }
    }

    /// <summary>role, …: CURRENT_USER and the like are roles too.</summary>
    public static void Roles(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        do
        {
            if (!t.Current.IsLabel)
            {
                t.Fail();
                return;
            }

            SqlName role = default;
            role.Append(ref t);
            e.Add(ref t, verb, role);
        }
        while (t.Take(SqlTokenKind.Comma));
    }

    private static void Alter(ref SqlTokens t, SqlEffects e)
    {
        if (t.Keyword is Kw.SYSTEM or Kw.DEFAULT)
        {
            SqlStatements.Rest(ref t, e); // ALTER SYSTEM, ALTER DEFAULT PRIVILEGES: on no object that a rule could name.
            return;
        }

        SqlNaming naming = SqlKinds.Take(ref t);
        SqlStatements.IfExists(ref t);
        switch (naming)
        {
            case SqlNaming.Name when t.Keyword == Kw.ALL: // ALL IN TABLESPACE
            case SqlNaming.Nameless:
                SqlStatements.Rest(ref t, e);
                break;
            case SqlNaming.Name:
                Relation(ref t, e);
                break;
            case SqlNaming.Routine:
                Named(ref t, e, Verb.Alter);
                SqlStatements.Rest(ref t, e);
                break;
            case SqlNaming.Account:
                Roles(ref t, e, Verb.Alter);
                SqlSecrets.Account(ref t, e);
                break;
            case SqlNaming.Connection:
                Named(ref t, e, Verb.Alter);
                SqlSecrets.Options(ref t, e);
                break;
            case SqlNaming.Mapping:
                SqlSecrets.Options(ref t, e);
                break;
            case SqlNaming.OnRelation:
                OnRelation(ref t, e, Verb.Alter);
                SqlStatements.Rest(ref t, e);
                break;
            default:
                t.Fail();
                break;
        }
    }

    /// <summary>A relation, or anything else with a name, and what is done to it. Partitions and parents are affected too.</summary>
    private static void Relation(ref SqlTokens t, SqlEffects e)
    {
        if (!SqlRelations.TryName(ref t, out SqlName name))
            return;
        e.Add(ref t, Verb.Alter, name);
        bool other = t.Take(Kw.ATTACH, Kw.PARTITION) || t.Take(Kw.DETACH, Kw.PARTITION) || t.Take(Kw.INHERIT) || t.Take(Kw.NO, Kw.INHERIT);
        if (other && SqlName.TryRead(ref t, out SqlName second))
            e.Add(ref t, Verb.Alter, second);
        SqlStatements.Rest(ref t, e);
    }

    private static void Drop(ref SqlTokens t, SqlEffects e)
    {
        SqlNaming naming = SqlKinds.Take(ref t);
        t.Take(Kw.CONCURRENTLY);
        SqlStatements.IfExists(ref t);
        switch (naming)
        {
            case SqlNaming.Name or SqlNaming.Routine or SqlNaming.Connection:
                do
                {
                    Named(ref t, e, Verb.Drop);
                    if (t.Kind == SqlTokenKind.OpenParen)
                        SqlExpressions.Parenthesis(ref t, e, SqlScope.Utility);
                }
                while (t.Take(SqlTokenKind.Comma));
                break;
            case SqlNaming.Account:
                Roles(ref t, e, Verb.Drop);
                break;
            case SqlNaming.OnRelation:
                OnRelation(ref t, e, Verb.Drop);
                break;
            case SqlNaming.Nameless or SqlNaming.Mapping:
                break;
            default:
                t.Fail();
                break;
        }

        SqlStatements.Rest(ref t, e);
    }

    private static void Named(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        if (SqlName.TryRead(ref t, out SqlName name))
            e.Add(ref t, verb, name);
    }

    /// <summary>name ON [DOMAIN] relation</summary>
    private static void OnRelation(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        SqlRelations.ColId(ref t);
        t.Expect(Kw.ON);
        if (t.Keyword == Kw.DOMAIN && t.Peek().IsColId)
            t.Advance();
        Named(ref t, e, verb);
    }

    /// <summary>kind name … IS 'text'</summary>
    private static void Described(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        switch (SqlKinds.Take(ref t))
        {
            case SqlNaming.Name or SqlNaming.Routine or SqlNaming.Connection:
                Named(ref t, e, verb);
                break;
            case SqlNaming.Account:
                Roles(ref t, e, verb);
                break;
            case SqlNaming.OnRelation:
                OnRelation(ref t, e, verb);
                break;
            case SqlNaming.Column:
                Column(ref t, e, verb);
                break;
            case SqlNaming.Nameless:
                break;
            default:
                t.Fail();
                break;
        }

        SqlStatements.Rest(ref t, e);
    }

    /// <summary>relation.column: the relation is what comes before the last dot.</summary>
    private static void Column(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        SqlName relation = default;
        while (t.Current.IsLabel && t.Peek().Kind == SqlTokenKind.Dot)
        {
            relation.Append(ref t);
            t.Advance();
        }

        if (!t.Current.IsLabel || relation.Parts is 0 or > 3)
        {
            t.Fail();
            return;
        }

        t.Advance();
        e.Add(ref t, verb, relation);
    }
}
