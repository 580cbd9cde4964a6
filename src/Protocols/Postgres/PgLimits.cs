namespace Sallyport.Protocols.Postgres;

/// <summary>Every bound of the PostgreSQL engine, with its reason.</summary>
public sealed record PgLimits
{
    /// <summary>From accept to a logged-in target. libpq's own connect_timeout is typically 10 s; a person with a slow token helper needs more.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a client may take to answer the offer of OAUTHBEARER: libpq fetches its token with the connection open, which takes a person and a browser. It holds an unauthenticated slot meanwhile.</summary>
    public TimeSpan TokenWait { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest wait for a person who logs in by a browser, whatever the prompt says. It holds an unauthenticated slot meanwhile.</summary>
    public TimeSpan Prompt { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the target may take to finish what a client asked for before it left. PostgreSQL itself has no bound; a session nobody reads should.</summary>
    public TimeSpan Leave { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest StartupMessage, bytes. PostgreSQL's own MAX_STARTUP_PACKET_LENGTH.</summary>
    public int StartupBytes { get; init; } = 10_000;

    /// <summary>Longest message before login, bytes. PostgreSQL's own bound for authentication messages is 65535; a token is far smaller.</summary>
    public int AuthBytes { get; init; } = 65_535;

    /// <summary>Longest SCRAM message from a client, bytes. PostgreSQL's own PG_MAX_SASL_MESSAGE_LENGTH.</summary>
    public int ScramBytes { get; init; } = 1024;

    /// <summary>Longest statement text that is read whole to be judged, bytes. A longer one is Truncated: denied unless a rule allows it.</summary>
    public int StatementBytes { get; init; } = 1 << 20;

    /// <summary>Longest message a client may announce, bytes. PostgreSQL's own PQ_LARGE_MESSAGE_LIMIT is 1 GB - 1.</summary>
    public int MessageBytes { get; init; } = 0x3fffffff;

    /// <summary>Longest part of a row that is held to mask a field of it, bytes: up to and including the last masked column.</summary>
    public int MaskRowBytes { get; init; } = 16 << 20;

    /// <summary>Longest ErrorResponse, NoticeResponse, RowDescription or ParameterStatus taken from a target, bytes. 1664 columns with 63-byte names are 135 KB.</summary>
    public int TargetMessageBytes { get; init; } = 1 << 20;

    /// <summary>Requests on their way to the target whose replies are still owed. PostgreSQL itself has no bound: the request loop waits at this one.</summary>
    public int RequestsInFlight { get; init; } = 4096;

    /// <summary>Prepared statements and named portals remembered per session. One more is refused.</summary>
    public int NamedObjects { get; init; } = 4096;

    /// <summary>Statement texts kept per session so that a policy change can judge them again, bytes. Beyond it a statement is judged as Unparsed then.</summary>
    public int StatementTextBytes { get; init; } = 4 << 20;

    /// <summary>Bytes of bound values kept per session, in all, so that an approver can be shown them. A statement whose values do not fit is refused where it would have been held.</summary>
    public int HeldValueBytes { get; init; } = 1 << 20;

    /// <summary>Bytes a client may send behind a statement that waits for approval before nothing more is read; that it hangs up is then seen only when the wait is over.</summary>
    public int HeldReceiveBytes { get; init; } = 256 * 1024;

    /// <summary>How often a person at a waiting client is told that it still waits.</summary>
    public TimeSpan HoldReminder { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>SCRAM iterations accepted from a target: PostgreSQL's default is 4096; 2^31 would hold a core for minutes.</summary>
    public int ScramIterations { get; init; } = 100_000;

    /// <summary>CancelRequests one session may cause in flight; more are dropped, as PostgreSQL drops those that come too late.</summary>
    public int CancelsInFlight { get; init; } = 1;
}
