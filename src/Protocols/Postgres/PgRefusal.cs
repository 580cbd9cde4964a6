using Sallyport.Contract;
using Sallyport.Protocols.Wire;

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

    /// <summary>The refusal of an action that policy denied.</summary>
    public static PgRefusal FromVerdict(in Verdict verdict) => new(
        Postgres.SqlState.InsufficientPrivilege, "refused by policy: the statement was not run", $"Rule {verdict.RuleId}.", verdict.Hint ?? DefaultHint(verdict.RuleId));

    /// <summary>The refusal of an action that policy holds, and that cannot be shown to anybody as it will run.</summary>
    public static PgRefusal CannotBeHeld(in Verdict verdict, string why, string hint) => new(
        Postgres.SqlState.InsufficientPrivilege, $"approval needed, and the statement was not run: {why}", $"Rule {verdict.RuleId}.", hint);

    /// <summary>The refusal of an action that waited and was not approved.</summary>
    public static PgRefusal FromOutcome(in Verdict verdict, HoldOutcome outcome) => new(
        Postgres.SqlState.InsufficientPrivilege,
        $"approval needed, and the statement was not run: {outcome.Message}",
        outcome.Id.Length == 0 ? $"Rule {verdict.RuleId}." : $"Rule {verdict.RuleId}. Approval {outcome.Id}.",
        verdict.Hint ?? HoldHints.Of(outcome.Reason));

    /// <summary>What PostgreSQL says of a statement that its client cancelled.</summary>
    public static PgRefusal Cancelled(in Verdict verdict) => new(
        Postgres.SqlState.QueryCanceled, "canceling statement due to user request", $"It was waiting for approval. Rule {verdict.RuleId}.");

    /// <summary>Writes the ErrorResponse. Severity is ERROR: the session goes on.</summary>
    public void Write(PgWriter to) => Write(to, "ERROR");

    /// <summary>Writes the ErrorResponse with severity FATAL: the session ends.</summary>
    public void WriteFatal(PgWriter to) => Write(to, "FATAL");

    private static string DefaultHint(string ruleId) => ruleId switch
    {
        "default" => "No rule allows it: ask whoever keeps the policy for one.",
        "default-unparsed" => "It was not understood, so it was not let through: write it in simpler SQL, or ask for a rule that allows unparsed statements.",
        "default-truncated" => "It is too long to be judged whole: send its data as parameters or by COPY.",
        _ => "Ask whoever keeps the policy.",
    };

    private void Write(PgWriter to, string severity) => PgReport.Write(to, BackendMessage.ErrorResponse, severity, SqlState, Message, Detail, Hint);
}
