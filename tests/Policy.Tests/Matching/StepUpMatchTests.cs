using System.Collections.Immutable;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Policy.Tests.Support;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Matching;

public class StepUpMatchTests
{
    private static readonly DateTimeOffset Noon = new TestTime().Now;

    [Theory]
    [InlineData("{acting: self}", true, null)]
    [InlineData("{acting: for-another}", false, "acting: self: not for-another")]
    [InlineData("{acting-for: [\"*\"]}", false, "acting-for: self: not *")]
    [InlineData("{not: {kinds: [agent]}}", true, null)]
    [InlineData("{not: {kinds: [human]}}", false, "not: kinds: human: which holds")]
    [InlineData("{not: {kinds: [human], groups: [other]}}", true, null)]
    [InlineData("{not: {kinds: [human], groups: [support]}}", false, "not: groups: support; kinds: human: which holds")]
    [InlineData("{not: [{kinds: [agent]}, {groups: [support]}]}", false, "not: groups: support: which holds")]
    [InlineData("{not: {time: {days: [wed]}}}", false, "not: time: wed UTC: which holds")]
    [InlineData("{not: {authenticated-within: 15m}}", true, null)]
    [InlineData("{not: {acr: [\"*\"]}}", true, null)]
    [InlineData("{authenticated-within: 15m}", false, "authenticated-within: not told by the issuer when: not 15m")]
    [InlineData("{acr: [\"*\"]}", false, "acr: not told by the issuer: not *")]
    public void Without_a_login_time_and_for_itself(string match, bool applies, string? reason) =>
        Matches(match, Facts(groups: ["support", "staff"]), applies, reason);

    [Theory]
    [InlineData("{acting: self}", false, "acting: for ada, for bob: not self")]
    [InlineData("{acting: for-another}", true, null)]
    [InlineData("{acting-for: [bob]}", true, null)]
    [InlineData("{acting-for: [\"b*\", eve]}", true, null)]
    [InlineData("{acting-for: [eve]}", false, "acting-for: for ada, for bob: not eve")]
    [InlineData("{not: {acting-for: [ada]}}", false, "not: acting-for: ada: which holds")]
    [InlineData("{acr: [phr, phrh]}", true, null)]
    [InlineData("{acr: [mfa]}", false, "acr: phrh: not mfa")]
    [InlineData("{authenticated-within: 11m}", true, null)]
    [InlineData("{authenticated-within: 10m}", false, "authenticated-within: 10m ago, at 2024-05-15 11:50:00Z: not 10m")]
    [InlineData("{not: {authenticated-within: 10m}}", true, null)]
    [InlineData("{not: {authenticated-within: 11m}}", false, "not: authenticated-within: 11m: which holds")]
    public void With_a_login_time_and_for_another(string match, bool applies, string? reason) =>
        Matches(match, Who(Noon.AddMinutes(-10), "phrh", "ada", "bob"), applies, reason);

    [Fact]
    public void An_acting_for_chain_that_was_never_set_is_empty()
    {
        SessionFacts facts = Facts();
        facts = facts with { Identity = facts.Identity with { ActingFor = default } };
        Matches("{acting: self}", facts, true, null);
    }

    [Fact]
    public void A_gate_is_valid_until_the_login_is_no_longer_recent()
    {
        TestTime time = new();
        PolicyStore store = Load(
            time,
            "policy: a\nrules: [{id: r, effect: allow, verbs: [select]}]",
            "policy: b\nmatch: {not: {authenticated-within: 30m}}\nrules: [{id: r, effect: deny, verbs: [drop]}]",
            "policy: c\nmatch: {authenticated-within: 15m, targets: [elsewhere]}\nrules: [{id: r, effect: deny, verbs: [drop]}]",
            "policy: d\nmatch: {authenticated-within: 1h}\nrules: [{id: r, effect: allow, verbs: [drop]}]");
        SessionFacts facts = Who(Noon.AddMinutes(-10), null);
        Assert.Equal(Noon.AddMinutes(20), store.Open(facts).ValidUntil);
        Assert.Equal("allow by d/r", Ask(store, TestAction.Parse("drop t"), facts));

        time.Now = Noon.AddMinutes(20);
        Assert.Equal(Noon.AddMinutes(50), store.Open(facts).ValidUntil);
        Assert.Equal("deny by b/r", Ask(store, TestAction.Parse("drop t"), facts));

        time.Now = Noon.AddMinutes(50);
        Assert.Equal(DateTimeOffset.MaxValue, store.Open(facts).ValidUntil);
        Assert.Equal(DateTimeOffset.MaxValue, store.Open(Facts()).ValidUntil);
    }

