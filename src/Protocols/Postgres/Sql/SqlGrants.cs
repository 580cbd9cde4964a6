using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>GRANT and REVOKE: of privileges ON objects, or of roles (gram.y: GrantStmt, GrantRoleStmt).</summary>
internal static class SqlGrants
{
    public static Verb Parse(ref SqlTokens t, SqlEffects e)
    {
        Verb verb = t.Keyword == Kw.GRANT ? Verb.Grant : Verb.Revoke;
        t.Advance();
        if (verb == Verb.Revoke && t.Peek().Keyword is Kw.OPTION)
        {
            t.Advance();
            t.Advance();
            t.Expect(Kw.FOR);
        }
        else if (verb == Verb.Revoke && t.Take(Kw.GRANT))
        {
            t.Expect(Kw.OPTION);
            t.Expect(Kw.FOR);
        }

        Privileges(ref t, e, verb);
        if (t.Take(Kw.ON))
            Objects(ref t, e, verb);
        if (t.Keyword is not (Kw.TO or Kw.FROM))
            t.Fail();
        SqlStatements.Rest(ref t, e);
        return verb;
    }

    /// <summary>privilege [(columns)], … or role, …: which of the two is known at ON. A role that is granted is the object.</summary>
    private static void Privileges(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        SqlName role = default;
        int names = 0;
        int before = e.ObjectCount;
        while (!t.AtEnd && t.Keyword is not (Kw.ON or Kw.TO or Kw.FROM))
        {
            if (t.Kind == SqlTokenKind.OpenParen)
            {
                SqlExpressions.Parenthesis(ref t, e);
            }
            else if (t.Current.IsLabel)
            {
                role = default;
                role.Append(ref t);
                names++;
                e.Add(ref t, verb, role);
            }
            else
            {
                t.Expect(SqlTokenKind.Comma);
            }
        }

        if (t.Keyword == Kw.ON)
            e.ForgetObjects(before);
        else if (names == 0)
            t.Fail();
    }

    private static void Objects(ref SqlTokens t, SqlEffects e, Verb verb)
    {
        switch (t.Keyword)
        {
            case Kw.ALL: // ALL TABLES IN SCHEMA s, …
                while (t.Keyword is Kw.ALL or Kw.TABLES or Kw.SEQUENCES or Kw.FUNCTIONS or Kw.PROCEDURES or Kw.ROUTINES or Kw.IN)
                    t.Advance();
                t.Expect(Kw.SCHEMA);
                break;
            case Kw.FOREIGN: // DATA WRAPPER, SERVER
                t.Advance();
                if (t.Take(Kw.DATA))
                    t.Expect(Kw.WRAPPER);
                else
                    t.Expect(Kw.SERVER);
                break;
            case Kw.LARGE when t.Peek().Keyword == Kw.OBJECT:
                while (!t.AtEnd && t.Keyword is not (Kw.TO or Kw.FROM))
                    t.Advance();
                e.Add(ref t, verb);
                return;
            case Kw.TABLE or Kw.SEQUENCE or Kw.DATABASE or Kw.DOMAIN or Kw.FUNCTION or Kw.PROCEDURE or Kw.ROUTINE or Kw.LANGUAGE or Kw.PARAMETER
                or Kw.SCHEMA or Kw.TABLESPACE or Kw.TYPE when t.Peek().IsColId:
                t.Advance();
                break;
            default:
                break;
        }

        do
        {
            if (SqlName.TryRead(ref t, out SqlName name))
                e.Add(ref t, verb, name);
            if (t.Kind == SqlTokenKind.OpenParen)
                SqlExpressions.Parenthesis(ref t, e, SqlScope.Utility);
        }
        while (t.Take(SqlTokenKind.Comma));
    }
}
