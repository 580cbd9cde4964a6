using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>Reads the <c>approval</c> block of a hold rule.</summary>
internal sealed class ApprovalReader(DiagnosticBag bag)
{
    private const int LargestQuorum = 10;
    private const int MostWindows = 100;

    // Shorter than this nobody can read what they approve; longer than a day nobody remembers what they asked for.
    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromHours(24);
    private static readonly TimeSpan ShortestGrant = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestGrant = TimeSpan.FromDays(30);

    private static readonly Dictionary<string, bool> ReasonWords = new(StringComparer.Ordinal) { ["required"] = true };

    private static readonly Dictionary<string, GrantScope> GrantWords = new(StringComparer.Ordinal)
    {
        ["digest"] = GrantScope.Digest,
        ["rule"] = GrantScope.Rule,
        ["target"] = GrantScope.Target,
    };

    private readonly WindowReader _windows = new(bag);

    /// <summary>Reads the block; what it does not say is as in <see cref="ApprovalTerms.Default"/>.</summary>
    public ApprovalTerms Read(YamlMap map)
    {
        ApprovalTerms usual = ApprovalTerms.Default;
        GrantScope[] grants = [.. map.Words("grants", GrantWords).Distinct()];
        if (map.Has("longest-grant") && !map.Has("grants"))
            map.Error("longest-grant", "\"longest-grant\" belongs to \"grants\", which is not there.");
        List<string> groups = Groups(map, "groups", bag);
        return new ApprovalTerms
        {
            Quorum = map.Int("quorum", 1, LargestQuorum) ?? usual.Quorum,
            Groups = map.Has("groups") ? groups : usual.Groups,
            ReasonRequired = map.TryWord("reason", ReasonWords, out bool required) && required,
            Timeout = map.Duration("timeout", ShortestTimeout, LongestTimeout) ?? usual.Timeout,
            Scopes = grants,
            LongestGrant = map.Duration("longest-grant", ShortestGrant, LongestGrant) ?? usual.LongestGrant,
            BreakGlassGroups = Groups(map, "break-glass", bag),
            PreApproved = [.. map.Maps("pre-approved", MostWindows).Select(_windows.Change).OfType<ChangeWindow>()],
            Within = new ApprovalHours([.. map.Maps("within", MostWindows).Select(m => _windows.Weekly(m, "within"))]),
        };
    }

    /// <summary>Groups that are named, not matched.</summary>
    public static List<string> Groups(YamlMap map, string key, DiagnosticBag bag)
    {
        List<string> groups = [];
        foreach (YamlText text in map.Texts(key, PolicyLimits.PatternLength, PolicyLimits.ListEntries))
        {
            groups.Add(text.Value);
            if (text.Value.Contains('*') || text.Value.Contains('?'))
                bag.Warning(text.Mark, $"\"{text.Value}\" is taken literally: these groups are named, not matched by patterns.");
        }

        return groups;
    }
}
