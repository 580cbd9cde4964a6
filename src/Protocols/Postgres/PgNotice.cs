namespace Sallyport.Protocols.Postgres;

/// <summary>A NoticeResponse of ours (PostgreSQL 55.7, 55.8): what is going on, for the person at the client.</summary>
internal sealed record PgNotice(string Message, string? Detail = null, string? Hint = null)
{
    public void Write(PgWriter to) => PgReport.Write(to, BackendMessage.NoticeResponse, "NOTICE", SqlState.SuccessfulCompletion, Message, Detail, Hint);
}
