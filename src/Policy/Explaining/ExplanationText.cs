using System.Globalization;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Explaining;

/// <summary>Prints an explanation for people. Names come from clients: what does not print is replaced.</summary>
public static class ExplanationText
{
    /// <summary>Writes it, several lines.</summary>
    public static void Write(TextWriter output, PolicyExplanation explanation)
    {
        Line(output, $"{KebabNames.Name(explanation.Verdict).ToUpperInvariant()} by {explanation.RuleId}: {explanation.Reason}");
        if (explanation.Hint is not null)
            Line(output, $"  hint: {explanation.Hint}");
        if (explanation.MaxBytes > 0)
            Line(output, string.Create(CultureInfo.InvariantCulture, $"  of a file at most {explanation.MaxBytes} bytes"));
        if (explanation.ValidUntil is DateTimeOffset until)
            Line(output, string.Create(CultureInfo.InvariantCulture, $"  ask again after {until:yyyy-MM-dd HH:mm:ss}Z: a time window may turn, or a login be no longer recent"));
        Line(output, "facts:");
        foreach (string fact in explanation.Facts)
            Line(output, $"  {fact}");
        Line(output, "effects:");
        foreach (EffectExplanation effect in explanation.Effects)
            Line(output, $"  {effect.Text}: {(effect.GrantedBy is null ? "granted by no rule" : $"granted by {effect.GrantedBy}")}");
        if (explanation.Details.Count > 0)
            Line(output, "details:");
        foreach (string detail in explanation.Details)
            Line(output, $"  {detail}");
        Line(output, "documents:");
        foreach (DocumentExplanation document in explanation.Documents)
            Write(output, document);
        Write(output, explanation.Limits);
    }

    private static void Write(TextWriter output, DocumentExplanation document)
    {
        string place = string.Create(CultureInfo.InvariantCulture, $"{document.File}:{document.Line}");
        Line(output, $"  {document.Id} ({place}): {(document.Applies ? "applies" : $"does not apply: {document.Reason}")}");
        foreach (string condition in document.Applies ? document.Conditions : [])
            Line(output, $"    when {condition}");
        foreach (RuleExplanation rule in document.Rules)
        {
            Line(output, $"    {(rule.Matched ? "+" : "-")} {KebabNames.Name(rule.Effect)} {rule.Id}: {rule.Reason}");
            if (rule.Matched && rule.Approval is not null)
                Line(output, $"        approval: {rule.Approval}");
        }

        foreach (string mask in document.Masks)
            Line(output, $"    mask {mask}");
    }

    private static void Write(TextWriter output, SessionLimits limits)
    {
        if (limits == SessionLimits.None)
            return;
        List<string> parts = [];
        if (limits.Session is TimeSpan session)
            parts.Add($"session {Durations.Format(session)}");
        if (limits.Idle is TimeSpan idle)
            parts.Add($"idle {Durations.Format(idle)}");
        if (limits.ActionsPerMinute > 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"actions-per-minute {limits.ActionsPerMinute}"));
        if (limits.ConcurrentSessions > 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"concurrent-sessions {limits.ConcurrentSessions}"));
        if (limits.ModeratedBy.Count > 0)
            parts.Add($"moderated-by {string.Join(" or ", limits.ModeratedBy)}");
        if (limits.RefuseWhenRevoked)
            parts.Add("on-revoked refuse");
        Line(output, $"limits: {string.Join(", ", parts)}");
    }

    private static void Line(TextWriter output, string text) =>
        output.WriteLine(string.Concat(text.Select(c => YamlText.IsUnprintable(c) ? '\uFFFD' : c)));
}
