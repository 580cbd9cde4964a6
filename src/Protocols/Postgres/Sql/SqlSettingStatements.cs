using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>SET, RESET, SHOW and DISCARD: the object is the setting's name, also where SQL has words of its own for it (gram.y: VariableSetStmt).</summary>
internal static class SqlSettingStatements
{
    public static Verb Parse(ref SqlTokens t, SqlEffects e)
    {
        Kw first = t.Keyword;
        t.Advance();
        switch (first)
        {
            case Kw.SET:
                e.Traits |= SqlTraits.ChangesSettings;
                Set(ref t, e);
                return Verb.Set;
            case Kw.RESET:
                e.Traits |= SqlTraits.ChangesSettings;
                Name(ref t, e, Verb.Reset);
                return Verb.Reset;
            case Kw.SHOW:
                Name(ref t, e, Verb.Show);
                return Verb.Show;
            default:
                e.Traits |= SqlTraits.ChangesSettings;
                if (!t.Take(Kw.ALL) && !t.Take(Kw.TEMP) && !t.Take(Kw.TEMPORARY) && !t.Take(Kw.SEQUENCES) && !Plans(ref t))
                    t.Fail();
                return Verb.Discard;
        }
    }

    private static bool Plans(ref SqlTokens t)
    {
        if (!System.Text.Ascii.EqualsIgnoreCase(t.Text[t.Current.Start..t.Current.End], "plans"u8))
            return false;
        t.Advance();
        return true;
    }

    private static void Set(ref SqlTokens t, SqlEffects e)
    {
        if (t.Keyword is Kw.LOCAL or Kw.SESSION && IsSettingNext(t.Peek()))
        {
            bool session = t.Keyword == Kw.SESSION;
            t.Advance();
            if (session && t.Take(Kw.CHARACTERISTICS))
            {
                t.Expect(Kw.AS);
                t.Expect(Kw.TRANSACTION);
                e.Add(ref t, Verb.Set, "transaction"u8);
                Value(ref t);
                return;
            }
        }

        if (t.Keyword == Kw.CONSTRAINTS && t.Peek().IsLabel && t.Peek().Keyword != Kw.TO)
        {
            t.Advance();
            e.Add(ref t, Verb.Set, "constraints"u8);
        }
        else if (!Special(ref t, e, Verb.Set))
        {
            Plain(ref t, e, Verb.Set);
            if (t.Kind != SqlTokenKind.Op && t.Keyword is not (Kw.TO or Kw.FROM))
                t.Fail();
        }

        Value(ref t);
    }

    /// <summary>LOCAL and SESSION are not themselves the setting: a name follows, not TO or =.</summary>
    private static bool IsSettingNext(in SqlToken token) => token.IsLabel && token.Keyword is not (Kw.TO or Kw.AUTHORIZATION);

    private static void Name(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        if (t.Take(Kw.ALL) || Special(ref t, e, verb))
            return;
        Plain(ref t, e, verb);
    }

    /// <summary>The spellings that do not use the setting's name. A plain name may look alike: <c>SET names TO …</c>.</summary>
    private static bool Special(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        SqlToken next = t.Peek();
        bool assigned = next.Kind == SqlTokenKind.Dot || next.Kind == SqlTokenKind.Op || next.Keyword == Kw.TO || (next.Keyword == Kw.FROM && verb == Verb.Set);
        if (assigned && t.Keyword != Kw.SESSION)
            return false;
        switch (t.Keyword)
        {
            case Kw.TIME when next.Keyword == Kw.ZONE:
                return Take(ref t, e, verb, 2, "timezone"u8);
            case Kw.SESSION when next.Keyword == Kw.AUTHORIZATION:
                return Take(ref t, e, verb, 2, "session_authorization"u8);
            case Kw.TRANSACTION when next.IsLabel:
                Take(ref t, e, verb, 1, "transaction"u8);
                Value(ref t);
                return true;
            case Kw.XML when verb == Verb.Set:
                return Take(ref t, e, verb, 1, "xmloption"u8);
            case Kw.NAMES when verb == Verb.Set:
                return Take(ref t, e, verb, 1, "client_encoding"u8);
            case Kw.SCHEMA when verb == Verb.Set:
                return Take(ref t, e, verb, 1, "search_path"u8);
            case Kw.ROLE when verb == Verb.Set:
                return Take(ref t, e, verb, 1, "role"u8);
            default:
                return false;
        }
    }

    private static bool Take(ref SqlTokens t, SqlEffects e, Verb verb, int words, ReadOnlySpan<byte> setting)
    {
        for (int i = 0; i < words; i++)
            t.Advance();
        e.Add(ref t, verb, setting);
        return true;
    }

    private static void Plain(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        if (SqlName.TryRead(ref t, out SqlName name))
            e.AddSetting(ref t, verb, name);
    }

    /// <summary>Literals, names, numbers and lists of them; INTERVAL '…' HOUR TO MINUTE for a time zone.</summary>
    private static void Value(ref SqlTokens t)
    {
        while (t.Current.IsLabel || t.Kind is SqlTokenKind.Comma or SqlTokenKind.String or SqlTokenKind.Number or SqlTokenKind.Op or SqlTokenKind.Dot
            or SqlTokenKind.OpenParen or SqlTokenKind.CloseParen)
            t.Advance();
    }
}
