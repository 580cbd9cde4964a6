namespace Sallyport.Protocols.Postgres;

/// <summary>Whether the target has what the client asked it to make.</summary>
public enum PgObjectState
{
    /// <summary>The target has not answered yet.</summary>
    Pending,

    /// <summary>The target has made it.</summary>
    Made,

    /// <summary>The target refused, or skipped the request: under this name there may still be an older one.</summary>
    Failed,
}

/// <summary>What is remembered of a prepared statement (or of the text of a Query).</summary>
public sealed class PgStatement
{
    private volatile PgObjectState _state;

    /// <summary>A statement whose text is not known (made by SQL PREPARE, by a failed Parse, …): it may read anything.</summary>
    public static PgStatement Unknown { get; } = new() { MightRead = true, State = PgObjectState.Failed };

    /// <summary>A Query text that reads no masked relation.</summary>
    public static PgStatement Clean { get; } = new() { State = PgObjectState.Made };

    /// <summary>A Query text that reads, or might read, a masked relation.</summary>
    public static PgStatement Reading { get; } = new() { MightRead = true, State = PgObjectState.Made };

    /// <summary>True when it reads, or might read, a relation with masked columns.</summary>
    public bool MightRead { get; init; }

    /// <summary>It shows the rows of something that has a name in the session (FETCH, EXECUTE), whatever that is when it runs.</summary>
    public bool IsIndirect { get; init; }

    /// <summary>The text, so that changed rules can judge it again; null when it was not kept.</summary>
    public byte[]? Text { get; init; }

    /// <summary>The <see cref="Contract.SessionContext.Epoch"/> it was last allowed in. Request loop only.</summary>
    public int Epoch { get; set; }

    /// <summary>Counts the Syncs sent before it: a request of a later group may find that this one was skipped.</summary>
    public int Group { get; init; }

    /// <summary>Written by the reply loop, read by both.</summary>
    public PgObjectState State
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>What a computed column may contain. Only a statement that the target has made is taken at its text.</summary>
    public bool MayShowMasked => MightRead || State != PgObjectState.Made;
}

/// <summary>A portal: a statement bound to values.</summary>
public sealed class PgPortal
{
    private volatile PgObjectState _state;

    /// <summary>The statement it was bound from. Request loop only.</summary>
    public PgStatement Statement { get; set; } = PgStatement.Unknown;

    /// <summary>The epoch in which a Describe of it was last sent, so that a plan of that epoch will be there when its rows come; -1: none. Request loop only.</summary>
    public int DescribedIn { get; set; } = -1;

    /// <summary>Counts the Syncs sent before it. Request loop only.</summary>
    public int Group { get; set; }

    /// <summary>Counts the requests that run something, sent before it; -1 once it has run itself. Request loop only.</summary>
    public int BoundAt { get; set; }

    /// <summary>Written by the reply loop, read by both.</summary>
    public PgObjectState State
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>How its rows are masked; null until it has been described. Reply loop only.</summary>
    public PgMaskPlan? Plan { get; set; }
}
