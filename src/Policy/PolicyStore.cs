using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Explaining;
using Sallyport.Policy.Gates;
using Sallyport.Policy.Masking;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy;

/// <summary>
/// The policy in force. Documents are validated as a whole and swapped by reference; a set with any error leaves the old one in force.
/// Before the first load everything is denied. Thread-safe.
/// </summary>
public sealed class PolicyStore : IPolicy
{
    private readonly TimeProvider _time;
    private readonly MaskStrategies _strategies;
    private readonly Lock _loading = new();
    private volatile PolicySet _current;

    /// <param name="time">Tells the time for time windows.</param>
    /// <param name="maskKey">The key of the mask <c>hash</c>, at least 32 bytes, copied; null: documents that use <c>hash</c> are refused.</param>
    /// <exception cref="ArgumentException">The key is too short.</exception>
    public PolicyStore(TimeProvider time, byte[]? maskKey = null)
    {
        _time = time;
        _strategies = new MaskStrategies(maskKey);
        _current = new PolicySet([], _strategies, version: 0, digest: "");
    }

    /// <summary>Counts successful loads; 0 before the first.</summary>
    public int Version => _current.Version;

    /// <summary>SHA-256 of the sources in force, lower-case hexadecimal; empty before the first load.</summary>
    public string Digest => _current.Digest;

    /// <summary>How many documents are in force.</summary>
    public int DocumentCount => _current.Documents.Count;

    /// <summary>Loads every <c>*.yaml</c> and <c>*.yml</c> of a directory (not of those below it), sorted by name.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="diagnostics">All errors and warnings at once.</param>
    /// <returns>False when there is an error: the old set stays in force.</returns>
    public bool TryLoad(string directory, out IReadOnlyList<Diagnostic> diagnostics)
    {
        DiagnosticBag bag = new();
        IReadOnlyList<PolicySource> sources = PolicyDirectory.Read(directory, bag);
        return TryLoad(sources, bag, out diagnostics);
    }

    /// <summary>Loads sources that are already in memory.</summary>
    /// <param name="sources">The sources; their order plays no role.</param>
    /// <param name="diagnostics">All errors and warnings at once.</param>
    /// <returns>False when there is an error: the old set stays in force.</returns>
    public bool TryLoad(IEnumerable<PolicySource> sources, out IReadOnlyList<Diagnostic> diagnostics) =>
        TryLoad([.. sources.OrderBy(s => s.Name, StringComparer.Ordinal)], new DiagnosticBag(), out diagnostics);

    /// <inheritdoc/>
    public IGate Open(SessionFacts facts) => _current.Open(facts, _time.GetUtcNow());

    /// <summary>Says how the policy in force judges an action, and why: the same decision that <see cref="IGate.Judge"/> of a gate opened now would make.</summary>
    /// <param name="facts">Who, from where, to what.</param>
    /// <param name="action">The action.</param>
    public PolicyExplanation Explain(SessionFacts facts, in ActionView action) => Explainer.Explain(_current, facts, action, _time.GetUtcNow());

    private bool TryLoad(IReadOnlyList<PolicySource> sources, DiagnosticBag bag, out IReadOnlyList<Diagnostic> diagnostics)
    {
        IReadOnlyList<PolicyDocument> documents = DocumentSet.Read(sources, bag, _strategies);
        diagnostics = bag.Items;
        if (bag.HasErrors)
            return false;
        string digest = DocumentSet.Digest(sources);
        lock (_loading)
            _current = new PolicySet(documents, _strategies, _current.Version + 1, digest);
        return true;
    }
}