    [Fact]
    public void A_login_in_the_future_is_believed_a_minute_ahead_and_no_further()
    {
        TestTime time = new();
        PolicyStore store = Load(time, "policy: a\nmatch: {authenticated-within: 15m}\nrules: [{id: r, effect: allow, verbs: [all]}]");
        Assert.Equal("allow by a/r", Ask(store, TestAction.Parse("select t"), Who(Noon.AddMinutes(1), null)));
        SessionFacts ahead = Who(Noon.AddMinutes(5), null);
        Assert.Equal("deny by step-up/a", Ask(store, TestAction.Parse("select t"), ahead));
        Assert.Equal(Noon.AddMinutes(4), store.Open(ahead).ValidUntil);
        time.Now = Noon.AddMinutes(4);
        Assert.Equal("allow by a/r", Ask(store, TestAction.Parse("select t"), ahead));
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(3155378975999999999L)]
    public void No_login_time_is_too_far_away(long ticks)
    {
        SessionFacts facts = Who(new DateTimeOffset(ticks, TimeSpan.Zero), null);
        PolicyStore store = Load("policy: a\nmatch: {authenticated-within: 30d}\nrules: [{id: r, effect: allow, verbs: [all]}]");
        Assert.Equal("deny by step-up/a", Ask(store, TestAction.Parse("select t"), facts));
        PolicyStore late = Load(new TestTime { Now = DateTimeOffset.MaxValue }, "policy: a\nmatch: {authenticated-within: 30d}\nrules: [{id: r, effect: allow, verbs: [all]}]");
        Assert.Equal(ticks == 0 ? "deny by step-up/a" : "allow by a/r", Ask(late, TestAction.Parse("select t"), facts));
    }

    [Fact]
    public void Until_a_gate_is_no_longer_valid_nothing_changes()
    {
        Gen<int> minutes = Gen.Int[1, 120];
        Gen<string> match = Gen.OneOf(
            minutes.Select(m => $"authenticated-within: {m}m"),
            minutes.Select(m => $"not: {{authenticated-within: {m}m}}"),
            Gen.Select(Gen.Int[0, 11], Gen.Int[12, 23], (f, t) => $"time: {{from: '{f:D2}:00', to: '{t:D2}:00'}}"),
            Gen.Select(minutes, Gen.Int[0, 11], (m, f) => $"not: [{{authenticated-within: {m}m}}, {{time: {{from: '{f:D2}:00', to: '12:30'}}}}]"));
        Gen.Select(match.Array[1, 3], Gen.Int[-130, 30], Gen.Int[0, 1439]).Sample(
            (matches, login, start) =>
            {
                TestTime time = new() { Now = Noon.Date.AddMinutes(start) };
                PolicyStore store = Load(time, [.. matches.Select((m, i) => $"policy: d{i}\nmatch: {{{m}}}\nrules: [{{id: r, effect: allow, verbs: [all]}}]")]);
                SessionFacts facts = Who(time.Now.AddMinutes(login), null);
                IGate gate = store.Open(facts);
                Verdict before = gate.Judge(TestAction.Parse("select t").View());
                DateTimeOffset end = Noon.Date.AddDays(2);
                for (DateTimeOffset at = time.Now; at < gate.ValidUntil && at < end; at = at.AddMinutes(7))
                {
                    time.Now = at;
                    Assert.Equal(before, store.Open(facts).Judge(TestAction.Parse("select t").View()));
                }
            },
            iter: 150);
    }

    internal static SessionFacts Who(DateTimeOffset? authenticatedAt, string? context, params string[] actingFor)
    {
        SessionFacts facts = Facts();
        return facts with { Identity = facts.Identity with { AuthenticatedAt = authenticatedAt, AuthenticationContext = context, ActingFor = [.. actingFor] } };
    }

    private static void Matches(string match, SessionFacts facts, bool applies, string? reason)
    {
        PolicyStore store = Load($"policy: p\nmatch: {match}\nlimits: {{idle: 1m}}", "policy: z\nrules: [{id: r, effect: allow, verbs: [all]}]");
        Assert.Equal(applies, store.Open(facts).Limits != SessionLimits.None);
        Assert.Equal((applies, reason), (store.Explain(facts, TestAction.Parse("select t").View()).Documents[0].Applies, store.Explain(facts, TestAction.Parse("select t").View()).Documents[0].Reason));
    }
}
