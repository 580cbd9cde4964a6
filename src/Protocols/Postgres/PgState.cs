namespace Sallyport.Protocols.Postgres;

/// <summary>What a client may send. Not legal means the session ends: nothing is guessed.</summary>
public enum PgClientState : byte
{
    /// <summary>A cleartext password was asked for: only PasswordMessage.</summary>
    Password,

    /// <summary>SASL mechanisms were offered: only SASLInitialResponse (55.3).</summary>
    SaslInitial,

    /// <summary>A SASL challenge was sent: only SASLResponse.</summary>
    SaslResponse,

    /// <summary>A person logs in elsewhere: the client has nothing to say.</summary>
    Prompted,

    /// <summary>Logged in: everything but PasswordMessage. CopyData, CopyDone and CopyFail are legal without a COPY, which PostgreSQL ignores (55.2.6).</summary>
    Ready,

    /// <summary>After Terminate: nothing.</summary>
    Closed,
}

/// <summary>
/// What a target owes next: the state of the request at the head of the queue. Notices, notifications and ParameterStatus are legal in
/// every state (55.2.7), and so is ErrorResponse, which may be the target's last word (55.2.8).
/// </summary>
public enum PgReplyState : byte
{
    /// <summary>Nothing is owed.</summary>
    Idle,
    Parse,
    Bind,
    Close,
    DescribeStatement,

    /// <summary>ParameterDescription has come, RowDescription or NoData is owed.</summary>
    DescribeStatementRow,
    DescribePortal,
    Execute,
    ExecuteCopyIn,
    ExecuteCopyOut,
    Sync,
    Query,

    /// <summary>RowDescription has come: rows, then CommandComplete. Rows without a description are not legal, so none is ever shown unmasked.</summary>
    QueryRows,
    QueryCopyIn,
    QueryCopyOut,

    /// <summary>A statement of the Query failed: only ReadyForQuery is left.</summary>
    QueryFailed,
    FunctionCall,
    FunctionCallDone,

    /// <summary>An extended request failed: the target ignores everything up to the next Sync (55.2.3).</summary>
    Failed,

    /// <summary>The request has had its whole reply.</summary>
    Done,
}

/// <summary>The transitions, pure, so that the whole table can be tested.</summary>
public static class PgState
{
    /// <summary>What a message of a logged-in or logging-in client leads to.</summary>
    public static bool TryAdvance(PgClientState state, byte type, out PgClientState next)
    {
        next = state;
        switch (state, type)
        {
            case (PgClientState.Password, FrontendMessage.PasswordMessage):
            case (PgClientState.SaslResponse, FrontendMessage.PasswordMessage):
            case (PgClientState.Ready, FrontendMessage.Query):
            case (PgClientState.Ready, FrontendMessage.Parse):
            case (PgClientState.Ready, FrontendMessage.Bind):
            case (PgClientState.Ready, FrontendMessage.Describe):
            case (PgClientState.Ready, FrontendMessage.Execute):
            case (PgClientState.Ready, FrontendMessage.Close):
            case (PgClientState.Ready, FrontendMessage.Flush):
            case (PgClientState.Ready, FrontendMessage.Sync):
            case (PgClientState.Ready, FrontendMessage.FunctionCall):
            case (PgClientState.Ready, FrontendMessage.CopyData):
            case (PgClientState.Ready, FrontendMessage.CopyDone):
            case (PgClientState.Ready, FrontendMessage.CopyFail):
                return true;
            case (PgClientState.SaslInitial, FrontendMessage.PasswordMessage):
                next = PgClientState.SaslResponse;
                return true;
            case (PgClientState.Ready, FrontendMessage.Terminate):
            case (PgClientState.Password, FrontendMessage.Terminate):
            case (PgClientState.SaslInitial, FrontendMessage.Terminate):
            case (PgClientState.SaslResponse, FrontendMessage.Terminate):
            case (PgClientState.Prompted, FrontendMessage.Terminate):
                next = PgClientState.Closed;
                return true;
            default:
                return false;
        }
    }

