namespace Sallyport.Protocols.Postgres;

/// <summary>A NoticeResponse of ours (PostgreSQL 55.7, 55.8): what is going on, for the person at the client.</summary>
internal sealed record PgNotice(string Message, string? Detail = null, string? Hint = null)
{
    public void Write(PgWriter to)
    {
        to.Begin(BackendMessage.NoticeResponse);
        Field(to, 'S', "NOTICE");
        Field(to, 'V', "NOTICE");
        Field(to, 'C', SqlState.SuccessfulCompletion);
        Field(to, 'M', Message);
        if (Detail is not null)
            Field(to, 'D', Detail);
        if (Hint is not null)
            Field(to, 'H', Hint);
        to.Byte(0).End();
    }

    private static void Field(PgWriter to, char code, string value) => to.Byte((byte)code).CString(value);
}
