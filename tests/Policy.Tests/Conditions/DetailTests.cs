using System.Text;
using Sallyport.Contract;
using Sallyport.Policy.Explaining;
using Sallyport.Policy.Tests.Support;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Conditions;

/// <summary>Details of requests: no effects of their own, and conditions on them.</summary>
public class DetailTests
{
    private const string Image = "field:spec.template.spec.containers[*].image";

    [Fact]
    public void Details_need_no_grant_and_are_no_effects()
    {
        PolicyStore store = Load("policy: p\nrules:\n - {id: a, effect: allow, verbs: [kube-get], resources: [pods]}\n - {id: d, effect: deny, verbs: [all], objects: [All], paths: ['/All'], names: [All]}");
        Assert.Equal("allow by p/a", Ask(store, TestAction.Http("kube-get pods shop/x with dry-run=All, container=web")));
    }

    [Theory]
    [InlineData("with dry-run=All", true, true)]
    [InlineData("with dry-run=None", false, false)]
    [InlineData("with dry-run=All, dry-run=None", false, true)]
    [InlineData("", false, false)]
    [InlineData("with container=All", false, false)]
    public void Allow_wants_all_values_deny_any(string details, bool granted, bool stopped)
    {
        TestAction action = TestAction.Http($"kube-patch pods shop/x {details}".TrimEnd());
        Assert.Equal(granted ? "allow by p/a" : "deny by default", Ask(Rule("allow", "details: {dry-run: [All]}"), action));
        Assert.Equal(stopped ? "deny by p/d" : "allow by p/z", Ask(Deny("details: {dry-run: [All]}"), action));
    }

    [Theory]
    [InlineData(Image + "=registry.example.com/shop:2", true)]
    [InlineData(Image + "=registry.example.com/shop:2, " + Image + "=evil.example/x", false)]
    [InlineData("field:spec.template.spec.containers[0].image=registry.example.com/shop:2", false)]
    [InlineData("field:spec.replicas=3", false)]
    [InlineData(Image + "=registry.example.com/shop:2, field:spec.replicas=3", false)]
    [InlineData(Image + "=registry.example.com/shop:2, dry-run=All", true)]
    [InlineData(Image + "=registry.example.com/shop:2, field:metadata.labels.version=2", true)]
    [InlineData(Image + "=registry.example.com/shop:2, field:metadata.name=2", false)]
    public void Only_the_fields_that_are_named_may_change(string details, bool granted)
    {
        PolicyStore store = Rule("allow", "fields: {'spec.template.spec.containers[*].image': ['registry.example.com/*'], 'metadata.labels.*': '*'}, only-fields: true");
        PolicyStore without = Rule("allow", "fields: {'spec.template.spec.containers[*].image': ['registry.example.com/*']}, only-fields: true");
        bool labels = details.Contains("labels", StringComparison.Ordinal);
        TestAction action = TestAction.Http($"kube-patch deployments.apps shop/x with {details}");
        Assert.Equal(granted && labels ? "allow by p/a" : "deny by default", Ask(store, action));
        Assert.Equal(granted && !labels ? "allow by p/a" : "deny by default", Ask(without, action));
    }

    [Fact]
    public void Every_condition_on_details_must_hold()
    {
        PolicyStore store = Deny("details: {container: ['db*'], tty: 'true'}");
        Assert.Equal("deny by p/d", Ask(store, TestAction.Http("kube-connect pods/exec shop/x with container=db, tty=true")));
        Assert.Equal("allow by p/z", Ask(store, TestAction.Http("kube-connect pods/exec shop/x with container=db, tty=false")));
        Assert.Equal("allow by p/z", Ask(store, TestAction.Http("kube-connect pods/exec shop/x with container=web, tty=true")));
    }

    [Fact]
    public void What_was_not_decoded_is_refused_unless_a_rule_says_so()
    {
        PolicyStore store = Rule("allow", "fields: {spec.replicas: ['?']}");
        Assert.Equal("allow by p/a", Ask(store, TestAction.Http("kube-patch pods shop/x with field:spec.replicas=3")));
        Assert.Equal("deny by default-unparsed", Ask(store, TestAction.Http("kube-patch pods shop/x with field:spec.replicas=3", ActionFlags.Unparsed)));
        Assert.Equal("deny by default-truncated", Ask(store, TestAction.Http("kube-patch pods shop/x with field:spec.replicas=3", ActionFlags.Truncated)));
    }

    [Fact]
    public void Conditions_on_details_look_at_the_whole_request()
    {
        PolicyStore store = Load("policy: p\nrules:\n - {id: a, effect: allow, verbs: [kube-connect], resources: [pods/exec]}\n - {id: b, effect: allow, verbs: [exec], commands: ['psql **'], details: {container: [db]}}");
        Assert.Equal("allow by p/a", Ask(store, TestAction.Http("kube-connect pods/exec shop/x ; exec psql|-l with container=db")));
        Assert.Equal("deny by default", Ask(store, TestAction.Http("kube-connect pods/exec shop/x ; exec psql|-l with container=web")));
    }

