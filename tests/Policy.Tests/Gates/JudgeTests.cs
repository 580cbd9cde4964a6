using Sallyport.Contract;
using Sallyport.Policy.Tests.Support;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Gates;

public class JudgeTests
{
    private const string Shop = """
        policy: shop
        rules:
          - {id: read, effect: allow, verbs: [read], objects: ["public.*", "*.catalogue"]}
          - {id: write, effect: allow, verbs: [write], objects: [public.orders]}
          - {id: bare, effect: allow, verbs: [begin, commit]}
          - {id: no-secrets, effect: deny, verbs: [all], objects: ["*.secrets"]}
          - {id: no-mass, effect: deny, verbs: [update, delete], where: absent, hint: Add a WHERE clause.}
          - {id: ask, effect: hold, verbs: [delete], objects: [public.orders]}
        """;

    [Theory]
    [InlineData("select public.orders", "allow by shop/read")]
    [InlineData("select orders", "allow by shop/read")]
    [InlineData("select pg_catalog.pg_class", "deny by default")]
    [InlineData("select archive.orders", "deny by default")]
    [InlineData("select archive.catalogue", "allow by shop/read")]
    [InlineData("select", "deny by default")]
    [InlineData("begin", "allow by shop/bare")]
    [InlineData("begin public.orders", "allow by shop/bare")]
    [InlineData("insert public.orders, select public.items", "allow by shop/write")]
    [InlineData("insert public.orders, select archive.items", "deny by default")]
    [InlineData("insert public.items, select public.items", "deny by default")]
    [InlineData("select public.secrets", "deny by shop/no-secrets")]
    [InlineData("select secrets", "deny by shop/no-secrets")]
    [InlineData("select public.orders, select hidden.secrets", "deny by shop/no-secrets")]
    [InlineData("select public.Secrets", "allow by shop/read")]
    [InlineData("delete public.orders", "hold by shop/ask")]
    [InlineData("delete orders", "hold by shop/ask")]
    [InlineData("delete! public.orders", "deny by shop/no-mass")]
    [InlineData("delete public.orders, select public.items", "hold by shop/ask")]
    [InlineData("delete public.orders, select archive.items", "deny by default")]
    [InlineData("explain, delete public.orders", "deny by default")]
    [InlineData("drop public.orders", "deny by default")]
    [InlineData("unknown", "deny by default-unparsed")]
    [InlineData("select public.orders, unknown public.orders", "deny by default-unparsed")]
    public void Every_effect_must_be_granted_and_one_suffices_to_deny_or_hold(string action, string expected) =>
        Assert.Equal(expected, Ask(Load(Shop), action));

    [Fact]
    public void The_hint_and_the_version_come_with_the_verdict()
    {
        Verdict verdict = Load(Shop).Open(Facts()).Judge(TestAction.Parse("delete! public.orders").View());
        Assert.Equal(new Verdict(VerdictKind.Deny, "shop/no-mass", 1, "Add a WHERE clause."), verdict);
    }

    [Theory]
    [InlineData("[x.t]", "select t", "deny by default")]
    [InlineData("[public.t]", "select t", "allow by d/r")]
    [InlineData("[pg_catalog.t]", "select t", "allow by d/r")]
    [InlineData("[\"p*.t\"]", "select t", "allow by d/r")]
    [InlineData("[\"x*.t\"]", "select t", "deny by default")]
    [InlineData("[\"*.t\"]", "select t", "allow by d/r")]
    [InlineData("[t]", "select x.t", "allow by d/r")]
    [InlineData("[\"x.*\"]", "select t", "deny by default")]
    [InlineData("[\"*\"]", "select", "allow by d/r")]
    [InlineData("[\"*.*\"]", "select", "deny by default")]
    [InlineData("[\"*.*\"]", "select a.b", "allow by d/r")]
    [InlineData("[\"t?\"]", "select té", "allow by d/r")]
    [InlineData("['\"t.x\"']", "select t.x", "deny by default")]
    [InlineData("['\"t*\"']", "select t1", "deny by default")]
    [InlineData("['public.\"T 1\"']", "select public.T 1", "allow by d/r")]
    [InlineData("[t], no-object: true", "select", "allow by d/r")]
    [InlineData("[t], no-object: true", "select u", "deny by default")]
    public void Allow_takes_names_without_a_schema_narrowly(string objects, string action, string expected) =>
        Assert.Equal(expected, Ask(Load($"policy: d\nrules: [{{id: r, effect: allow, verbs: [select], objects: {objects}}}]"), action));