    /// <summary>What a message of a logged-in target leads to.</summary>
    public static bool TryAdvance(PgReplyState state, byte type, out PgReplyState next)
    {
        switch (type)
        {
            case BackendMessage.NoticeResponse:
            case BackendMessage.NotificationResponse:
            case BackendMessage.ParameterStatus:
                next = state;
                return true;
            case BackendMessage.ErrorResponse:
                next = OnError(state);
                return true;
        }

        next = (state, type) switch
        {
            (PgReplyState.Parse, BackendMessage.ParseComplete) => PgReplyState.Done,
            (PgReplyState.Bind, BackendMessage.BindComplete) => PgReplyState.Done,
            (PgReplyState.Close, BackendMessage.CloseComplete) => PgReplyState.Done,
            (PgReplyState.DescribeStatement, BackendMessage.ParameterDescription) => PgReplyState.DescribeStatementRow,
            (PgReplyState.DescribeStatementRow, BackendMessage.RowDescription or BackendMessage.NoData) => PgReplyState.Done,
            (PgReplyState.DescribePortal, BackendMessage.RowDescription or BackendMessage.NoData) => PgReplyState.Done,

            (PgReplyState.Execute, BackendMessage.DataRow) => PgReplyState.Execute,
            (PgReplyState.Execute, BackendMessage.CommandComplete or BackendMessage.PortalSuspended or BackendMessage.EmptyQueryResponse) => PgReplyState.Done,
            (PgReplyState.Execute, BackendMessage.CopyInResponse) => PgReplyState.ExecuteCopyIn,
            (PgReplyState.Execute, BackendMessage.CopyOutResponse) => PgReplyState.ExecuteCopyOut,
            (PgReplyState.ExecuteCopyIn, BackendMessage.CommandComplete) => PgReplyState.Done,
            (PgReplyState.ExecuteCopyOut, BackendMessage.CopyData) => PgReplyState.ExecuteCopyOut,
            (PgReplyState.ExecuteCopyOut, BackendMessage.CopyDone) => PgReplyState.Execute,

            (PgReplyState.Query, BackendMessage.RowDescription) => PgReplyState.QueryRows,
            (PgReplyState.QueryRows, BackendMessage.DataRow) => PgReplyState.QueryRows,
            (PgReplyState.Query or PgReplyState.QueryRows or PgReplyState.QueryCopyIn, BackendMessage.CommandComplete) => PgReplyState.Query,
            (PgReplyState.Query, BackendMessage.EmptyQueryResponse) => PgReplyState.Query,
            (PgReplyState.Query, BackendMessage.CopyInResponse) => PgReplyState.QueryCopyIn,
            (PgReplyState.Query, BackendMessage.CopyOutResponse) => PgReplyState.QueryCopyOut,
            (PgReplyState.QueryCopyOut, BackendMessage.CopyData) => PgReplyState.QueryCopyOut,
            (PgReplyState.QueryCopyOut, BackendMessage.CopyDone) => PgReplyState.Query,

            (PgReplyState.FunctionCall, BackendMessage.FunctionCallResponse) => PgReplyState.FunctionCallDone,
            (PgReplyState.Query or PgReplyState.QueryFailed or PgReplyState.FunctionCallDone or PgReplyState.Sync, BackendMessage.ReadyForQuery) => PgReplyState.Done,
            _ => PgReplyState.Idle,
        };
        return next != PgReplyState.Idle;
    }

    private static PgReplyState OnError(PgReplyState state) => state switch
    {
        PgReplyState.Query or PgReplyState.QueryRows or PgReplyState.QueryCopyIn or PgReplyState.QueryCopyOut => PgReplyState.QueryFailed,
        PgReplyState.FunctionCall => PgReplyState.FunctionCallDone,
        // An error while Sync commits is not skipped to a further Sync: ReadyForQuery follows at once.
        PgReplyState.Idle or PgReplyState.Sync or PgReplyState.QueryFailed or PgReplyState.FunctionCallDone or PgReplyState.Failed => state,
        _ => PgReplyState.Failed,
    };
}
