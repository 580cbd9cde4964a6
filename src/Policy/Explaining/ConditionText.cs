using System.Globalization;
using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Explaining;

/// <summary>The conditions of a document, and the facts they are held against, in words.</summary>
internal static class ConditionText
{
    /// <summary>The facts, by the names of the conditions that look at them.</summary>
    public static IReadOnlyList<string> Facts(SessionFacts facts, DateTimeOffset now)
    {
        Identity who = facts.Identity;
        return
        [
            $"subject: {who.Subject}",
            $"kind: {KebabNames.Name(who.Kind)}",
            $"issuer: {who.Issuer}",
            $"groups: {Actual(MatchCondition.Groups, facts, now)}",
            $"acting: {Actual(MatchCondition.Acting, facts, now)}",
            $"authenticated: {Actual(MatchCondition.AuthenticatedWithin, facts, now)}",
            $"acr: {Actual(MatchCondition.Acr, facts, now)}",
            $"target: {facts.Target}",
            $"resource: {Actual(MatchCondition.Resources, facts, now)}",
            $"source: {facts.Source.Address}",
        ];
    }

    /// <summary>All conditions as they were written.</summary>
    public static IReadOnlyList<string> Of(PolicyDocument document) =>
        [.. document.Conditions.OrderBy(c => c.Key).Select(c => $"{KebabNames.Name(c.Key)}: {c.Value}")];

    /// <summary>Why a document does not apply.</summary>
    public static string WhyNot(PolicyDocument document, MatchCondition failed, SessionFacts facts, FactsText text, DateTimeOffset now)
    {
        if (failed == MatchCondition.Not)
            return $"not: {document.Match.Not.First(n => n.FirstFailure(text, now, out _) == MatchCondition.None).Text}: which holds";
        string actual = failed == MatchCondition.Time ? document.Match.Time[0].Describe(now) : Actual(failed, facts, now);
        return $"{KebabNames.Name(failed)}: {actual}: not {document.Conditions[failed]}";
    }

    private static string Actual(MatchCondition condition, SessionFacts facts, DateTimeOffset now)
    {
        Identity who = facts.Identity;
        return condition switch
        {
            MatchCondition.Subjects => who.Subject,
            MatchCondition.Issuers => who.Issuer,
            MatchCondition.Groups => who.Groups.IsDefaultOrEmpty ? "no group" : string.Join(", ", who.Groups),
            MatchCondition.Kinds => KebabNames.Name(who.Kind),
            MatchCondition.Targets => facts.Target,
            MatchCondition.Resources => facts.Resource.Length == 0 ? "no resource" : facts.Resource,
            MatchCondition.Sources => facts.Source.Address.ToString(),
            MatchCondition.Acting or MatchCondition.ActingFor => who.ActingFor.IsDefaultOrEmpty ? "self" : $"for {string.Join(", for ", who.ActingFor)}",
            MatchCondition.Acr => who.AuthenticationContext ?? "not told by the issuer",
            MatchCondition.AuthenticatedWithin => who.AuthenticatedAt is DateTimeOffset at ? When(at, now) : "not told by the issuer when",
            _ => "",
        };
    }

    private static string When(DateTimeOffset at, DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"{(at > now ? $"in {Durations.Format(at - now)}" : $"{Durations.Format(now - at)} ago")}, at {at.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z");
}