    [Fact]
    public void A_hold_stops_on_any_value_and_grants_on_all()
    {
        PolicyStore store = Rule("hold", "details: {force: ['true']}");
        Assert.Equal("hold by p/a", Ask(store, TestAction.Http("kube-patch pods shop/x with force=true")));
        Assert.Equal("deny by default", Ask(store, TestAction.Http("kube-patch pods shop/x with force=true, force=false")));
    }

    [Fact]
    public void A_detail_that_stands_before_an_effect_or_has_no_attribute_is_malformed()
    {
        PolicyStore store = Load("policy: p\nrules: [{id: a, effect: allow, verbs: [all], unparsed: true}]");
        TestEffect path = new(Verb.HttpGet, Name: "/x");
        TestEffect detail = new(Verb.HttpDetail, "dry-run", "All", Separator: '\0');
        Assert.Equal("allow by p/a", Ask(store, TestAction.Of(Verb.HttpGet, path, detail)));
        Assert.Equal("deny by default-malformed", Ask(store, TestAction.Of(Verb.HttpGet, detail, path)));
        Assert.Equal("deny by default-malformed", Ask(store, TestAction.Of(Verb.HttpGet, path, detail with { Schema = "" })));
        Assert.Equal("deny by default-malformed", Ask(store, TestAction.Of(Verb.HttpGet, path, detail with { Separator = '.' })));
        Assert.Equal("deny by default-malformed", Ask(store, TestAction.Of(Verb.HttpDetail, detail)));
    }

    [Fact]
    public void An_explanation_lists_the_details_and_says_why_they_do_not_fit()
    {
        PolicyStore store = Rule("allow", "resources: [pods], namespaces: [shop], fields: {spec.replicas: ['?']}, only-fields: true");
        PolicyExplanation explanation = store.Explain(Facts(), TestAction.Http("kube-patch pods shop/web with field:spec.replicas=30, dry-run=All").View());
        Assert.Equal(["field:spec.replicas: 30", "dry-run: All"], explanation.Details);
        Assert.Equal("kube-patch pods web in shop", explanation.Effects[0].Text);
        Assert.Equal("field:spec.replicas is 30: not spec.replicas: ?", explanation.Documents[0].Rules[0].Reason);
        StringWriter text = new();
        ExplanationText.Write(text, store.Explain(Facts(), TestAction.Http("kube-list pods /").View()));
        Assert.Contains("kube-list pods of the cluster or of all namespaces matches none of resources pods with namespaces shop", text.ToString(), StringComparison.Ordinal);
        explanation = store.Explain(Facts(), TestAction.Http("kube-patch pods shop/web with field:spec.replicas=3, field:spec.paused=true").View());
        Assert.Contains("field:spec.paused is a field that the rule does not name", explanation.Documents[0].Rules[0].Reason, StringComparison.Ordinal);
        explanation = store.Explain(Facts(), TestAction.Http("kube-patch pods shop/web").View());
        Assert.Contains("says nothing of what the rule asks for", explanation.Documents[0].Rules[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Judging_an_object_of_many_fields_allocates_nothing()
    {
        IGate gate = Load(
            """
            policy: p
            rules:
              - {id: a, effect: allow, verbs: [kube-write], resources: ["*.apps"], namespaces: [shop], names: ["web*"], fields: {"spec.template.spec.containers[*].image": ["registry.example.com/*"]}}
              - {id: d, effect: deny, verbs: [kube-write], fields: {"spec.template.spec.host*": ["true"], "spec.template.spec.volumes[*].hostPath.path": ["*"]}}
            """).Open(Facts());
        StringBuilder fields = new($"kube-update deployments.apps shop/web with {Image}=registry.example.com/x");
        for (int i = 0; i < 300; i++)
            fields.Append(", field:metadata.labels.l").Append(i).Append("=x");
        TestAction action = TestAction.Http(fields.ToString());
        Assert.Equal("p/a", gate.Judge(action.View()).RuleId);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
            gate.Judge(action.View());
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static PolicyStore Rule(string effect, string condition) =>
        Load($"policy: p\nrules: [{{id: a, effect: {effect}, verbs: [kube-read, kube-write, kube-connect], {condition}}}]");

    private static PolicyStore Deny(string condition) =>
        Load($"policy: p\nrules:\n  - {{id: z, effect: allow, verbs: [all]}}\n  - {{id: d, effect: deny, verbs: [kube-write, kube-connect], {condition}}}");
}
