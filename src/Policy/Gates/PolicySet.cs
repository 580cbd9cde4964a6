using System.Collections.Concurrent;
using System.Collections.Frozen;
using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Masking;
using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Gates;

/// <summary>All documents of one load. Immutable but for the caches of compiled combinations.</summary>
internal sealed class PolicySet
{
    // Combinations come from the operator's documents and the groups of real people; if there are more, the rest is compiled each time.
    private const int MostCombinations = 4096;

    private readonly ConcurrentDictionary<string, RuleSet> _compiled = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StepUpRules> _stepUps = new(StringComparer.Ordinal);
    private readonly FrozenDictionary<string, ApprovalTerms> _terms;
    private readonly MaskStrategies _strategies;

    public PolicySet(IReadOnlyList<PolicyDocument> documents, MaskStrategies strategies, int version, string digest)
    {
        Documents = documents;
        Version = version;
        Digest = digest;
        _strategies = strategies;
        _terms = documents.SelectMany(d => d.Rules).Select(r => r.Approval).OfType<ApprovalTerms>().ToFrozenDictionary(t => t.RuleId, StringComparer.Ordinal);
    }

    public IReadOnlyList<PolicyDocument> Documents { get; }

    public int Version { get; }

    public string Digest { get; }

    /// <summary>The gate for these facts at this moment.</summary>
    public Gate Open(SessionFacts facts, DateTimeOffset now)
    {
        FactsText text = new(facts);
        // One character a document, all that apply: the combination as a key. The same for those that another login would make apply.
        Span<char> applying = stackalloc char[PolicyLimits.Documents];
        Span<char> waiting = stackalloc char[PolicyLimits.Documents];
        int count = 0;
        int waitingCount = 0;
        DateTimeOffset until = DateTimeOffset.MaxValue;
        for (int i = 0; i < Documents.Count; i++)
        {
            MatchCondition failed = Documents[i].Match.FirstFailure(text, now, out DateTimeOffset flip);
            if (failed == MatchCondition.None)
                applying[count++] = (char)i;
            else if (DocumentMatch.IsStepUp(failed))
                waiting[waitingCount++] = (char)i;
            until = flip < until ? flip : until;
        }

        RuleSet rules = Cached(_compiled, applying[..count], documents => new RuleSet(documents, _strategies, Version));
        StepUpRules? stepUp = waitingCount == 0 ? null : Cached(_stepUps, waiting[..waitingCount], documents => new StepUpRules(documents, Version));
        return new Gate(rules, stepUp, Version, until);
    }

    /// <summary>How what a rule holds is approved; null when there is no such hold rule.</summary>
    public ApprovalTerms? TermsOf(string ruleId) => _terms.GetValueOrDefault(ruleId);

    /// <summary>Every group that some hold rule lets break the glass.</summary>
    public IReadOnlySet<string> BreakGlassGroups => _terms.Values.SelectMany(t => t.BreakGlassGroups).ToHashSet(StringComparer.Ordinal);

    private T Cached<T>(ConcurrentDictionary<string, T> cache, ReadOnlySpan<char> key, Func<IReadOnlyList<PolicyDocument>, T> compile)
    {
        if (cache.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(key, out T? compiled))
            return compiled;
        string combination = key.ToString();
        compiled = compile([.. combination.Select(i => Documents[i])]);
        // Of two threads that compile the same, both get the first: mask plans are compared by reference.
        return cache.Count < MostCombinations ? cache.GetOrAdd(combination, compiled) : compiled;
    }
}
