using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>COPY (gram.y: CopyStmt): a table or a query, to or from the client, a file or a program of the server.</summary>
internal static class SqlCopy
{
    public static Verb Parse(ref SqlTokens t, SqlEffects e)
    {
        t.Expect(Kw.COPY);
        if (t.Kind == SqlTokenKind.OpenParen)
        {
            t.Advance();
            SqlStatements.Preparable(ref t, e);
            t.Expect(SqlTokenKind.CloseParen);
            e.Add(ref t, Verb.CopyTo);
            t.Expect(Kw.TO);
            Place(ref t, e, false);
            return Verb.CopyTo;
        }

        t.Take(Kw.BINARY);
        if (!SqlName.TryRead(ref t, out SqlName table))
            return Verb.Unknown;
        if (t.Kind == SqlTokenKind.OpenParen)
            SqlExpressions.Parenthesis(ref t, e);
        bool from = t.Take(Kw.FROM);
        if (!from)
            t.Expect(Kw.TO);
        Verb verb = from ? Verb.CopyFrom : Verb.CopyTo;
        e.Add(ref t, verb, table);
        Place(ref t, e, from);
        return verb;
    }

    /// <summary>STDIN and STDOUT mean the client in either direction (copy_file_name).</summary>
    private static void Place(ref SqlTokens t, SqlEffects e, bool from)
    {
        if (t.Take(Kw.STDIN) || t.Take(Kw.STDOUT))
        {
            e.Traits |= from ? SqlTraits.CopyFromStdin : SqlTraits.CopyToStdout;
        }
        else
        {
            bool program = t.Take(Kw.PROGRAM);
            t.Expect(SqlTokenKind.String);
            e.Traits |= SqlTraits.CopyServerSide;
            e.Add(ref t, Verb.Call, program ? "copy program"u8 : "copy file"u8);
        }

        SqlStatements.Rest(ref t, e);
    }
}
