using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Protocols.Postgres.Sql;

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

/// <summary>What running a text may do beyond what policy judges, as far as the engine must know.</summary>
[Flags]
public enum PgEffects
{
    None = 0,

    /// <summary>It reads, or might read, a relation with masked columns.</summary>
    MightRead = 1,

    /// <summary>COPY … FROM STDIN: the target may take data from the client.</summary>
    MayCopyIn = 2,

    /// <summary>It may open a cursor or prepare a statement by SQL, under a name that the protocol gave to another: they share their names.</summary>
    MayRename = 4,

    /// <summary>It may prepare a statement by SQL, with a text of the client's choosing.</summary>
    MayPrepare = 8,

    /// <summary>It shows the rows of something that has a name in the session (FETCH, EXECUTE), whatever that is when it runs.</summary>
    IsIndirect = 16,

    /// <summary>It may take data from the client more than once.</summary>
    MayCopyTwice = 32,

    /// <summary>It may change what relations and views there are.</summary>
    ChangesCatalog = 64,

    /// <summary>It may change what later texts of the session mean.</summary>
    ChangesSession = 128,

    /// <summary>It may do anything.</summary>
    All = MightRead | MayCopyIn | MayRename | MayPrepare | IsIndirect | MayCopyTwice | ChangesCatalog | ChangesSession,
}

/// <summary>What is remembered of a prepared statement (or of the text of a Query).</summary>
public sealed class PgStatement
{
    private volatile PgObjectState _state;
    private volatile PgEffects _effects;
    private volatile uint[]? _describedTypes;

    /// <summary>A statement whose text is not known (made by SQL PREPARE, by a failed Parse, …): it may do anything.</summary>
    public static PgStatement Unknown { get; } = new() { Effects = PgEffects.All, State = PgObjectState.Failed };

    /// <summary>A Query text that reads no masked relation.</summary>
    public static PgStatement Clean { get; } = new() { State = PgObjectState.Made };

    /// <summary>A Query text that reads, or might read, a masked relation.</summary>
    public static PgStatement Reading { get; } = new() { Effects = PgEffects.MightRead, State = PgObjectState.Made };

    /// <summary>What running it may do. Read by both loops; only ever widened.</summary>
    public PgEffects Effects
    {
        get => _effects;
        init => _effects = value;
    }

    /// <summary>The text, so that changed rules can judge it again; null when it was not kept, or may no longer be what the name stands for. Request loop only.</summary>
    public byte[]? Text { get; set; }

    /// <summary>What holds it until somebody approves of it; null: nothing. Request loop only.</summary>
    internal PgHeldBy[]? Holds { get; set; }

    /// <summary>Types of its parameters as Parse gave them; 0: left to the target. Request loop only.</summary>
    internal uint[] Types { get; set; } = [];

    /// <summary>Types of its parameters as the target described them; null: it was not asked. Written by the reply loop, read by the request loop.</summary>
    internal uint[]? DescribedTypes
    {
        get => _describedTypes;
        set => _describedTypes = value;
    }

    /// <summary>How the target read the text when it parsed it.</summary>
    public SqlSettings Settings { get; init; }

    /// <summary>False for the unnamed statement, whose place SQL cannot take.</summary>
    public bool IsNamed { get; init; }

    /// <summary>The <see cref="Contract.SessionContext.Epoch"/> it was last allowed in. Request loop only.</summary>
    public int Epoch { get; set; }

    /// <summary>The masks and the catalog that <see cref="Effects"/> were found with; null: there were no masks. Request loop only.</summary>
    public PgMaskIndex? Index { get; set; }

    /// <summary>Counts the Syncs sent before it: a request of a later group may find that this one was skipped.</summary>
    public int Group { get; init; }

    /// <summary>The ticket of its Parse. Request loop only.</summary>
    public long Ticket { get; set; }

    /// <summary>Written by the reply loop, read by both.</summary>
    public PgObjectState State
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>What a computed column may contain. Only a statement that the target has made is taken at its text.</summary>
    public bool MayShowMasked => (Effects & PgEffects.MightRead) != 0 || State != PgObjectState.Made;

    /// <summary>Adds to <see cref="Effects"/>. Request loop only: nobody else writes them.</summary>
    public void Widen(PgEffects effects) => _effects |= effects;
}

/// <summary>A portal: a statement bound to values.</summary>
public sealed class PgPortal
{
    private long _madeBy;

    /// <summary>The statement it was bound from. Request loop only.</summary>
    public PgStatement Statement { get; set; } = PgStatement.Unknown;

    /// <summary>The epoch in which a Describe of it was last sent, so that a plan of that epoch will be there when its rows come; -1: none. Request loop only.</summary>
    public int DescribedIn { get; set; } = -1;

    /// <summary>How much had been run when that Describe was sent: what runs later may put something else in its place. Request loop only.</summary>
    public long DescribedAt { get; set; }

    /// <summary>How much had been run when it was bound; -1 once it has run itself. Request loop only.</summary>
    public long BoundAt { get; set; } = -1;

    /// <summary>The values it was bound to, when they may have to be shown; null: they were not kept. Request loop only.</summary>
    internal PgBoundValues? Values { get; set; }

    /// <summary>The rules it was approved by, so that fetching more of its rows needs no other approval; null: it was not, or has not been held. Request loop only.</summary>
    internal PgHeldBy[]? ApprovedBy { get; set; }

    /// <summary>When that approval ends; null: it does not. Request loop only.</summary>
    internal DateTimeOffset? ApprovedUntil { get; set; }

    /// <summary>Counts the Syncs sent before it. Request loop only.</summary>
    public int Group { get; set; }

    /// <summary>The ticket of the last Bind; 0 when none is owed a reply. Request loop only.</summary>
    public long Ticket { get; set; }

    /// <summary>The ticket of the last Bind that succeeded. Written by the reply loop, read by both.</summary>
    public long MadeBy
    {
        get => Volatile.Read(ref _madeBy);
        set => Volatile.Write(ref _madeBy, value);
    }

    /// <summary>How its rows are masked; null until it has been described. Reply loop only.</summary>
    public PgMaskPlan? Plan { get; set; }
}
