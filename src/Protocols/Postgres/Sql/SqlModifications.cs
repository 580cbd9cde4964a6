using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>INSERT, UPDATE, DELETE and MERGE, alone or in a WITH clause (documentation 6, 7.8.4).</summary>
internal static class SqlModifications
{
    /// <summary>PreparableStmt of gram.y: a query or a modification, with its WITH clause.</summary>
    public static Verb Statement(ref SqlTokens t, SqlEffects e)
    {
        int mark = e.EnterCommonTables(), reads = e.Reads;
        if (t.Keyword == Kw.WITH)
            SqlQueries.With(ref t, e);
        Verb verb = WithoutWith(ref t, e);
        if (e.Reads > reads && verb is Verb.Insert or Verb.Update or Verb.Merge)
            e.Traits |= SqlTraits.StoresQueryResult;
        e.LeaveCommonTables(mark);
        return verb;
    }

    private static Verb WithoutWith(ref SqlTokens t, SqlEffects e)
    {
        switch (t.Keyword)
        {
            case Kw.INSERT:
                Insert(ref t, e);
                return Verb.Insert;
            case Kw.UPDATE:
                Update(ref t, e);
                return Verb.Update;
            case Kw.DELETE:
                Delete(ref t, e);
                return Verb.Delete;
            case Kw.MERGE:
                Merge(ref t, e);
                return Verb.Merge;
            default:
                SqlQueries.Body(ref t, e);
                return Verb.Select;
        }
    }

    private static void Insert(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.INSERT);
        t.Expect(Kw.INTO);
        if (!SqlName.TryRead(ref t, out SqlName target))
            return;
        e.Add(ref t, Verb.Insert, target);
        if (t.Take(Kw.AS))
            SqlRelations.ColId(ref t);
        if (t.Kind == SqlTokenKind.OpenParen && !IsQuery(t.Peek()))
            SqlExpressions.Parenthesis(ref t, e);
        Overriding(ref t);
        if (t.Take(Kw.DEFAULT))
        {
            t.Expect(Kw.VALUES);
        }
        else
        {
            if (t.Keyword != Kw.VALUES)
                e.Traits |= SqlTraits.StoresQueryResult;
            SqlQueries.Parse(ref t, e);
        }

