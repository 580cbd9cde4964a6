using System.Globalization;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Explaining;

/// <summary>The terms of an approval in one line.</summary>
internal static class ApprovalText
{
    public static string Describe(ApprovalTerms terms, DateTimeOffset now)
    {
        List<string> parts = [string.Create(CultureInfo.InvariantCulture, $"{terms.Quorum} of {string.Join(" or ", terms.Groups)} in {Durations.Format(terms.Timeout)}")];
        if (terms.ReasonRequired)
            parts.Add("with a reason");
        if (terms.Scopes.Count > 0)
            parts.Add($"may grant {string.Join(", ", terms.Scopes.Select(KebabNames.Name))} for up to {Durations.Format(terms.LongestGrant)}");
        if (terms.BreakGlassGroups.Count > 0)
            parts.Add($"break-glass by {string.Join(" or ", terms.BreakGlassGroups)}");
        if (terms.Within.Windows.Count > 0)
            parts.Add($"only {terms.Within.Text}{(terms.MayApproveAt(now) ? "" : ", so not now")}");
        if (terms.PreApproved.Count > 0)
            parts.Add($"pre-approved {string.Join(", ", terms.PreApproved.Select(w => w.Text))}: {(terms.PreApprovedAt(now) is string reference ? $"now by {reference}" : "not now")}");
        return string.Join("; ", parts);
    }
}
