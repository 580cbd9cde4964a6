using System.Collections.Concurrent;
using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Masking;
using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Gates;

/// <summary>All documents of one load. Immutable but for the cache of compiled combinations.</summary>
internal sealed class PolicySet(IReadOnlyList<PolicyDocument> documents, MaskStrategies strategies, int version, string digest)
{
    // Combinations come from the operator's documents and the groups of real people; if there are more, the rest is compiled each time.
    private const int MostCombinations = 4096;

    private readonly ConcurrentDictionary<string, RuleSet> _compiled = new(StringComparer.Ordinal);

    public IReadOnlyList<PolicyDocument> Documents { get; } = documents;

    public MaskStrategies Strategies { get; } = strategies;

    public int Version { get; } = version;

    public string Digest { get; } = digest;

    /// <summary>The gate for these facts at this moment.</summary>
    public Gate Open(SessionFacts facts, DateTimeOffset now)
    {
        FactsText text = new(facts);
        // One character a document, all that apply: the combination as a key.
        Span<char> key = stackalloc char[PolicyLimits.Documents];
        int count = 0;
        DateTimeOffset until = DateTimeOffset.MaxValue;
        for (int i = 0; i < Documents.Count; i++)
        {
            if (Documents[i].Match.FirstFailure(text, now, out DateTimeOffset flip) == MatchCondition.None)
                key[count++] = (char)i;
            until = flip < until ? flip : until;
        }

        return new Gate(Compiled(key[..count]), Version, until);
    }

    private RuleSet Compiled(ReadOnlySpan<char> key)
    {
        if (_compiled.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(key, out RuleSet? rules))
            return rules;
        string combination = key.ToString();
        rules = new RuleSet([.. combination.Select(i => Documents[i])], Strategies, Version);
        // Of two threads that compile the same, both get the first: mask plans are compared by reference.
        return _compiled.Count < MostCombinations ? _compiled.GetOrAdd(combination, rules) : rules;
    }
}