        if (t.Keyword == Kw.ON)
            OnConflict(ref t, e, target);
        Returning(ref t, e);
    }

    private static bool IsQuery(in SqlToken token) =>
        token.Keyword is Kw.SELECT or Kw.WITH or Kw.TABLE or Kw.VALUES || token.Kind == SqlTokenKind.OpenParen;

    private static void Overriding(ref SqlTokens t)
    {
        if (!t.Take(Kw.OVERRIDING))
            return;
        if (!t.Take(Kw.USER))
            t.Expect(Kw.SYSTEM);
        t.Expect(Kw.VALUE);
    }

    /// <summary>ON CONFLICT … DO UPDATE changes rows that are there: an effect of its own, as it is a privilege of its own.</summary>
    private static void OnConflict(ref SqlTokens t, SqlEffects e, in SqlName target)
    {
        t.Expect(Kw.ON);
        t.Expect(Kw.CONFLICT);
        if (t.Take(Kw.ON))
        {
            t.Expect(Kw.CONSTRAINT);
            SqlRelations.ColId(ref t);
        }

        SqlExpressions.Scan(ref t, e, SqlScope.Query);
        t.Expect(Kw.DO);
        if (t.Take(Kw.NOTHING))
            return;
        t.Expect(Kw.UPDATE);
        t.Expect(Kw.SET);
        e.Add(ref t, Verb.Update, target);
        SqlExpressions.Scan(ref t, e, SqlScope.Query);
    }

    private static void Update(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.UPDATE);
        if (!SqlRelations.TryName(ref t, out SqlName target))
            return;
        int index = e.AddWithoutWhere(ref t, Verb.Update, target);
        e.AddIfSettings(ref t, target);
        if (t.Take(Kw.AS) || t.Keyword != Kw.SET)
            SqlRelations.ColId(ref t);
        t.Expect(Kw.SET);
        if (t.AtEnd)
            t.Fail();
        SqlExpressions.Scan(ref t, e, SqlScope.Where);
        if (t.Take(Kw.FROM))
            SqlRelations.List(ref t, e);
        Where(ref t, e, index);
    }

    private static void Delete(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.DELETE);
        t.Expect(Kw.FROM);
        if (!SqlRelations.TryName(ref t, out SqlName target))
            return;
        int index = e.AddWithoutWhere(ref t, Verb.Delete, target);
        if (t.Take(Kw.AS) || t.Current.IsColId)
            SqlRelations.ColId(ref t);
        if (t.Take(Kw.USING))
            SqlRelations.List(ref t, e);
        Where(ref t, e, index);
    }

    /// <summary>[WHERE condition | WHERE CURRENT OF cursor] [RETURNING …]</summary>
    private static void Where(ref SqlTokens t, SqlEffects e, int index)
    {
        if (t.Take(Kw.WHERE))
        {
            if (t.AtEnd)
                t.Fail();
            e.WherePresent(index);
            SqlExpressions.Scan(ref t, e, SqlScope.Where);
        }

        Returning(ref t, e);
    }

    /// <summary>RETURNING [WITH (OLD AS o, NEW AS n)] expressions; the WITH is of version 18.</summary>
    private static void Returning(ref SqlTokens t, SqlEffects e)
    {
        if (!t.Take(Kw.RETURNING))
            return;
        e.Traits |= SqlTraits.Returns;
        if (t.Take(Kw.WITH))
            SqlExpressions.Parenthesis(ref t, e);
        SqlExpressions.Scan(ref t, e, SqlScope.Where);
    }

    /// <summary>MERGE does to its target what its WHEN clauses say: each is an effect of its own.</summary>
    private static void Merge(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.MERGE);
        t.Expect(Kw.INTO);
        if (!SqlRelations.TryName(ref t, out SqlName target))
            return;
        e.Add(ref t, Verb.Merge, target);
        if (t.Take(Kw.AS) || t.Current.IsColId)
            SqlRelations.ColId(ref t);
        t.Expect(Kw.USING);
        SqlRelations.Joined(ref t, e);
        t.Expect(Kw.ON);
        SqlExpressions.Scan(ref t, e, SqlScope.When | SqlScope.Where);
        if (t.Keyword != Kw.WHEN)
            t.Fail();
        while (t.Take(Kw.WHEN))
        {
            SqlExpressions.Scan(ref t, e, SqlScope.When | SqlScope.Where);
            t.Expect(Kw.THEN);
            MergeAction(ref t, e, target);
        }

        Returning(ref t, e);
    }

    private static void MergeAction(ref SqlTokens t, SqlEffects e, in SqlName target)
    {
        if (t.Take(Kw.DO, Kw.NOTHING))
            return;
        if (t.Take(Kw.DELETE))
        {
            e.Add(ref t, Verb.Delete, target);
        }
        else if (t.Take(Kw.UPDATE))
        {
            t.Expect(Kw.SET);
            e.Add(ref t, Verb.Update, target);
            SqlExpressions.Scan(ref t, e, SqlScope.When | SqlScope.Where);
        }
        else
        {
            t.Expect(Kw.INSERT);
            e.Add(ref t, Verb.Insert, target);
            if (t.Kind == SqlTokenKind.OpenParen)
                SqlExpressions.Parenthesis(ref t, e);
            Overriding(ref t);
            if (t.Take(Kw.DEFAULT))
                t.Expect(Kw.VALUES);
            else if (t.Take(Kw.VALUES))
                SqlExpressions.Parenthesis(ref t, e);
            else
                t.Fail();
        }
    }
}
