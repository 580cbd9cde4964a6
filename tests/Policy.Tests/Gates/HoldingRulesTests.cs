using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Tests.Support;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Gates;

public class HoldingRulesTests
{
    private const string Documents = """
        policy: a
        rules:
          - {id: all, effect: allow, verbs: [all]}
          - {id: delete, effect: hold, verbs: [delete]}
          - {id: never, effect: deny, verbs: [drop]}
        ---
        policy: b
        rules:
          - {id: mass, effect: hold, verbs: [delete], where: absent, approval: {quorum: 2, groups: [dba], timeout: 5m}}
          - {id: payroll, effect: hold, verbs: [all], objects: [public.payroll], approval: {groups: [finance], reason: required}}
        ---
        policy: c
        match: {groups: [interns]}
        rules: [{id: theirs, effect: hold, verbs: [delete], approval: {groups: [mentors]}}]
        """;

    [Theory]
    [InlineData("select t", "")]
    [InlineData("delete t", "a/delete")]
    [InlineData("delete! t", "a/delete b/mass")]
    [InlineData("delete! public.payroll", "a/delete b/mass b/payroll")]
    [InlineData("insert public.t, select public.payroll", "b/payroll")]
    [InlineData("delete t, drop u", "")]
    [InlineData("unknown", "")]
    public void All_rules_that_hold_an_action_are_named(string action, string expected)
    {
        PolicyStore store = Load(Documents);
        IReadOnlyList<string> holding = store.HoldingRules(Facts(), TestAction.Parse(action).View());
        Assert.Equal(expected, string.Join(' ', holding));
        Assert.Equal(holding.Count > 0, store.Open(Facts()).Judge(TestAction.Parse(action).View()).Kind == VerdictKind.Hold);
    }

    [Fact]
    public void Approving_the_rule_that_is_named_does_not_release_what_a_stricter_one_holds()
    {
        PolicyStore store = Load(Documents);
        TestAction action = TestAction.Parse("delete! public.payroll");
        Assert.Equal("hold by a/delete", Ask(store, action));
        HoldTerms terms = store.TermsFor(Facts(), action.View())!;
        Assert.Equal(["a/delete", "b/mass", "b/payroll"], terms.Requirements.Select(r => r.RuleId));
        Assert.Equal((true, TimeSpan.FromMinutes(5)), (terms.ReasonRequired, terms.Timeout));
        Assert.False(terms.IsMetBy([new Approver("ada", ["approvers"])]));
        Assert.False(terms.IsMetBy([new Approver("ada", ["approvers", "dba", "finance"])]));
        Assert.True(terms.IsMetBy([new Approver("ada", ["approvers", "dba", "finance"]), new Approver("bob", ["dba"])]));
    }

    [Fact]
    public void Only_documents_that_apply_hold()
    {
        PolicyStore store = Load(Documents);
        Assert.Equal(["a/delete", "c/theirs"], store.HoldingRules(Facts(groups: ["interns"]), TestAction.Parse("delete t").View()));
        Assert.Null(store.TermsFor(Facts(), TestAction.Parse("select t").View()));
        Assert.Null(store.TermsFor(Facts(), TestAction.Parse("drop t").View()));
    }

    [Fact]
    public void A_login_is_never_held() =>
        Assert.Empty(Load(Documents).HoldingRules(Facts(), (TestAction.Of(Verb.Login) with { Kind = ActionKind.Login }).View()));
}
