namespace Sallyport.Contract;

/// <summary>
/// What an action does, over all protocols; policy documents write the names in kebab-case (<c>copy-to</c>).
/// Values are stored in recordings: they are never renumbered, and stay below 256 so that a bitmap of four words holds them all.
/// </summary>
public enum Verb : byte
{
    /// <summary>Not understood. Denied unless a rule allows unparsed actions.</summary>
    Unknown = 0,

    /// <summary>Entering a target at all.</summary>
    Login = 1,

    // SQL, named by command tag (PostgreSQL documentation, part VI "SQL Commands").
    Select = 10,
    Insert,
    Update,
    Delete,
    Merge,
    Truncate,
    CopyFrom,
    CopyTo,
    Create,
    CreateTableAs,
    Alter,
    Drop,
    Grant,
    Revoke,
    Comment,
    SecurityLabel,
    Begin,
    Commit,
    Rollback,
    Savepoint,
    Release,
    PrepareTransaction,
    CommitPrepared,
    RollbackPrepared,
    Set,
    Reset,
    Show,
    Explain,
    Prepare,
    Execute,
    Deallocate,
    Discard,
    Declare,
    Fetch,
    Move,
    Close,
    Listen,
    Unlisten,
    Notify,
    Lock,
    Vacuum,
    Analyze,
    Cluster,
    Reindex,
    Refresh,
    Checkpoint,
    /// <summary>CALL of a procedure, and a call of a function that reaches outside the database or runs text as SQL.</summary>
    Call,
    Do,
    Load,
    ImportForeignSchema,
    ReassignOwned,
    DropOwned,
    /// <summary>The FunctionCall message (PostgreSQL 55.7), which names a function by OID.</summary>
    FunctionCall,
    /// <summary>CancelRequest of a running statement.</summary>
    Cancel,
}
