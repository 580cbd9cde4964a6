namespace Sallyport.Contract;

/// <summary>Which side a session ended on.</summary>
public enum SessionSide : byte
{
    Client,
    Target,
    Proxy,
}

/// <summary>How far a session had come when it ended.</summary>
public enum SessionStage : byte
{
    Accept,
    Tls,
    Startup,
    Login,
    Route,
    Connect,
    TargetLogin,
    Ready,
    Drain,
}

/// <summary>Why a session ended. Exactly one per session: it goes to the log, the metric and the recording's trailer alike.</summary>
/// <param name="Side">Who caused it.</param>
/// <param name="Stage">How far it had come.</param>
/// <param name="Reason">A fixed word such as <c>closed</c>, <c>protocol-violation</c>, <c>login-refused</c>; metrics count by it.</param>
/// <param name="WireCode">The code the client was given in its own protocol (a SQLSTATE), null when none was sent.</param>
/// <param name="Detail">One line for the operator. Never a secret, never a client's bytes unescaped.</param>
public sealed record SessionEnd(SessionSide Side, SessionStage Stage, string Reason, string? WireCode = null, string? Detail = null)
{
    /// <summary>True for an end that both sides wanted.</summary>
    public bool IsClean => Reason == "closed";
}
