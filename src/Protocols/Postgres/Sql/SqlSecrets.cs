namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>Finds the literals that hold passwords, so that they are not recorded.</summary>
internal static class SqlSecrets
{
    /// <summary>The tail of CREATE or ALTER ROLE, USER or GROUP: what follows PASSWORD.</summary>
    public static void Account(ref SqlTokens t, SqlEffects e)
    {
        while (!t.AtEnd)
        {
            if (t.Kind is SqlTokenKind.CloseParen or SqlTokenKind.CloseBracket)
            {
                t.Fail();
                return;
            }

            bool password = t.Take(Kw.PASSWORD);
            if (password && t.Kind == SqlTokenKind.String)
                e.AddSecret(ref t, Content(t.Text, t.Current));
            if (!password)
                t.Advance();
        }
    }

    /// <summary>The tail of CREATE or ALTER SERVER, USER MAPPING, FOREIGN DATA WRAPPER and SUBSCRIPTION: any literal may hold one.</summary>
    public static void Options(ref SqlTokens t, SqlEffects e)
    {
        int depth = 0;
        while (!t.AtEnd)
        {
            if (t.Kind == SqlTokenKind.String)
                e.AddSecret(ref t, Content(t.Text, t.Current));
            depth += t.Kind switch { SqlTokenKind.OpenParen => 1, SqlTokenKind.CloseParen => -1, _ => 0 };
            if (depth < 0)
                t.Fail();
            t.Advance();
        }

        if (depth != 0)
            t.Fail();
    }

    /// <summary>What is between the quotes of a literal.</summary>
    private static SqlRange Content(ReadOnlySpan<byte> text, in SqlToken literal)
    {
        ReadOnlySpan<byte> spelling = text[literal.Start..literal.End];
        int first, end;
        if (spelling[0] == '$')
        {
            first = spelling[1..].IndexOf((byte)'$') + 2;
            end = spelling.Length - first;
        }
        else
        {
            first = spelling.IndexOf((byte)'\'') + 1;
            end = spelling.Length - 1;
        }

        return new SqlRange(literal.Start + first, Math.Max(0, end - first));
    }
}
