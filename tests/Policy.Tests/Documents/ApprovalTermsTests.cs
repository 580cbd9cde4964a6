using Sallyport.Policy.Documents;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Documents;

public class ApprovalTermsTests
{
    [Fact]
    public void Every_key_is_read()
    {
        ApprovalTerms terms = Terms("""
            {quorum: 2, groups: [dba, leads], reason: required, timeout: 2h, grants: [digest, rule, digest], longest-grant: 8h, break-glass: [on-call]}
            """);
        Assert.Equal("p/h", terms.RuleId);
        Assert.Equal((2, true, TimeSpan.FromHours(2), TimeSpan.FromHours(8)), (terms.Quorum, terms.ReasonRequired, terms.Timeout, terms.LongestGrant));
        Assert.Equal(["dba", "leads"], terms.Groups);
        Assert.Equal([GrantScope.Digest, GrantScope.Rule], terms.Scopes);
        Assert.Equal(["on-call"], terms.BreakGlassGroups);
    }

    [Theory]
    [InlineData("policy: p\nrules: [{id: h, effect: hold, verbs: [all]}]")]
    [InlineData("policy: p\nrules: [{id: h, effect: hold, verbs: [all], approval: {quorum: 1}}]")]
    public void What_is_not_said_is_as_usual(string document)
    {
        ApprovalTerms terms = Load(document).TermsOf("p/h")!;
        Assert.Equal((1, false, TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30)), (terms.Quorum, terms.ReasonRequired, terms.Timeout, terms.LongestGrant));
        Assert.Equal(["approvers"], terms.Groups);
        Assert.Empty(terms.Scopes);
        Assert.Empty(terms.BreakGlassGroups);
        Assert.Null(terms.PreApprovedAt(DateTimeOffset.UnixEpoch));
        Assert.True(terms.MayApproveAt(DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public void Only_hold_rules_of_the_policy_in_force_have_terms()
    {
        PolicyStore store = Load("policy: p\nrules: [{id: h, effect: hold, verbs: [drop]}, {id: a, effect: allow, verbs: [all]}]");
        Assert.NotNull(store.TermsOf("p/h"));
        Assert.Null(store.TermsOf("p/a"));
        Assert.Null(store.TermsOf("p/none"));
        Assert.True(store.TryLoad([], out _));
        Assert.Null(store.TermsOf("p/h"));
    }

    [Fact]
    public void A_group_with_a_wildcard_is_taken_literally_with_a_warning()
    {
        PolicyStore store = new(TimeProvider.System);
        Assert.True(store.TryLoad([Source("p", "policy: p\nrules: [{id: h, effect: hold, verbs: [all], approval: {groups: [\"dba-*\"]}}]")], out var diagnostics));
        Assert.Contains("literally", Assert.Single(diagnostics).Message, StringComparison.Ordinal);
        HoldTerms terms = ApprovalTerms.Strictest([store.TermsOf("p/h")!]);
        Assert.False(terms.Counts(["dba-leads"]));
        Assert.True(terms.Counts(["dba-*"]));
    }

    [Fact]
    public void Outside_its_hours_no_approval_counts_and_the_person_is_told_the_hours()
    {
        ApprovalTerms terms = Terms("{within: [{days: [mon-fri], from: '08:00', to: '18:00', zone: Europe/Berlin}, {days: [sat], from: '10:00', to: '12:00', zone: Europe/Berlin}]}");
        HoldTerms hold = ApprovalTerms.Strictest([ApprovalTerms.Default, terms]);
        DateTimeOffset sunday = new(2024, 5, 19, 10, 0, 0, TimeSpan.Zero);
        Assert.True(hold.MayApproveAt(new DateTimeOffset(2024, 5, 15, 12, 0, 0, TimeSpan.Zero)));
        Assert.True(hold.MayApproveAt(new DateTimeOffset(2024, 5, 18, 8, 0, 0, TimeSpan.Zero)));
        Assert.Null(hold.RefusalAt(new DateTimeOffset(2024, 5, 18, 8, 0, 0, TimeSpan.Zero)));
        Assert.False(hold.MayApproveAt(sunday));
        Assert.Equal(
            "Approvals are given only in these hours: mon,tue,wed,thu,fri 08:00-18:00 Europe/Berlin; sat 10:00-12:00 Europe/Berlin; it is Sun 12:00 in Europe/Berlin.",
            hold.RefusalAt(sunday));
    }

    internal static ApprovalTerms Terms(string approval) =>
        Load($"policy: p\nrules:\n  - id: h\n    effect: hold\n    verbs: [all]\n    approval: {approval.Trim().ReplaceLineEndings(" ")}\n").TermsOf("p/h")!;
}
