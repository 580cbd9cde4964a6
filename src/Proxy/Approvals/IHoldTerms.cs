using Sallyport.Contract;

namespace Sallyport.Proxy.Approvals;

/// <summary>What policy says of the release of held actions.</summary>
internal interface IHoldTerms
{
    /// <summary>Digest of the policy in force.</summary>
    string Digest { get; }

    /// <summary>Every group that some rule lets break the glass.</summary>
    IReadOnlyCollection<string> BreakGlassGroups { get; }

    /// <summary>What it takes to release the action at this moment, over all rules that hold it; null: policy has changed since it was held.</summary>
    HeldTerms? Of(SessionFacts facts, Verdict verdict, HeldAction action, DateTimeOffset now);

    /// <summary>Why no approval that counts for all these rules can be given at this moment; null: it can.</summary>
    string? ClosedAt(IReadOnlyList<string> rules, DateTimeOffset now);
}

/// <summary>What it takes to release one action, by one policy, at one moment.</summary>
internal sealed record HeldTerms
{
    /// <summary>Digest of the policy that says so.</summary>
    public required string Digest { get; init; }

    public required ReleaseTerms Terms { get; init; }

    /// <summary>How long it may wait.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>The change it belongs to, which was approved beforehand; null: to none.</summary>
    public PreApproval? PreApproved { get; init; }

    /// <summary>Why nobody can approve it at this moment; null: somebody can.</summary>
    public string? Closed { get; init; }
}

/// <summary>A change that was approved beforehand, elsewhere.</summary>
/// <param name="Reference">Where it is written down.</param>
/// <param name="Until">When what runs under it must end.</param>
internal sealed record PreApproval(string Reference, DateTimeOffset Until);
