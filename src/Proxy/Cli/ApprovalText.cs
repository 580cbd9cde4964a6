using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Cli.Admin;

namespace Sallyport.Proxy.Cli;

/// <summary>An approval for a person to read before they say yes.</summary>
internal static class ApprovalText
{
    private static readonly string[] GrantColumns = ["ID", "WHAT", "WHO", "TARGET", "RULES", "UNTIL"];

    public static void Write(AdminOutput output, IReadOnlyList<GrantJson> grants) => output.Table(grants, GrantColumns, grant =>
    [
        grant.Id.ToString(),
        grant.Group is { } group ? $"{grant.Scope} {group}" : grant.Scope,
        grant.Subject,
        grant.Resource.Length == 0 ? grant.Target : $"{grant.Target}/{grant.Resource}",
        string.Join(", ", grant.Rules),
        AdminOutput.Time(grant.EndsAt),
    ]);

    public static void Write(AdminOutput output, ApprovalView view)
    {
        output.Fields(
            view,
            ("Request", view.Id.ToString()),
            ("Status", view.Status),
            ("Who", view.ActingFor.Count == 0 ? view.Subject : $"{view.Subject} for {string.Join(" for ", view.ActingFor)}"),
            ("Kind", view.IdentityKind),
            ("Issuer", view.Issuer),
            ("Login", view.Credential),
            ("From", view.Source),
            ("Client", Given(view.ClientApplication)),
            ("Session", view.SessionId?.ToString()),
            ("Target", view.Resource.Length == 0 ? view.Target : $"{view.Target}/{view.Resource}"),
            ("Action", Given(view.Action)),
            ("Effects", Given(string.Join(", ", view.Effects.Select(e => $"{e.Verb} {e.Name}".TrimEnd())))),
            ("Group", view.Kind == ApprovalKind.Access ? view.Text : null),
            ("For", view.Duration is { } time ? Durations.Format(time) : null),
            ("Reason", view.Reason),
            ("Asked", AdminOutput.Time(view.CreatedAt)),
            ("Until", AdminOutput.Time(view.ExpiresAt)),
            ("Grants", view.Scopes.Count == 0 ? null : $"{string.Join(", ", view.Scopes)}, for at most {Durations.Format(view.LongestGrant)}"),
            ("Reviewed", view.ReviewedBy is { } by ? $"{AdminOutput.Time(view.ReviewedAt)} by {by}: {view.ReviewNote}" : null));
        if (output.IsJson)
            return;
        foreach (RequirementView rule in view.Requirements)
            output.Text.WriteLine(AdminOutput.Safe($"Rule {rule.Rule}: {rule.Approved.Count} of {rule.Quorum} of {string.Join(" or ", rule.Groups)}{(rule.Approved.Count == 0 ? "" : ": " + string.Join(", ", rule.Approved))}"));
        foreach (DecisionView word in view.Decisions)
            output.Text.WriteLine(AdminOutput.Safe($"{AdminOutput.Time(word.At)} {word.By} {(word.Approves ? "approved" : "denied")}{(word.Reason is { } why ? ": " + why : "")}"));
        foreach (ApprovalSummary earlier in view.SameAction)
            output.Text.WriteLine(AdminOutput.Safe($"The same action, {AdminOutput.Time(earlier.CreatedAt)}, by {earlier.Subject}: {earlier.Status}"));
        foreach (ApprovalSummary earlier in view.SameSubject)
            output.Text.WriteLine(AdminOutput.Safe($"The same subject, {AdminOutput.Time(earlier.CreatedAt)}: {earlier.Status}: {earlier.Summary}"));
        if (view.Kind != ApprovalKind.Action)
            return;
        output.Text.WriteLine();
        WriteQuoted(output, view.Text);
        for (int i = 0; i < view.Parameters.Count; i++)
        {
            output.Text.WriteLine(AdminOutput.Safe($"${i + 1} {view.Parameters[i].Type}{(view.Parameters[i].Value is null ? " = NULL" : ":")}"));
            if (view.Parameters[i].Value is { } value)
                WriteQuoted(output, value);
        }
    }

    /// <summary>What the requester wrote, each line behind a bar: none of it can pass for a line of ours.</summary>
    private static void WriteQuoted(AdminOutput output, string text)
    {
        foreach (string line in text.ReplaceLineEndings("\n").Split('\n'))
            output.Text.WriteLine(AdminOutput.Safe($"  | {line}"));
    }

    private static string? Given(string text) => text.Length == 0 ? null : text;
}
