using Sallyport.Contract;
using Sallyport.Policy.Tests.Support;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Matching;

public class MatchTests
{
    [Theory]
    [InlineData("{}", true, null)]
    [InlineData("{groups: [support]}", true, null)]
    [InlineData("{groups: [other, \"sup*\"]}", true, null)]
    [InlineData("{groups: [Support]}", false, "groups: support, staff: not Support")]
    [InlineData("{subjects: [\"*@example.com\"]}", true, null)]
    [InlineData("{subjects: [\"*@example.org\", bob]}", false, "subjects: jane@example.com: not *@example.org, bob")]
    [InlineData("{issuers: [\"https://idp.example.com\"]}", true, null)]
    [InlineData("{issuers: [\"https://evil.example.com\"]}", false, "issuers: https://idp.example.com: not https://evil.example.com")]
    [InlineData("{kinds: [human, agent]}", true, null)]
    [InlineData("{kinds: agent}", false, "kinds: human: not agent")]
    [InlineData("{targets: [\"sh*\"]}", true, null)]
    [InlineData("{targets: [\"shop-*\"]}", false, "targets: shop: not shop-*")]
    [InlineData("{resources: [orders]}", true, null)]
    [InlineData("{resources: [users]}", false, "resources: orders: not users")]
    [InlineData("{sources: [192.168.0.0/16, 10.0.0.0/8]}", true, null)]
    [InlineData("{sources: [192.168.0.0/16]}", false, "sources: 10.1.2.3: not 192.168.0.0/16")]
    [InlineData("{time: {days: [mon-fri]}}", true, null)]
    [InlineData("{time: {days: [sat-sun]}}", false, "time: it is Wed 12:00 in UTC: not sun,sat UTC")]
    [InlineData("{time: [{days: [sat]}, {from: \"11:00\", to: \"13:00\"}]}", true, null)]
    [InlineData("{groups: [support], kinds: [agent]}", false, "kinds: human: not agent")]
    public void A_document_applies_when_all_conditions_hold(string match, bool applies, string? reason)
    {
        PolicyStore store = Load($"policy: p\nmatch: {match}\nrules: [{{id: r, effect: allow, verbs: [all]}}]");
        SessionFacts facts = Facts(groups: ["support", "staff"], resource: "orders");
        Assert.Equal(applies ? "allow by p/r" : "deny by default", Ask(store, TestAction.Parse("select t"), facts));
        Assert.Equal(reason, store.Explain(facts, TestAction.Parse("select t").View()).Documents[0].Reason);
    }

    [Fact]
    public void A_subject_without_groups_matches_no_group_not_even_the_wildcard()
    {
        PolicyStore store = Load("policy: p\nmatch: {groups: [\"*\"]}\nrules: [{id: r, effect: allow, verbs: [all]}]");
        Assert.Equal("deny by default", Ask(store, "select t"));
        SessionFacts facts = Facts();
        facts = facts with { Identity = facts.Identity with { Groups = default } };
        Assert.Equal("deny by default", Ask(store, TestAction.Parse("select t"), facts));
    }

    [Fact]
    public void A_gate_is_valid_until_a_document_that_otherwise_applies_turns()
    {
        TestTime time = new() { Now = new DateTimeOffset(2024, 5, 15, 12, 0, 0, TimeSpan.Zero) };
        PolicyStore store = Load(
            time,
            "policy: a\nmatch: {time: {from: \"08:00\", to: \"18:00\"}}\nrules: [{id: r, effect: allow, verbs: [all]}]",
            "policy: b\nmatch: {groups: [x], time: {from: \"08:00\", to: \"13:00\"}}\nrules: [{id: r, effect: deny, verbs: [drop]}]");

        Assert.Equal(time.Now.Date.AddHours(18), store.Open(Facts()).ValidUntil.UtcDateTime);
        Assert.Equal(time.Now.Date.AddHours(13), store.Open(Facts(groups: ["x"])).ValidUntil.UtcDateTime);
        Assert.Equal("allow by a/r", Ask(store, "select t"));

        time.Now = time.Now.AddHours(6);
        Assert.Equal("deny by default", Ask(store, "select t"));
        Assert.Equal(time.Now.Date.AddHours(32), store.Open(Facts()).ValidUntil.UtcDateTime);
    }

    [Fact]
    public void Without_time_windows_a_gate_is_valid_for_ever() =>
        Assert.Equal(DateTimeOffset.MaxValue, Load("policy: a\nlimits: {idle: 1m}").Open(Facts()).ValidUntil);
}