    [Theory]
    [InlineData("[x.t]", "select t", "deny by d/r")]
    [InlineData("[\"x*.t\"]", "select t", "deny by d/r")]
    [InlineData("[\"x.*\"]", "select t", "deny by d/r")]
    [InlineData("[x.t]", "select public.t", "allow by a/a")]
    [InlineData("[x.t]", "select", "allow by a/a")]
    [InlineData("[\"*.*\"]", "select", "allow by a/a")]
    [InlineData("[\"*\"]", "select", "deny by d/r")]
    [InlineData("[x.t], no-object: true", "select", "deny by d/r")]
    public void Deny_takes_names_without_a_schema_widely(string objects, string action, string expected)
    {
        const string All = "policy: a\nrules: [{id: a, effect: allow, verbs: [all]}]";
        Assert.Equal(expected, Ask(Load(All, $"policy: d\nrules: [{{id: r, effect: deny, verbs: [all], objects: {objects}}}]"), action));
    }

    [Fact]
    public void A_name_with_a_dot_is_not_a_schema_and_a_name()
    {
        PolicyStore store = Load("policy: d\nrules: [{id: r, effect: allow, verbs: [select], objects: ['\"t.x\"']}]");
        Assert.Equal("allow by d/r", Ask(store, TestAction.Of(Verb.Select, new TestEffect(Verb.Select, "", "t.x"))));
        Assert.Equal("deny by default", Ask(store, TestAction.Of(Verb.Select, new TestEffect(Verb.Select, "t", "x"))));
    }

    [Theory]
    [InlineData("", ActionFlags.Unparsed, "deny by default-unparsed")]
    [InlineData("", ActionFlags.Truncated, "deny by default-truncated")]
    [InlineData("", ActionFlags.Truncated | ActionFlags.Unparsed, "deny by default-truncated")]
    [InlineData("unparsed: true", ActionFlags.None, "allow by d/r")]
    [InlineData("unparsed: true", ActionFlags.Unparsed, "allow by d/r")]
    [InlineData("unparsed: true", ActionFlags.Unparsed | ActionFlags.Truncated, "deny by default-truncated")]
    [InlineData("unparsed: true, truncated: true", ActionFlags.Unparsed | ActionFlags.Truncated, "allow by d/r")]
    [InlineData("truncated: true", ActionFlags.Truncated, "allow by d/r")]
    [InlineData("multi-statement: true", ActionFlags.None, "deny by default")]
    [InlineData("multi-statement: true", ActionFlags.MultiStatement, "allow by d/r")]
    [InlineData("", ActionFlags.MultiStatement, "allow by d/r")]
    public void Allow_takes_doubtful_actions_only_if_it_says_so(string keys, ActionFlags flags, string expected) =>
        Assert.Equal(expected, Ask(Load($"policy: d\nrules: [{{id: r, effect: allow, verbs: [select], {keys}}}]"), "select t", flags));

    [Theory]
    [InlineData("unknown", "[all]", "unparsed: true", "allow by d/r")]
    [InlineData("unknown", "[all]", "", "deny by default-unparsed")]
    [InlineData("unknown", "[ddl, read, write, dcl, session, transaction]", "unparsed: true", "deny by default-unparsed")]
    [InlineData("select t", "[insert]", "unparsed: true", "deny by default-unparsed")]
    public void An_unknown_verb_is_granted_by_all_and_unparsed_only(string action, string verbs, string keys, string expected) =>
        Assert.Equal(expected, Ask(Load($"policy: d\nrules: [{{id: r, effect: allow, verbs: {verbs}, {keys}}}]"), action, ActionFlags.Unparsed));

    [Theory]
    [InlineData("deny", "unparsed: true", ActionFlags.None, "allow by a/a")]
    [InlineData("deny", "unparsed: true", ActionFlags.Truncated, "allow by a/a")]
    [InlineData("deny", "unparsed: true", ActionFlags.Unparsed, "deny by d/r")]
    [InlineData("deny", "unparsed: true, truncated: true", ActionFlags.Truncated, "deny by d/r")]
    [InlineData("deny", "", ActionFlags.Unparsed, "deny by d/r")]
    [InlineData("deny", "multi-statement: true", ActionFlags.None, "allow by a/a")]
    [InlineData("deny", "multi-statement: true", ActionFlags.MultiStatement, "deny by d/r")]
    [InlineData("hold", "unparsed: true", ActionFlags.None, "allow by a/a")]
    [InlineData("hold", "unparsed: true", ActionFlags.Unparsed, "hold by d/r")]
    [InlineData("hold", "", ActionFlags.Unparsed, "hold by d/r")]
    public void On_deny_and_hold_the_flags_select(string effect, string keys, ActionFlags flags, string expected)
    {
        const string All = "policy: a\nrules: [{id: a, effect: allow, verbs: [all], unparsed: true, truncated: true}]";
        Assert.Equal(expected, Ask(Load(All, $"policy: d\nrules: [{{id: r, effect: {effect}, verbs: [select], {keys}}}]"), "select t", flags));
    }

