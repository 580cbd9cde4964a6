using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Transcript;

/// <summary>One thing that happened in a session.</summary>
public abstract record PgTranscriptEntry
{
    /// <summary>When it began.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>What became of a statement.</summary>
public enum PgOutcome : byte
{
    /// <summary>It was completed.</summary>
    Completed,

    /// <summary>The row limit of Execute was reached; another Execute may go on.</summary>
    Suspended,

    /// <summary>It failed; <see cref="PgStatementEntry.Error"/> says why.</summary>
    Failed,

    /// <summary>Never run: an earlier request of its pipeline had failed.</summary>
    Skipped,

    /// <summary>The recording holds no reply.</summary>
    NoReply,
}

/// <summary>The protocol step that an outcome belongs to.</summary>
public enum PgStep : byte
{
    /// <summary>Simple Query: all its statements together.</summary>
    Query,
    Parse,
    Bind,
    Describe,
    Execute,
}

/// <summary>One parameter of a statement.</summary>
/// <param name="Value">As text; null for NULL. In hex (<c>\x…</c>) when its binary form is not understood.</param>
/// <param name="TypeOid">Type OID; 0 when not known.</param>
/// <param name="Length">Whole length in bytes; -1 for NULL.</param>
/// <param name="Truncated">True when only the head was kept.</param>
public sealed record PgParameter(string? Value, uint TypeOid, int Length, bool Truncated);

/// <summary>ErrorResponse or NoticeResponse (PostgreSQL 55.8); absent fields are empty.</summary>
public sealed record PgError(string Severity, string SqlState, string Message, string Detail, string Hint);

/// <summary>A statement, or several sent as one simple Query.</summary>
public sealed record PgStatementEntry : PgTranscriptEntry
{
    public required PgStep Step { get; init; }

    /// <summary>The text; empty when the recording does not tell (a portal opened by DECLARE).</summary>
    public required string Text { get; init; }

    public bool TextTruncated { get; init; }

    /// <summary>Name of the prepared statement; empty: the unnamed one.</summary>
    public string StatementName { get; init; } = "";

    /// <summary>Name of the portal; empty: the unnamed one.</summary>
    public string PortalName { get; init; } = "";

    public IReadOnlyList<PgParameter> Parameters { get; init; } = [];

    /// <summary>Parameters there were in all.</summary>
    public int ParameterCount { get; init; }

    public required PgOutcome Outcome { get; init; }

    /// <summary>From the request to its last reply; null when there was none.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Rows returned.</summary>
    public long Rows { get; init; }

    /// <summary>Command tags (<c>UPDATE 3</c>), one for each statement of a simple Query, the first 32.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    public PgError? Error { get; init; }

    /// <summary>Bytes of COPY data from the client.</summary>
    public long CopyInBytes { get; init; }

    /// <summary>Bytes of COPY data to the client.</summary>
    public long CopyOutBytes { get; init; }

    /// <summary>Column labels of <see cref="FirstRows"/>.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>The first rows, when they were asked for; null for NULL.</summary>
    public IReadOnlyList<IReadOnlyList<string?>> FirstRows { get; init; } = [];
}

/// <summary>A FunctionCall message: a function called by OID.</summary>
public sealed record PgFunctionCallEntry : PgTranscriptEntry
{
    public required uint FunctionOid { get; init; }

    public required PgOutcome Outcome { get; init; }

    public TimeSpan? Duration { get; init; }

    public PgError? Error { get; init; }
}

/// <summary>An error or a notice that belongs to no request, or came beside one.</summary>
public sealed record PgMessageEntry : PgTranscriptEntry
{
    public required bool IsError { get; init; }

    public required PgError Message { get; init; }
}

/// <summary>A notification from NOTIFY.</summary>
public sealed record PgNotificationEntry : PgTranscriptEntry
{
    public required int ProcessId { get; init; }

    public required string Channel { get; init; }

    public required string Payload { get; init; }
}

/// <summary>Bytes that are not the protocol, or replies that fit no request.</summary>
public sealed record PgMalformedEntry : PgTranscriptEntry
{
    public required Direction Direction { get; init; }

    /// <summary>Where in that direction's bytes.</summary>
    public required long Offset { get; init; }

    public required string Reason { get; init; }

    /// <summary>True when nothing more of that direction is decoded.</summary>
    public required bool Stopped { get; init; }
}
