using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// A refusal as the client is told it: the ErrorResponse that stands where the target's reply would have stood.
/// What happened is the message, why (the rule) is DETAIL, what to do next is HINT.
/// </summary>
public sealed record PgRefusal(string SqlState, string Message, string? Detail = null, string? Hint = null)
{
    /// <summary>
    /// The text that is sent to the target in place of a refused statement. It fails in PostgreSQL's raw parser, before anything is looked up
    /// or executed, in every version and setting; order, rollback and transaction status are then the target's own.
    /// </summary>
    public static ReadOnlySpan<byte> SubstituteText => "sallyport refused this statement"u8;

    /// <summary>The refusal of an action that policy denied, or would hold.</summary>
    public static PgRefusal FromVerdict(in Verdict verdict)
    {
        bool hold = verdict.Kind == VerdictKind.Hold;
        string message = hold ? "approval needed: the statement was not run" : "refused by policy: the statement was not run";
        return new PgRefusal(Postgres.SqlState.InsufficientPrivilege, message, $"Rule {verdict.RuleId}.", verdict.Hint ?? DefaultHint(verdict.RuleId, hold));
    }

    /// <summary>Writes the ErrorResponse. Severity is ERROR: the session goes on.</summary>
    public void Write(PgWriter to) => Write(to, "ERROR");

    /// <summary>Writes the ErrorResponse with severity FATAL: the session ends.</summary>
    public void WriteFatal(PgWriter to) => Write(to, "FATAL");

    private static string DefaultHint(string ruleId, bool hold)
    {
        if (hold)
            return "Ask an approver; this server holds such statements and has no approval service configured.";
        return ruleId switch
        {
            "default" => "No rule allows it: ask whoever keeps the policy for one.",
            "default-unparsed" => "It was not understood, so it was not let through: write it in simpler SQL, or ask for a rule that allows unparsed statements.",
            "default-truncated" => "It is too long to be judged whole: send its data as parameters or by COPY.",
            _ => "Ask whoever keeps the policy.",
        };
    }

    private void Write(PgWriter to, string severity)
    {
        to.Begin(BackendMessage.ErrorResponse);
        Field(to, 'S', severity);
        Field(to, 'V', severity);
        Field(to, 'C', SqlState);
        Field(to, 'M', Message);
        if (Detail is not null)
            Field(to, 'D', Detail);
        if (Hint is not null)
            Field(to, 'H', Hint);
        to.Byte(0).End();
    }

    private static void Field(PgWriter to, char code, string value) => to.Byte((byte)code).CString(value);
}
