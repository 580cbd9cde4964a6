namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>The tokens of a dotted name: its last part and the one before it. A catalog before the schema can only be the current one.</summary>
internal struct SqlName
{
    public SqlToken Qualifier;
    public SqlToken Last;
    public int Parts;

    /// <summary>Reads a qualified_name (gram.y): one to three parts, the first a ColId.</summary>
    public static bool TryRead(ref SqlTokens t, out SqlName name)
    {
        name = default;
        if (!t.Current.IsColId)
        {
            t.Fail();
            return false;
        }

        name.Append(ref t);
        while (t.Take(SqlTokenKind.Dot))
        {
            if (!t.Current.IsLabel || name.Parts == 3)
            {
                t.Fail();
                return false;
            }

            name.Append(ref t);
        }

        return !t.Failed;
    }

    /// <summary>Takes the current token as the next part.</summary>
    public void Append(ref SqlTokens t)
    {
        Qualifier = Last;
        Last = t.Current;
        Parts++;
        t.Advance();
    }
}
