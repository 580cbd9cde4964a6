using Sallyport.Contract;
using Sallyport.Policy.Documents;

namespace Sallyport.Policy.Gates;

/// <summary>The limits of several documents together: the tightest, each for itself.</summary>
internal static class TightestLimits
{
    public static SessionLimits Of(IReadOnlyList<PolicyDocument> documents)
    {
        SessionLimits tightest = SessionLimits.None;
        foreach (SessionLimits limits in documents.Select(d => d.Limits))
        {
            tightest = new SessionLimits
            {
                Session = Least(tightest.Session, limits.Session),
                Idle = Least(tightest.Idle, limits.Idle),
                ActionsPerMinute = Least(tightest.ActionsPerMinute, limits.ActionsPerMinute),
                ConcurrentSessions = Least(tightest.ConcurrentSessions, limits.ConcurrentSessions),
            };
        }

        // To end is stricter than to refuse, and what happens when no document says anything.
        bool refuse = documents.Any(d => d.RefuseWhenRevoked == true) && documents.All(d => d.RefuseWhenRevoked != false);
        return tightest with { RefuseWhenRevoked = refuse, ModeratedBy = Moderators([.. documents.Select(d => d.Limits.ModeratedBy).Where(g => g.Count > 0)]) };
    }

    // Whoever is of a group that all of them name satisfies all of them. Where they have none in common, somebody must still be watching.
    private static IReadOnlyList<string> Moderators(IReadOnlyList<IReadOnlyList<string>> named)
    {
        if (named.Count == 0)
            return [];
        string[] all = [.. named.SelectMany(g => g).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        string[] common = [.. all.Where(g => named.All(n => n.Contains(g)))];
        return common.Length > 0 ? common : all;
    }

    private static TimeSpan? Least(TimeSpan? a, TimeSpan? b) => a is null || b < a ? b ?? a : a;

    private static int Least(int a, int b) => a == 0 || b == 0 ? Math.Max(a, b) : Math.Min(a, b);
}
