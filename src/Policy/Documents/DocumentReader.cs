using Sallyport.Contract;
using Sallyport.Policy.Masking;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>Makes a <see cref="PolicyDocument"/> of a YAML document, or tells what is wrong with it.</summary>
internal sealed class DocumentReader(DiagnosticBag bag, MaskStrategies strategies)
{
    private static readonly TimeSpan LongestLimit = TimeSpan.FromDays(30);
    private static readonly TimeSpan ShortestLimit = TimeSpan.FromSeconds(1);
    private const int MostActions = 1_000_000;
    private const int MostSessions = 100_000;

    // "limits/actions-per-minute" is the rule id of a refusal that no rule made; so is "step-up/" with a document's id.
    private static readonly string[] ReservedIds = ["limits", "default", "step-up"];

    private static readonly Dictionary<string, bool> RevokedWords = new(StringComparer.Ordinal) { ["end"] = false, ["refuse"] = true };

    private static readonly Dictionary<string, bool> ComputedWords = new(StringComparer.Ordinal) { ["mask"] = false, ["keep"] = true };

    /// <summary>Reads one document. What it returns is of use only if the bag has no errors.</summary>
    public PolicyDocument Read(YamlMap map)
    {
        string id = Id(map, "policy");
        if (ReservedIds.Contains(id))
            map.Error("policy", $"\"{id}\" is reserved: refusals that no rule made are recorded under it.");
        Dictionary<MatchCondition, string> conditions = [];
        DocumentMatch match = map.Map("match") is YamlMap conditionMap ? new MatchReader(bag).Read(conditionMap, conditions) : new DocumentMatch();
        Dictionary<string, YamlMark> ids = new(StringComparer.Ordinal);
        RuleReader ruleReader = new(bag);
        List<PolicyRule> rules = [.. map.Maps("rules", PolicyLimits.Rules).Select(m => ruleReader.Read(m, id, UniqueId(m, ids)))];
        MaskReader maskReader = new(bag, strategies);
        List<ColumnMask> masks = [.. map.Maps("mask", PolicyLimits.Rules).Select(m => maskReader.Read(m, id, UniqueId(m, ids)))];
        bool keep = map.TryWord("computed", ComputedWords, out bool keepWord) && keepWord;
        if (map.Has("computed") && !map.Has("mask"))
            map.Error("computed", "\"computed\" belongs to \"mask\", which is not there.");
        YamlMap? limitMap = map.Map("limits");
        SessionLimits limits = limitMap is null ? SessionLimits.None : Limits(limitMap);
        bool? refuse = limitMap is not null && limitMap.TryWord("on-revoked", RevokedWords, out bool word) ? word : null;
        if (rules.Count == 0 && masks.Count == 0 && limits == SessionLimits.None && refuse is null)
            bag.Warning(map.Mark, "This document does nothing: it has neither rules nor masks nor limits.");
        map.ReportUnknownKeys();
        ruleReader.WarnOfSearchPath();
        return new PolicyDocument
        {
            Id = id,
            Mark = map.Mark,
            Match = match,
            Conditions = conditions,
            Rules = rules,
            Masks = masks,
            KeepComputed = keep,
            Limits = limits,
            RefuseWhenRevoked = refuse,
        };
    }

    private static string Id(YamlMap map, string key)
    {
        string id = map.RequiredText(key, PolicyLimits.IdLength);
        if (!PolicyLimits.IsIdText(id))
            map.Error(key, $"\"{id}\" is not an id: letters, digits, '-', '_' and '.', beginning with a letter or digit.");
        return id;
    }

    private string UniqueId(YamlMap map, Dictionary<string, YamlMark> ids)
    {
        string id = Id(map, "id");
        if (id.Length > 0 && !ids.TryAdd(id, map.MarkOf("id")))
            bag.Error(map.MarkOf("id"), $"\"{id}\" is already the id of the entry at line {ids[id].Line}.");
        return id;
    }

    private SessionLimits Limits(YamlMap map) => new()
    {
        Session = map.Duration("session", ShortestLimit, LongestLimit),
        Idle = map.Duration("idle", ShortestLimit, LongestLimit),
        ActionsPerMinute = map.Int("actions-per-minute", 1, MostActions) ?? 0,
        ConcurrentSessions = map.Int("concurrent-sessions", 1, MostSessions) ?? 0,
        ModeratedBy = ApprovalReader.Groups(map, "moderated-by", bag) is { Count: > 0 } groups ? groups : [],
    };
}
