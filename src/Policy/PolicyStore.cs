using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Explaining;
using Sallyport.Policy.Gates;
using Sallyport.Policy.Masking;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy;

/// <summary>
/// The policy in force. Documents are validated as a whole and swapped by reference; a set with any error leaves the old one in force.
/// Before the first load everything is denied. Thread-safe. Of two loads at once either may win: whoever loads while documents change sees to
/// it that the newest comes last.
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
        return TryLoad(directory, [], out diagnostics);
    }

    /// <summary>
    /// Loads a directory and what the daemon's store keeps, as one set: all documents of both are in force together, and ids are unique over
    /// both. It is all or nothing: an error in either leaves the old set in force.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <param name="stored">What the store keeps; the order plays no role. Messages call each <c>store:NAME</c>.</param>
    /// <param name="diagnostics">All errors and warnings at once.</param>
    /// <returns>False when there is an error: the old set stays in force.</returns>
    public bool TryLoad(string directory, IReadOnlyList<StoredDocument> stored, out IReadOnlyList<Diagnostic> diagnostics)
    {
        DiagnosticBag bag = new();
        return TryLoad(PolicyDirectory.Read(directory, stored, bag), bag, out diagnostics);
    }

    /// <summary>Reads and compiles what <see cref="TryLoad(string, IReadOnlyList{StoredDocument}, out IReadOnlyList{Diagnostic})"/> would load, and puts nothing in force.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="stored">What the store would keep.</param>
    /// <param name="diagnostics">All errors and warnings at once.</param>
    /// <returns>The set, to be asked what it would say; null when there is an error.</returns>
    public PolicyDraft? Check(string directory, IReadOnlyList<StoredDocument> stored, out IReadOnlyList<Diagnostic> diagnostics)
    {
        DiagnosticBag bag = new();
        IReadOnlyList<PolicySource> sources = PolicyDirectory.Read(directory, stored, bag);
        return Read(sources, bag, out diagnostics) is IReadOnlyList<PolicyDocument> documents
            ? new PolicyDraft(new PolicySet(documents, _strategies, version: 0, DocumentSet.Digest(sources)), _time)
            : null;
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

    /// <summary>How what a hold rule holds is approved; null when the policy in force has no such hold rule. An action may be held by more than one: see <see cref="TermsFor"/>.</summary>
    /// <param name="ruleId">The rule, <c>document/rule</c>.</param>
    public ApprovalTerms? TermsOf(string ruleId) => _current.TermsOf(ruleId);

    /// <summary>Every group that some hold rule of the policy in force lets break the glass.</summary>
    public IReadOnlySet<string> BreakGlassGroups => _current.BreakGlassGroups;

    /// <summary>The ids of all rules that hold an action now, in order: a verdict names only the first. Empty when the action is not held.</summary>
    /// <param name="facts">Who, from where, to what.</param>
    /// <param name="action">The action.</param>
    public IReadOnlyList<string> HoldingRules(SessionFacts facts, in ActionView action) => _current.Open(facts, _time.GetUtcNow()).Rules.HoldingRules(action);

    /// <summary>What it takes to release an action, over all rules that hold it now; null when it is not held (any more): judge it again.</summary>
    /// <param name="facts">Who, from where, to what.</param>
    /// <param name="action">The action.</param>
    public HoldTerms? TermsFor(SessionFacts facts, in ActionView action)
    {
        // One set answers both questions, whatever is loaded meanwhile.
        PolicySet set = _current;
        IReadOnlyList<string> holding = set.Open(facts, _time.GetUtcNow()).Rules.HoldingRules(action);
        return holding.Count == 0 ? null : ApprovalTerms.Strictest(holding.Select(id => set.TermsOf(id)!));
    }

    private bool TryLoad(IReadOnlyList<PolicySource> sources, DiagnosticBag bag, out IReadOnlyList<Diagnostic> diagnostics)
    {
        if (Read(sources, bag, out diagnostics) is not IReadOnlyList<PolicyDocument> documents)
            return false;
        string digest = DocumentSet.Digest(sources);
        lock (_loading)
            _current = new PolicySet(documents, _strategies, _current.Version + 1, digest);
        return true;
    }

    private IReadOnlyList<PolicyDocument>? Read(IReadOnlyList<PolicySource> sources, DiagnosticBag bag, out IReadOnlyList<Diagnostic> diagnostics)
    {
        IReadOnlyList<PolicyDocument> documents = DocumentSet.Read(sources, bag, _strategies);
        diagnostics = bag.Items;
        return bag.HasErrors ? null : documents;
    }
}
