namespace Sallyport.Protocols.Postgres;

/// <summary>Why a loop's look at its buffer stopped.</summary>
internal enum PgLoopStep : byte
{
    /// <summary>More bytes are needed.</summary>
    More,

    /// <summary>Enough has been rewritten: send it, then go on.</summary>
    Continue,

    /// <summary>As many replies are owed as may be, or what the next message means depends on one that has not come yet.</summary>
    Replies,

    /// <summary>The catalog must be read (again) first.</summary>
    Catalog,

    /// <summary>The next message waits for a person.</summary>
    Hold,

    /// <summary>The client said Terminate.</summary>
    Terminated,

    /// <summary>The peer broke the protocol; the loop knows how.</summary>
    Violation,
}

/// <summary>How a peer broke the protocol, or a limit: what the client is told and the audit keeps.</summary>
internal sealed record PgViolation(string Reason, string Message, string SqlState = Postgres.SqlState.ProtocolViolation);
