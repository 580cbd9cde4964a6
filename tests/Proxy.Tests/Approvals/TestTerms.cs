using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Proxy.Approvals;

namespace Sallyport.Proxy.Tests.Approvals;

/// <summary>A policy of which tests say what it wants.</summary>
internal sealed class TestTerms : IHoldTerms
{
    public string Digest { get; set; } = "policy-1";

    public List<Requirement> Requirements { get; set; } = [new("prod/writes", 1, ["approvers"], ["oncall"])];

    public bool ReasonRequired { get; set; }

    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(15);

    public List<GrantScope> Scopes { get; set; } = [];

    public TimeSpan LongestGrant { get; set; } = TimeSpan.FromMinutes(30);

    public PreApproval? PreApproved { get; set; }

    public string? Closed { get; set; }

    public IReadOnlyCollection<string> BreakGlassGroups => [.. Requirements.SelectMany(r => r.BreakGlass)];

    public HeldTerms? Of(SessionFacts facts, Verdict verdict, HeldAction action, DateTimeOffset now) => new()
    {
        Digest = Digest,
        Timeout = Timeout,
        PreApproved = PreApproved,
        Closed = Closed,
        Terms = new ReleaseTerms
        {
            Requirements = [.. Requirements],
            ReasonRequired = ReasonRequired,
            Scopes = [.. Scopes],
            LongestGrant = LongestGrant,
        },
    };

    public string? ClosedAt(IReadOnlyList<string> rules, DateTimeOffset now) => Closed;
}
