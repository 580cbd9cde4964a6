namespace Sallyport.Protocols.Postgres;

/// <summary>
/// ErrorResponse and NoticeResponse for sessions with masks. A message can quote a value: <c>invalid input syntax for type integer:
/// "alice@example.com"</c> is a way to read a masked column. DETAIL, CONTEXT and the internal query are dropped; so are the message, HINT and
/// the names of objects, unless the SQLSTATE is one whose messages cannot be made to quote data.
/// </summary>
/// <remarks>
/// A value that is cast to a name is quoted as a name: <c>email::regclass</c> gives 42P01 or 0A000, <c>to_tsquery(email)</c> gives 42601. Such errors come
/// from running a statement; those of understanding it say where in the text they are. And RAISE in a function gives any SQLSTATE and any name to
/// any value; errors from within functions have a CONTEXT.
/// </remarks>
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

    /// <summary>Whether the message may quote a value of the database. One of an unknown class may, and what code within a function made up.</summary>
    private static bool MayQuote(ReadOnlySpan<byte> body, bool mayShowMasked)
    {
        ReadOnlySpan<byte> state = PgErrorFields.Find(body, (byte)'C');
        if (state.Length != 5 || Has(body, (byte)'W') || PgErrorFields.Find(body, (byte)'R').SequenceEqual("exec_stmt_raise"u8))
            return true;
        ReadOnlySpan<byte> cls = state[..2];
        if (NamesObjects(cls))
            return mayShowMasked && !Has(body, (byte)'P') && !state.SequenceEqual("42501"u8);
        return !(cls.SequenceEqual("08"u8) || cls.SequenceEqual("23"u8) || cls.SequenceEqual("25"u8) || cls.SequenceEqual("26"u8)
            || cls.SequenceEqual("28"u8) || cls.SequenceEqual("40"u8) || cls.SequenceEqual("53"u8)
            || cls.SequenceEqual("54"u8) || cls.SequenceEqual("55"u8) || cls.SequenceEqual("57"u8));
    }

    private static bool Has(ReadOnlySpan<byte> body, byte code)
    {
        var fields = new PgErrorFields(body);
        while (fields.TryNext(out byte next, out _))
        {
            if (next == code)
                return true;
        }

        return false;
    }

    /// <summary>Classes of features, databases, schemas, names and syntax: what is named can come from the text, or from a value taken for a name.</summary>
    private static bool NamesObjects(ReadOnlySpan<byte> cls) =>
        cls.SequenceEqual("0A"u8) || cls.SequenceEqual("34"u8) || cls.SequenceEqual("3D"u8) || cls.SequenceEqual("3F"u8) || cls.SequenceEqual("42"u8);
}
