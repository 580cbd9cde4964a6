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

    // SSH (RFC 4254), named by what is asked for.
    /// <summary>A command without a terminal's shell between: <c>exec</c> (6.5).</summary>
    Exec = 80,
    Shell,
    Subsystem,
    /// <summary>A terminal: <c>pty-req</c> (6.2).</summary>
    Pty,
    /// <summary>An environment variable (6.4).</summary>
    Env,
    /// <summary>The client's side connects through the target: <c>direct-tcpip</c>, <c>direct-streamlocal@openssh.com</c>.</summary>
    ForwardLocal,
    /// <summary>The target's side connects through the client: <c>tcpip-forward</c>, <c>streamlocal-forward@openssh.com</c>.</summary>
    ForwardRemote,
    /// <summary>The target may use the keys of the client's agent.</summary>
    ForwardAgent,
    ForwardX11,
    /// <summary>A command that was seen on a terminal's screen: it runs already, so a denial ends the session.</summary>
    TerminalCommand,

    // Files: SFTP, scp, rsync, git, and what a command's redirections open.
    FileRead = 96,
    FileWrite,
    /// <summary>Names in a directory.</summary>
    FileList,
    /// <summary>Attributes, a link's text, a path resolved.</summary>
    FileStat,
    FileSetStat,
    FileRename,
    /// <summary>A symbolic or hard link is made.</summary>
    FileLink,
    FileRemove,
    DirectoryMake,
    DirectoryRemove,

    // HTTP, by method (RFC 9110 9.3, RFC 5789), on a path.
    HttpGet = 112,
    HttpHead,
    HttpPost,
    HttpPut,
    HttpPatch,
    HttpDelete,
    HttpOptions,
    HttpConnect,
    HttpTrace,
    /// <summary>A method that is none of these.</summary>
    HttpOther,

    // Kubernetes, by what its API server authorises, on a resource.
    KubeGet = 128,
    KubeList,
    KubeWatch,
    KubeCreate,
    KubeUpdate,
    KubePatch,
    KubeDelete,
    KubeDeleteCollection,
    /// <summary>Bytes into a pod, a service or a node, whatever the method: exec, attach, port forwarding, proxying, and every other upgrade.</summary>
    KubeConnect,

    // What stands in the body of an HTTP request.
    /// <summary>A method of a gRPC service.</summary>
    GrpcCall = 144,
    /// <summary>A tool of an MCP server.</summary>
    McpTool,
    /// <summary>Any other JSON-RPC method of an MCP server.</summary>
    McpMethod,

    /// <summary>No effect: a detail of the request, such as a parameter or a field of its object. Needs no grant; rules may look at it.</summary>
    HttpDetail = 160,
}
