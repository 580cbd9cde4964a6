namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>Finds the literals that hold passwords, so that they are not recorded.</summary>
internal static class SqlSecrets
{
    /// <summary>The tail of CREATE or ALTER ROLE, USER or GROUP: what follows PASSWORD.</summary>
    public static void Account(ref SqlTokens t, SqlEffects e) => Tail(ref t, e, true);

    /// <summary>The tail of CREATE or ALTER SERVER, USER MAPPING, FOREIGN DATA WRAPPER and SUBSCRIPTION: any literal may hold one.</summary>
    public static void Options(ref SqlTokens t, SqlEffects e) => Tail(ref t, e, false);

    private static void Tail(ref SqlTokens t, SqlEffects e, bool onlyPasswords)
    {
        int depth = 0;
        Kw before = Kw.None;
        while (!t.AtEnd)
        {
            if (t.Kind == SqlTokenKind.String && (!onlyPasswords || before == Kw.PASSWORD))
                e.AddSecret(ref t, Content(t.Text, t.Current));
            depth += t.Kind switch { SqlTokenKind.OpenParen => 1, SqlTokenKind.CloseParen => -1, _ => 0 };
            if (depth < 0)
                t.Fail();
            before = t.Keyword;
            t.Advance();
        }

        if (depth != 0)
            t.Fail();
    }

    /// <summary>
    /// In a text that was not understood: the literal, whole or cut off, behind each word PASSWORD. Only that much, so that nothing else can be kept out
    /// of the record by calling it a password.
    /// </summary>
    public static void Unparsed(ref SqlTokens t, SqlEffects e, int start, int end)
    {
        ReadOnlySpan<byte> word = "password"u8;
        ReadOnlySpan<byte> text = t.Text[..end];
        while (text.Length - start > word.Length)
        {
            int found = text[start..].IndexOfAny((byte)'p', (byte)'P');
            if (found < 0 || text.Length - start - found <= word.Length)
                return;
            start += found;
            if (!System.Text.Ascii.EqualsIgnoreCase(text.Slice(start, word.Length), word))
            {
                start++;
                continue;
            }

            start += word.Length;
            int quote = start + text[start..].IndexOfAnyExcept(" \t\r\n\f\vEeNnUu&"u8);
            if (quote < start || text[quote] != '\'')
                continue;
            int length = text[++quote..].IndexOf((byte)'\'');
            e.AddSecret(ref t, new SqlRange(quote, length < 0 ? text.Length - quote : length));
            start = quote;
        }
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
