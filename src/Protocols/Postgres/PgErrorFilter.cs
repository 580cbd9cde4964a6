using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// ErrorResponse and NoticeResponse for sessions with masks. A message can quote a value: <c>invalid input syntax for type integer:
/// "alice@example.com"</c> is a way to read a masked column. DETAIL, CONTEXT and the internal query are dropped; the message too, unless its
/// SQLSTATE is of a class whose messages name objects and never quote data. Names can be data as well: <c>quote_ident(email)::regclass</c>
/// fails with <c>relation "alice@example.com" does not exist</c>. So of a statement that may read something masked, such a message is shown
/// only with a position in the statement's text: then it was found before anything was read.
/// </summary>
public static class PgErrorFilter
{
    private static ReadOnlySpan<byte> Withheld => "the target's message is withheld: it may quote a masked value"u8;

    /// <summary>Writes the message that may be shown in place of the one with this body.</summary>
    /// <param name="type">ErrorResponse or NoticeResponse.</param>
    /// <param name="body">Body of the message.</param>
    /// <param name="mayShowMasked">Whether the statement it is about reads, or might read, a relation with masked columns.</param>
    /// <param name="to">Takes the message that may be shown.</param>
    /// <returns>False when the body is malformed; nothing is then written.</returns>
    public static bool TryWrite(byte type, ReadOnlySpan<byte> body, bool mayShowMasked, PgWriter to)
    {
        int start = to.Length;
        bool quotes = MayQuote(body, mayShowMasked);
        to.Begin(type);
        var fields = new PgErrorFields(body);
        while (fields.TryNext(out byte code, out ReadOnlySpan<byte> value))
        {
            switch (code)
            {
                case (byte)'D' or (byte)'W' or (byte)'q':
                case (byte)'H' or (byte)'s' or (byte)'t' or (byte)'c' or (byte)'d' or (byte)'n' when quotes:
                    break;
                case (byte)'M' when quotes:
                    to.Byte(code).CString(Withheld);
                    break;
                default:
                    to.Byte(code).CString(value);
                    break;
            }
        }

        to.Byte(0).End();
        if (!fields.IsComplete)
            to.Truncate(start);
        return fields.IsComplete;
    }

    /// <summary>Whether a message may quote a value of the database. Those of unknown classes may, and those that PL/pgSQL code made up (RAISE).</summary>
    private static bool MayQuote(ReadOnlySpan<byte> body, bool mayShowMasked)
    {
        ReadOnlySpan<byte> sqlState = PgErrorFields.Find(body, (byte)'C');
        if (sqlState.Length != 5 || PgErrorFields.Find(body, (byte)'R').SequenceEqual("exec_stmt_raise"u8))
            return true;
        ReadOnlySpan<byte> cls = sqlState[..2];
        if (cls.SequenceEqual("08"u8) || cls.SequenceEqual("23"u8) || cls.SequenceEqual("25"u8) || cls.SequenceEqual("26"u8)
            || cls.SequenceEqual("28"u8) || cls.SequenceEqual("34"u8) || cls.SequenceEqual("40"u8) || cls.SequenceEqual("53"u8)
            || cls.SequenceEqual("54"u8) || cls.SequenceEqual("55"u8) || cls.SequenceEqual("57"u8) || sqlState.SequenceEqual("42501"u8))
            return false;
        return !NamesObjects(cls) || (mayShowMasked && PgErrorFields.Find(body, (byte)'P').IsEmpty);
    }

    /// <summary>Classes of features, databases, schemas, names and syntax: what is named can come from the text, or from a value taken for a name.</summary>
    private static bool NamesObjects(ReadOnlySpan<byte> cls) =>
        cls.SequenceEqual("0A"u8) || cls.SequenceEqual("3D"u8) || cls.SequenceEqual("3F"u8) || cls.SequenceEqual("42"u8);
}
