using CsCheck;
using Sallyport.Policy.Documents;
using Xunit;

namespace Sallyport.Policy.Tests.Documents;

public class HoldTermsTests
{
    private static readonly DateTimeOffset Monday = new(2024, 5, 13, 0, 0, 0, TimeSpan.Zero);
    private static readonly Gen<string> Group = Gen.OneOf("a", "b", "c");
    private static readonly Gen<string[]> SomeGroups = Group.Array[1, 3];
    private static readonly Gen<string> Hours = Gen.Select(Gen.Int[0, 11], Gen.Int[12, 23], (from, to) => $"from: '{from:D2}:00', to: '{to:D2}:00'");

    private static readonly Gen<ApprovalTerms> Terms =
        from quorum in Gen.Int[1, 3]
        from groups in SomeGroups
        from reason in Gen.Bool
        from timeout in Gen.Int[1, 100]
        from grants in Gen.OneOf("digest", "rule", "target").Array[0, 3]
        from longest in Gen.Int[1, 100]
        from breakGlass in Group.Array[0, 2]
        from windows in Hours.Array[0, 2]
        from within in Hours.Array[0, 2]
        select ApprovalTermsTests.Terms(Write(quorum, groups, reason, timeout, grants, longest, breakGlass, windows, within));

    private static readonly Gen<Approver> SomeApprover = Gen.Select(Gen.OneOf("p", "q", "r", "s"), Group.Array[0, 2], (person, groups) => new Approver(person, groups));

    [Fact]
    public void The_strictest_never_loosens_what_any_rule_asks_for() =>
        Gen.Select(Terms.Array[1, 4], SomeApprover.Array[0, 6], SomeGroups, Gen.Int[0, 7 * 24 * 60]).Sample(
            (rules, approvers, groups, minute) =>
            {
                HoldTerms all = ApprovalTerms.Strictest(rules);
                DateTimeOffset now = Monday.AddMinutes(minute);
                string? reference = all.PreApprovedAt(now, out DateTimeOffset until);
                foreach (ApprovalTerms rule in rules)
                {
                    // Each rule on its own would have been satisfied by whatever satisfies all of them.
                    Assert.True(!all.IsMetBy(approvers) || Persons(rule, approvers) >= rule.Quorum);
                    Assert.True(!all.MayBreakGlass(groups) || rule.BreakGlassGroups.Intersect(groups).Any());
                    Assert.True(!all.MayApproveAt(now) || rule.MayApproveAt(now));
                    Assert.True(reference is null || rule.PreApprovedAt(now, out DateTimeOffset end) is not null && until <= end);
                    Assert.True(all.ReasonRequired || !rule.ReasonRequired);
                    Assert.True(all.Timeout <= rule.Timeout && all.LongestGrant <= rule.LongestGrant);
                    Assert.Empty(all.Scopes.Except(rule.Scopes));
                }

                // And nothing more is asked for than the rules do.
                Assert.Equal(rules.All(r => Persons(r, approvers) >= r.Quorum), all.IsMetBy(approvers));
                Assert.Equal(rules.All(r => r.PreApprovedAt(now) is not null), reference is not null);
                Assert.Equal(rules.All(r => r.MayApproveAt(now)), all.MayApproveAt(now));
                Assert.Equal(all.MayApproveAt(now), all.RefusalAt(now) is null);
                Assert.Equal(rules.All(r => r.BreakGlassGroups.Intersect(groups).Any()), all.MayBreakGlass(groups));
            },
            iter: 300);

    [Fact]
    public void A_further_rule_or_one_approver_less_never_releases_more() =>
        Gen.Select(Terms.Array[1, 3], Terms, SomeApprover.Array[1, 5]).Sample(
            (rules, further, approvers) =>
            {
                HoldTerms few = ApprovalTerms.Strictest(rules);
                HoldTerms more = ApprovalTerms.Strictest(rules.Append(further));
                Assert.True(few.IsMetBy(approvers) || !more.IsMetBy(approvers));
                Assert.True(few.IsMetBy(approvers) || !few.IsMetBy(approvers[1..]));
            },
            iter: 200);

