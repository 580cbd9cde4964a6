namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>How an object of some kind is named in CREATE, ALTER, DROP, COMMENT ON and SECURITY LABEL ON.</summary>
internal enum SqlNaming : byte
{
    /// <summary>Not a kind that is known here.</summary>
    Unknown,

    /// <summary>By a qualified name.</summary>
    Name,

    /// <summary>By a qualified name with argument types.</summary>
    Routine,

    /// <summary>By a name of its own ON a relation: the relation is what is affected.</summary>
    OnRelation,

    /// <summary>A column: the relation is what is affected.</summary>
    Column,

    /// <summary>A role, whose clauses may hold a password.</summary>
    Account,

    /// <summary>By a name, with clauses that may hold a password.</summary>
    Connection,

    /// <summary>A user mapping: no name, and clauses that may hold a password.</summary>
    Mapping,

    /// <summary>By something that is no name.</summary>
    Nameless,
}

/// <summary>The words for kinds of objects (gram.y: object_type_any_name, object_type_name and their like).</summary>
internal static class SqlKinds
{
    /// <summary>Takes the words of a kind, and says how its objects are named.</summary>
    public static SqlNaming Take(ref SqlTokens t)
    {
        Kw first = t.Keyword;
        Kw second = t.Peek().Keyword;
        switch (first)
        {
            case Kw.TABLE or Kw.VIEW or Kw.SEQUENCE or Kw.INDEX or Kw.TYPE or Kw.DOMAIN or Kw.COLLATION or Kw.CONVERSION or Kw.STATISTICS
                or Kw.SCHEMA or Kw.DATABASE or Kw.TABLESPACE or Kw.EXTENSION or Kw.PUBLICATION or Kw.LANGUAGE:
                return Words(ref t, 1, SqlNaming.Name);
            case Kw.MATERIALIZED when second == Kw.VIEW:
            case Kw.FOREIGN when second == Kw.TABLE:
            case Kw.EVENT when second == Kw.TRIGGER:
            case Kw.ACCESS: // METHOD
            case Kw.PROCEDURAL when second == Kw.LANGUAGE:
                return Words(ref t, 2, SqlNaming.Name);
            case Kw.TEXT when second == Kw.SEARCH:
                return Words(ref t, 3, SqlNaming.Name);
            case Kw.FOREIGN: // DATA WRAPPER
                return second == Kw.DATA ? Words(ref t, 3, SqlNaming.Connection) : SqlNaming.Unknown;
            case Kw.SERVER or Kw.SUBSCRIPTION:
                return Words(ref t, 1, SqlNaming.Connection);
            case Kw.USER when second == Kw.MAPPING:
                return Words(ref t, 2, SqlNaming.Mapping);
            case Kw.ROLE or Kw.USER or Kw.GROUP:
                return Words(ref t, 1, SqlNaming.Account);
            case Kw.FUNCTION or Kw.PROCEDURE or Kw.ROUTINE or Kw.AGGREGATE:
                return Words(ref t, 1, SqlNaming.Routine);
            case Kw.OPERATOR when second is Kw.CLASS or Kw.FAMILY:
                return Words(ref t, 2, SqlNaming.Name);
            case Kw.OPERATOR or Kw.CAST or Kw.TRANSFORM:
                return Words(ref t, 1, SqlNaming.Nameless);
            case Kw.LARGE when second == Kw.OBJECT:
                return Words(ref t, 2, SqlNaming.Nameless);
            case Kw.TRIGGER or Kw.POLICY or Kw.RULE or Kw.CONSTRAINT:
                return Words(ref t, 1, SqlNaming.OnRelation);
            case Kw.COLUMN:
                return Words(ref t, 1, SqlNaming.Column);
            default:
                return SqlNaming.Unknown;
        }
    }

    private static SqlNaming Words(ref SqlTokens t, int count, SqlNaming naming)
    {
        for (int i = 0; i < count; i++)
            t.Advance();
        return naming;
    }
}
