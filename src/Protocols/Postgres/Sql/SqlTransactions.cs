using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>Transaction control (gram.y: TransactionStmt).</summary>
internal static class SqlTransactions
{
    public static Verb Parse(ref SqlTokens t, SqlEffects e)
    {
        e.Traits |= SqlTraits.TransactionControl;
        Kw first = t.Keyword;
        t.Advance();
        switch (first)
        {
            case Kw.START:
                t.Expect(Kw.TRANSACTION);
                Modes(ref t);
                return Verb.Begin;
            case Kw.BEGIN:
                Modes(ref t);
                return Verb.Begin;
            case Kw.SAVEPOINT:
                SqlRelations.ColId(ref t);
                return Verb.Savepoint;
            case Kw.RELEASE:
                if (t.Keyword == Kw.SAVEPOINT && t.Peek().IsColId)
                    t.Advance();
                SqlRelations.ColId(ref t);
                return Verb.Release;
            case Kw.COMMIT when t.Take(Kw.PREPARED):
                t.Expect(SqlTokenKind.String);
                return Verb.CommitPrepared;
            case Kw.ROLLBACK when t.Take(Kw.PREPARED):
                t.Expect(SqlTokenKind.String);
                return Verb.RollbackPrepared;
            default:
                // SET LOCAL ends here, and ROLLBACK undoes SET as well.
                e.Traits |= SqlTraits.ChangesSettings;
                Modes(ref t);
                return first is Kw.COMMIT or Kw.END ? Verb.Commit : Verb.Rollback;
        }
    }

    /// <summary>Isolation levels, AND [NO] CHAIN, TO [SAVEPOINT] name: words and commas.</summary>
    private static void Modes(ref SqlTokens t)
    {
        while (t.Current.IsLabel || t.Kind == SqlTokenKind.Comma)
            t.Advance();
    }
}
