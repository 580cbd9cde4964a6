using Sallyport.Contract;
using Sallyport.Policy;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Approvals;

/// <summary>What documents say of approval, as approvals take it.</summary>
public sealed class PolicyHoldTermsTests
{
    private const string Document = """
        policy: prod
        match: { targets: [shop] }
        rules:
          - { id: reads, effect: allow, verbs: [select, delete] }
          - id: writes
            effect: hold
            verbs: [delete]
            approval: { groups: [leads], quorum: 2, break-glass: [oncall] }
          - id: pii
            effect: hold
            verbs: [delete]
            objects: [people]
            approval: { groups: [dpo], timeout: 5m }
        """;

    [Fact]
    public void All_rules_that_hold_are_asked_for()
    {
        var time = new FakeTime();
        PolicyStore policy = Load(time, Document);
        var terms = new PolicyHoldTerms(policy);
        HeldAction action = ApprovalRig.Action("DELETE FROM people") with { Rules = ["prod/pii", "prod/writes"] };
        HeldTerms held = terms.Of(null!, new Verdict(VerdictKind.Hold, "prod/pii", policy.Version), action, time.Now)!;
        Assert.Equal(["prod/pii", "prod/writes"], held.Terms.Rules);
        Assert.Equal([1, 2], held.Terms.Requirements.Select(r => r.Quorum));
        Assert.Equal(policy.Digest, held.Digest);
        Assert.Equal(TimeSpan.FromMinutes(5), held.Timeout);
        Assert.False(held.Terms.MayBreakGlass(["oncall"]));
        Assert.Null(held.PreApproved);
        Assert.Null(held.Closed);
    }

    [Fact]
    public void The_rule_of_the_verdict_is_asked_for_whatever_the_action_says()
    {
        var time = new FakeTime();
        PolicyStore policy = Load(time, Document);
        HeldTerms held = new PolicyHoldTerms(policy).Of(null!, new Verdict(VerdictKind.Hold, "prod/writes", policy.Version), ApprovalRig.Action("DELETE FROM t"), time.Now)!;
        Assert.Equal(["prod/writes"], held.Terms.Rules);
        Assert.True(held.Terms.MayBreakGlass(["oncall"]));
        Assert.Contains("oncall", new PolicyHoldTerms(policy).BreakGlassGroups);
    }

    [Fact]
    public void A_verdict_of_another_policy_has_no_terms()
    {
        var time = new FakeTime();
        PolicyStore policy = Load(time, Document);
        var terms = new PolicyHoldTerms(policy);
        Assert.Null(terms.Of(null!, new Verdict(VerdictKind.Hold, "prod/writes", policy.Version - 1), ApprovalRig.Action("DELETE FROM t"), time.Now));
        Assert.Null(terms.Of(null!, new Verdict(VerdictKind.Hold, "prod/gone", policy.Version), ApprovalRig.Action("DELETE FROM t"), time.Now));
        Assert.NotNull(terms.ClosedAt(["prod/gone"], time.Now));
        Assert.Null(terms.ClosedAt(["prod/writes"], time.Now));
    }

    private static PolicyStore Load(FakeTime time, string document)
    {
        var policy = new PolicyStore(time);
        Assert.True(policy.TryLoad([new PolicySource("prod.yaml", System.Text.Encoding.UTF8.GetBytes(document))], out IReadOnlyList<Diagnostic> diagnostics), string.Join('\n', diagnostics));
        return policy;
    }
}
