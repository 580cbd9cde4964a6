using Sallyport.Policy.Documents;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>What an approver sends.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Grant">What is granted beyond this one run: <c>digest</c>, <c>rule</c>, <c>target</c>; absent: nothing.</param>
/// <param name="For">For how long, such as <c>30m</c>.</param>
internal sealed record ApproveForm(string? Reason = null, string? Grant = null, string? For = null)
{
    public Decision Read(Guid id)
    {
        GrantScope scope = GrantScope.Once;
        if (Grant is not null && !KebabNames.Of<GrantScope>().TryGetValue(Grant, out scope))
            throw AdminProblem.Wrong("grant-unknown", $"\"{Grant}\" is nothing that can be granted.", "Say once, digest, rule or target.");
        return new Decision(id, true, Reason, scope, For is null ? null : ApprovalForms.Time(For));
    }
}

/// <summary>A reason, or a note.</summary>
internal sealed record ReasonForm(string? Reason = null);

/// <summary>What somebody asks for.</summary>
internal sealed record AccessForm(string Group, string Target, string For, string? Reason = null);

/// <summary>An emergency.</summary>
internal sealed record BreakGlassForm(string Target, string For, string? Reason = null);

/// <summary>What became of it.</summary>
/// <param name="Id">Of the approval.</param>
/// <param name="Result">A word of <see cref="DecisionWords"/>.</param>
/// <param name="Message">For the person.</param>
internal sealed record DecidedJson(Guid Id, string Result, string Message);

/// <summary>A grant in force.</summary>
internal sealed record GrantJson(
    Guid Id, string Scope, string Subject, IReadOnlyList<string> ActingFor, string Target, string Resource, IReadOnlyList<string> Rules, string? Group,
    DateTimeOffset StartsAt, DateTimeOffset EndsAt)
{
    public static GrantJson Of(GrantRow row) => new(
        row.Id, row.Scope, row.Subject, ApprovalJson.Texts(row.ActingFor), row.Target, row.Resource, ApprovalJson.Texts(row.Rules), row.Group, row.StartsAt, row.EndsAt);
}

/// <summary>Reads what forms hold, and answers.</summary>
internal static class ApprovalForms
{
    public static TimeSpan Time(string text) => Durations.TryParse(text, out TimeSpan time)
        ? time
        : throw AdminProblem.Wrong("time-unfit", $"\"{text}\" is no length of time.", "Write it as 30m or 8h.");

    /// <summary>The answer, or the refusal.</summary>
    public static DecidedJson Answer(Guid id, DecisionOutcome outcome)
    {
        if (outcome.Taken)
            return new DecidedJson(id, outcome.Word, outcome.Message);
        throw outcome.Word switch
        {
            DecisionWords.Unknown => AdminProblem.NotFound("such request"),
            DecisionWords.ReasonRequired or DecisionWords.ReasonTooLong or DecisionWords.ScopeNotAllowed => AdminProblem.Wrong(outcome.Word, outcome.Message),
            DecisionWords.NotPending or DecisionWords.AlreadyDecided or DecisionWords.AlreadyMet or DecisionWords.PolicyChanged or OutcomeWords.TooMany =>
                AdminProblem.Conflict(outcome.Word, outcome.Message),
            _ => AdminProblem.Forbidden(outcome.Word, outcome.Message),
        };
    }
}
