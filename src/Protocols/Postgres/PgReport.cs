namespace Sallyport.Protocols.Postgres;

/// <summary>Writes an ErrorResponse or NoticeResponse of ours (PostgreSQL 55.8): severity, code, message, and what else there is to say.</summary>
internal static class PgReport
{
    public static void Write(PgWriter to, byte type, string severity, string code, string message, string? detail, string? hint)
    {
        to.Begin(type);
        Field(to, 'S', severity);
        Field(to, 'V', severity);
        Field(to, 'C', code);
        Field(to, 'M', message);
        if (detail is not null)
            Field(to, 'D', detail);
        if (hint is not null)
            Field(to, 'H', hint);
        to.Byte(0).End();
    }

    private static void Field(PgWriter to, char code, string value) => to.Byte((byte)code).CString(value);
}