    [Fact]
    public void The_order_of_the_rules_plays_no_role() =>
        Gen.Select(Terms.Array[2, 4], SomeApprover.Array[0, 5], Gen.Int[0, 7 * 24 * 60]).Sample(
            (rules, approvers, minute) =>
            {
                HoldTerms one = ApprovalTerms.Strictest(rules);
                HoldTerms other = ApprovalTerms.Strictest(rules.Reverse());
                Assert.Equal(one.IsMetBy(approvers), other.IsMetBy(approvers));
                Assert.Equal(one.Scopes.Order(), other.Scopes.Order());
                Assert.Equal(one.PreApprovedAt(Monday.AddMinutes(minute), out _) is null, other.PreApprovedAt(Monday.AddMinutes(minute), out _) is null);
            },
            iter: 100);

    [Fact]
    public void One_person_counts_for_several_rules_and_never_twice_for_one()
    {
        HoldTerms terms = ApprovalTerms.Strictest([
            new ApprovalTerms { RuleId = "a/a", Quorum = 2, Groups = ["dba", "lead"] },
            new ApprovalTerms { RuleId = "b/b", Quorum = 1, Groups = ["security"] },
        ]);
        Approver ada = new("ada", ["dba", "lead", "security"]);
        Assert.False(terms.IsMetBy([ada]));
        Assert.False(terms.IsMetBy([ada, ada with { Groups = ["lead"] }]));
        Assert.False(terms.IsMetBy([ada, new Approver("bob", ["security"])]));
        Assert.True(terms.IsMetBy([ada, new Approver("bob", ["lead"])]));
        Assert.Equal([1, 0], terms.Requirements.Select(r => r.Missing([ada])));
        Assert.Equal(["a/a", "b/b"], terms.Requirements.Select(r => r.RuleId));
    }

    [Fact]
    public void Break_glass_takes_a_group_of_every_rule()
    {
        ApprovalTerms a = new() { BreakGlassGroups = ["on-call", "sre"] };
        ApprovalTerms b = new() { BreakGlassGroups = ["on-call-db"] };
        Assert.True(ApprovalTerms.Strictest([a]).MayBreakGlass(["sre"]));
        Assert.False(ApprovalTerms.Strictest([a, b]).MayBreakGlass(["sre"]));
        Assert.True(ApprovalTerms.Strictest([a, b]).MayBreakGlass(["sre", "on-call-db"]));
        Assert.False(ApprovalTerms.Strictest([a, b, ApprovalTerms.Default]).MayBreakGlass(["sre", "on-call-db", "on-call", "approvers"]));
    }

    [Fact]
    public void No_rule_is_no_terms() => Assert.Throws<ArgumentException>(() => ApprovalTerms.Strictest([]));

    private static int Persons(ApprovalTerms rule, IEnumerable<Approver> approvers) =>
        approvers.Where(a => a.Groups.Intersect(rule.Groups).Any()).Select(a => a.Person).ToHashSet().Count;

    private static string Write(int quorum, string[] groups, bool reason, int timeout, string[] grants, int longest, string[] breakGlass, string[] windows, string[] within)
    {
        List<string> keys = [$"quorum: {quorum}", $"groups: [{string.Join(", ", groups)}]", $"timeout: {timeout}m"];
        if (reason)
            keys.Add("reason: required");
        if (grants.Length > 0)
            keys.Add($"grants: [{string.Join(", ", grants)}], longest-grant: {longest}h");
        if (breakGlass.Length > 0)
            keys.Add($"break-glass: [{string.Join(", ", breakGlass)}]");
        if (windows.Length > 0)
            keys.Add($"pre-approved: [{string.Join(", ", windows.Select((w, i) => $"{{{w}, reference: R{i}}}"))}]");
        if (within.Length > 0)
            keys.Add($"within: [{string.Join(", ", within.Select(w => $"{{{w}}}"))}]");
        return $"{{{string.Join(", ", keys)}}}";
    }
}
