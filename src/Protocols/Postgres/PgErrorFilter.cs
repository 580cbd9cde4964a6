using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// ErrorResponse and NoticeResponse for sessions with masks. A message can quote a value: <c>invalid input syntax for type integer:
/// "alice@example.com"</c> is a way to read a masked column. DETAIL, CONTEXT and the internal query are dropped; the message too, unless its
/// SQLSTATE is of a class whose messages name objects and never quote data.
/// </summary>
public static class PgErrorFilter
{
    private static ReadOnlySpan<byte> Withheld => "the target's message is withheld: it may quote a masked value"u8;

    /// <summary>Writes the message that may be shown in place of the one with this body.</summary>
    /// <returns>False when the body is malformed; nothing is then written.</returns>
    public static bool TryWrite(byte type, ReadOnlySpan<byte> body, PgWriter to)
    {
        int start = to.Length;
        bool quotes = MayQuote(PgErrorFields.Find(body, (byte)'C'));
        to.Begin(type);
        var fields = new PgErrorFields(body);
        while (fields.TryNext(out byte code, out ReadOnlySpan<byte> value))
        {
            switch (code)
            {
                case (byte)'D' or (byte)'W' or (byte)'q':
                case (byte)'H' when quotes:
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

    /// <summary>Whether messages of this SQLSTATE may quote a value of the database. Unknown classes may.</summary>
    private static bool MayQuote(ReadOnlySpan<byte> sqlState)
    {
        if (sqlState.Length != 5)
            return true;
        ReadOnlySpan<byte> cls = sqlState[..2];
        return !(cls.SequenceEqual("08"u8) || cls.SequenceEqual("0A"u8) || cls.SequenceEqual("23"u8) || cls.SequenceEqual("25"u8)
            || cls.SequenceEqual("26"u8) || cls.SequenceEqual("28"u8) || cls.SequenceEqual("34"u8) || cls.SequenceEqual("3D"u8)
            || cls.SequenceEqual("3F"u8) || cls.SequenceEqual("40"u8) || cls.SequenceEqual("42"u8) || cls.SequenceEqual("53"u8)
            || cls.SequenceEqual("54"u8) || cls.SequenceEqual("55"u8) || cls.SequenceEqual("57"u8));
    }
}