    [Fact]
    public void A_hold_rule_alone_does_not_let_a_person_release_what_was_not_understood()
    {
        PolicyStore store = Load("policy: d\nrules: [{id: r, effect: hold, verbs: [all]}]");
        Assert.Equal("hold by d/r", Ask(store, "select t"));
        Assert.Equal("deny by default-unparsed", Ask(store, "select t", ActionFlags.Unparsed));
        Assert.Equal("deny by default-truncated", Ask(store, "select t", ActionFlags.Truncated));
    }

    [Fact]
    public void A_hold_rule_grants_narrowly_though_it_holds_widely()
    {
        PolicyStore store = Load("policy: d\nrules: [{id: r, effect: hold, verbs: [select], objects: [x.t]}]");
        Assert.Equal("hold by d/r", Ask(store, "select x.t"));
        Assert.Equal("deny by default", Ask(store, "select t"));
    }

    [Theory]
    [InlineData("allow", "[select]", "allow by d/r")]
    [InlineData("hold", "[select]", "allow by d/r")]
    [InlineData("hold", "[all]", "allow by d/r")]
    [InlineData("deny", "[select]", "deny by default")]
    [InlineData("deny", "[all]", "deny by d/r")]
    [InlineData("deny", "[login]", "deny by d/r")]
    public void A_login_is_allowed_when_something_could_be_allowed_later(string effect, string verbs, string expected)
    {
        TestAction login = TestAction.Of(Verb.Login) with { Kind = ActionKind.Login };
        Assert.Equal(expected, Ask(Load($"policy: d\nrules: [{{id: r, effect: {effect}, verbs: {verbs}}}]"), login));
    }

    [Fact]
    public void A_login_is_denied_by_a_deny_rule_in_spite_of_an_allow_rule()
    {
        TestAction login = TestAction.Of(Verb.Login) with { Kind = ActionKind.Login };
        const string Rules = "policy: d\nrules: [{id: a, effect: allow, verbs: [all]}, {id: no, effect: deny, verbs: [login]}]";
        Assert.Equal("deny by d/no", Ask(Load(Rules), login));
    }

    [Theory]
    [InlineData(-1, 1, 0)]
    [InlineData(0, 5, 0)]
    [InlineData(1, 4, 0)]
    [InlineData(0, -1, 0)]
    [InlineData(0, 4, 4)]
    [InlineData(0, 4, -1)]
    [InlineData(int.MaxValue, int.MaxValue, 0)]
    public void References_outside_the_names_deny_and_do_not_throw(int start, int length, int qualifier)
    {
        PolicyStore store = Load("policy: d\nrules: [{id: r, effect: allow, verbs: [all], unparsed: true, truncated: true}]");
        ActionView action = new() { Kind = ActionKind.Statement, Verb = Verb.Select, Names = "abcd"u8, Objects = [new ObjectRef(Verb.Select, 0, start, length, qualifier)] };
        Assert.Equal("default-malformed", store.Open(Facts()).Judge(action).RuleId);
        Assert.Equal("default-malformed", store.Explain(Facts(), action).RuleId);
    }

    [Fact]
    public void The_first_id_is_named_whatever_the_order()
    {
        const string A = "policy: a\nrules: [{id: z, effect: allow, verbs: [all]}, {id: b, effect: allow, verbs: [select]}]";
        const string B = "policy: b\nrules: [{id: a, effect: allow, verbs: [all]}]";
        Assert.Equal("allow by a/b", Ask(Load(A, B), "select t"));
        Assert.Equal("allow by a/b", Ask(Load(B, A), "select t"));
    }

    [Fact]
    public void Other_kinds_of_action_are_judged_by_the_same_rules()
    {
        PolicyStore store = Load(Shop);
        foreach (ActionKind kind in Enum.GetValues<ActionKind>().Where(k => k != ActionKind.Login))
            Assert.Equal("allow by shop/read", Ask(store, TestAction.Parse("select public.orders") with { Kind = kind }));
    }

    [Fact]
    public void Judging_allocates_nothing()
    {
        IGate gate = Load(Shop, "policy: b\nmask: [{id: m, columns: ['*.*.email'], with: hash}]").Open(Facts());
        TestAction[] actions = [.. new[] { "select public.orders", "insert public.orders, select public.items", "delete! orders", "drop x.y", "unknown", "delete public.orders" }.Select(a => TestAction.Parse(a))];
        TestAction login = TestAction.Of(Verb.Login) with { Kind = ActionKind.Login };
        Assert.Equal(0, Allocation.Least(1000, () =>
        {
            foreach (TestAction action in actions)
                gate.Judge(action.View());
            gate.Judge(login.View());
        }));
    }
}
