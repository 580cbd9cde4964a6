using CsCheck;
using Sallyport.Contract;
using Sallyport.Policy.Tests.Gates;
using Sallyport.Policy.Tests.Support;
using Xunit;
using static Sallyport.Policy.Tests.Support.TestPolicy;

namespace Sallyport.Policy.Tests.Conditions;

/// <summary>Resources of Kubernetes: what allow grants for certain, and what deny and hold stop because it could be meant.</summary>
public class ResourceTests
{
    [Theory]
    [InlineData("pods", "pods shop/web", true)]
    [InlineData("pods", "pods/exec shop/web", false)]
    [InlineData("pods", "pods.metrics.k8s.io shop/web", false)]
    [InlineData("pods/*", "pods/log shop/web", true)]
    [InlineData("pods/*", "pods shop/web", false)]
    [InlineData("pods/log", "pods/exec shop/web", false)]
    [InlineData("deployments.apps", "deployments.apps shop/web", true)]
    [InlineData("deployments.apps", "deployments shop/web", false)]
    [InlineData("deployments.apps", "deployments.apps.example.com shop/web", false)]
    [InlineData("*.apps", "daemonsets.apps shop/web", true)]
    [InlineData("*.apps", "daemonsets.apps/status shop/web", false)]
    [InlineData("*", "secrets shop/x", true)]
    [InlineData("*", "roles.rbac.authorization.k8s.io shop/x", false)]
    [InlineData("*.*", "roles.rbac.authorization.k8s.io shop/x", true)]
    [InlineData("*.*", "secrets shop/x", true)]
    [InlineData("*.*", "pods/log shop/x", false)]
    [InlineData("*.*/*", "pods/log shop/x", true)]
    [InlineData("*/scale", "pods/scale shop/x", true)]
    [InlineData("*.*/scale", "deployments.apps/scale shop/x", true)]
    public void Allow_grants_the_core_group_and_no_subresource_unless_named(string pattern, string effect, bool granted) =>
        Assert.Equal(granted ? "allow by p/a" : "deny by default", Ask(Allow($"resources: ['{pattern}']"), TestAction.Http($"kube-get {effect}")));

    [Theory]
    [InlineData("secrets", "secrets shop/x", true)]
    [InlineData("secrets", "secrets.example.com shop/x", true)]
    [InlineData("secrets", "secrets/status shop/x", true)]
    [InlineData("secrets", "sealedsecrets.bitnami.com shop/x", false)]
    [InlineData("secrets.core", "secrets shop/x", false)]
    [InlineData("pods/status", "pods shop/x", false)]
    [InlineData("pods/status", "pods/log shop/x", false)]
    [InlineData("pods/status", "pods.example.com/status shop/x", true)]
    public void Deny_stops_every_group_and_subresource_unless_named(string pattern, string effect, bool stopped) =>
        Assert.Equal(stopped ? "deny by p/d" : "allow by p/a", Ask(Deny($"resources: ['{pattern}']"), TestAction.Http($"kube-get {effect}")));

    [Theory]
    [InlineData("[shop]", "kube-get pods shop/web", true, true)]
    [InlineData("[shop]", "kube-get pods shop-2/web", false, false)]
    [InlineData("[shop-*]", "kube-get pods shop-2/web", true, true)]
    [InlineData("[shop]", "kube-list pods shop/", true, true)]
    [InlineData("[shop]", "kube-list pods /", false, true)]
    [InlineData("[shop]", "kube-watch pods /web", false, true)]
    [InlineData("[shop]", "kube-delete-collection pods /", false, true)]
    [InlineData("[shop]", "kube-get nodes /n1", false, false)]
    [InlineData("[shop]", "kube-create namespaces /", false, false)]
    [InlineData("['*']", "kube-get nodes /n1", false, false)]
    [InlineData("['*']", "kube-list pods /", false, true)]
    [InlineData("['(none)']", "kube-get nodes /n1", true, true)]
    [InlineData("['(none)']", "kube-list pods /", true, true)]
    [InlineData("['(none)']", "kube-list pods shop/", false, false)]
    [InlineData("[shop, '(none)']", "kube-get nodes /n1", true, true)]
    public void A_list_over_all_namespaces_shows_each_of_them(string namespaces, string action, bool granted, bool stopped)
    {
        Assert.Equal(granted ? "allow by p/a" : "deny by default", Ask(Allow($"namespaces: {namespaces}"), TestAction.Http(action)));
        Assert.Equal(stopped ? "deny by p/d" : "allow by p/a", Ask(Deny($"namespaces: {namespaces}, resources: ['*']"), TestAction.Http(action)));
    }

    [Theory]
    [InlineData("['web-*']", "kube-get pods shop/web-1", true, true)]
    [InlineData("['web-*']", "kube-get pods shop/db-1", false, false)]
    [InlineData("['web-*']", "kube-list pods shop/", false, true)]
    [InlineData("['web-*']", "kube-create pods shop/", false, true)]
    [InlineData("['web-*', '(none)']", "kube-create pods shop/", true, true)]
    [InlineData("['*']", "kube-delete-collection pods shop/", false, true)]
    public void What_has_no_name_could_be_any_object(string names, string action, bool granted, bool stopped)
    {
        Assert.Equal(granted ? "allow by p/a" : "deny by default", Ask(Allow($"names: {names}"), TestAction.Http(action)));
        Assert.Equal(stopped ? "deny by p/d" : "allow by p/a", Ask(Deny($"names: {names}"), TestAction.Http(action)));
    }

    [Fact]
    public void A_condition_on_resources_says_nothing_of_commands_and_paths()
    {
        PolicyStore store = Load("policy: p\nrules:\n - {id: a, effect: allow, verbs: [all]}\n - {id: d, effect: deny, verbs: [all], resources: ['*.*', '*.*/*']}");
        Assert.Equal("deny by p/d", Ask(store, TestAction.Http("kube-get pods shop/x")));
        Assert.Equal("allow by p/a", Ask(store, TestAction.Http("http-get /pods")));
        Assert.Equal("allow by p/a", Ask(store, TestAction.Ssh("exec pods")));
        Assert.Equal("deny by q/d", Ask(Load("policy: q\nrules: [{id: a, effect: allow, verbs: [all]}, {id: d, effect: deny, verbs: [all], objects: ['*']}]"), TestAction.Http("kube-get pods shop/x")));
    }

    [Fact]
    public void Every_effect_of_a_request_must_be_granted()
    {
        PolicyStore store = Load("policy: p\nrules:\n - {id: a, effect: allow, verbs: [kube-connect], resources: [pods/exec], namespaces: [shop]}\n - {id: b, effect: allow, verbs: [exec], commands: [ls **]}");
        Assert.Equal("allow by p/a", Ask(store, TestAction.Http("kube-connect pods/exec shop/web ; exec ls|-l")));
        Assert.Equal("deny by default", Ask(store, TestAction.Http("kube-connect pods/exec shop/web ; exec sh")));
        Assert.Equal("deny by default", Ask(store, TestAction.Http("kube-connect pods/exec other/web ; exec ls|-l")));
    }

    [Theory]
    [InlineData("http-get /api", "paths: ['/api/**']", "allow by p/a")]
    [InlineData("http-get /api/../x", "paths: ['/api/**']", "deny by default")]
    [InlineData("http-post /api", "paths: ['/api/**']", "deny by default")]
    public void Paths_of_http_are_matched_as_paths(string action, string condition, string expected) =>
        Assert.Equal(expected, Ask(Load($"policy: p\nrules: [{{id: a, effect: allow, verbs: [http-read], {condition}}}]"), TestAction.Http(action)));

    [Theory]
    [InlineData("grpc-call shop.v1.Orders.Get", "'\"shop.v1.Orders\".*'", true)]
    [InlineData("grpc-call shop.v1.Orders.Get", "'*.List*'", false)]
    [InlineData("mcp-tool search", "search", true)]
    [InlineData("mcp-method tools/list", "'tools/*'", true)]
    public void Methods_and_tools_are_names(string action, string pattern, bool granted)
    {
        string[] words = action.Split(' ');
        int dot = words[1].LastIndexOf('.');
        Verb verb = Policy.Yaml.KebabNames.Of<Verb>()[words[0]];
        TestAction call = TestAction.Of(verb, dot < 0 ? new TestEffect(verb, Name: words[1]) : new TestEffect(verb, words[1][..dot], words[1][(dot + 1)..]));
        PolicyStore store = Load($"policy: p\nrules: [{{id: a, effect: allow, verbs: [{words[0]}], objects: [{pattern}]}}]");
        Assert.Equal(granted ? "allow by p/a" : "deny by default", Ask(store, call));
    }

    [Theory]
    [InlineData(Verb.HttpPost, "/shop/Get", "allow by p/a")]
    [InlineData(Verb.HttpPost, "/admin/Get", "deny by p/d")]
    [InlineData(Verb.HttpGet, "/shop/Get", "deny by default")]
    public void The_path_of_a_call_needs_no_grant_and_can_be_denied(Verb verb, string path, string expected)
    {
        PolicyStore store = Load("policy: p\nrules:\n - {id: a, effect: allow, verbs: [grpc-call], objects: ['*.*']}\n - {id: d, effect: deny, verbs: [http-post], paths: ['/admin/**']}");
        Assert.Equal(expected, Ask(store, TestAction.Of(Verb.GrpcCall, new TestEffect(Verb.GrpcCall, "shop", "Get"), new TestEffect(verb, Name: path))));
    }

    [Fact]
    public void A_path_is_no_call()
    {
        PolicyStore store = Load("policy: p\nrules: [{id: a, effect: allow, verbs: [grpc-call], objects: ['*.*']}]");
        Assert.Equal("deny by default", Ask(store, TestAction.Of(Verb.GrpcCall, new TestEffect(Verb.HttpPost, Name: "/shop/Get"))));
        Assert.Equal("deny by default", Ask(store, TestAction.Of(Verb.HttpPost, new TestEffect(Verb.GrpcCall, "shop", "Get"), new TestEffect(Verb.HttpPost, Name: "/shop/Get"))));
    }

    [Fact]
    public void A_resource_without_its_three_parts_is_malformed()
    {
        PolicyStore store = Load("policy: p\nrules: [{id: a, effect: allow, verbs: [all], unparsed: true, truncated: true}]");
        TestEffect pods = new(Verb.KubeGet, "pods", "shop\0web", Separator: '\0');
        Assert.Equal("allow by p/a", Ask(store, TestAction.Of(Verb.KubeGet, pods)));
        Assert.Equal("deny by default-malformed", Ask(store, TestAction.Of(Verb.KubeGet)));
        Assert.Equal("deny by default-malformed", Ask(store, TestAction.Of(Verb.KubeGet, pods with { Schema = "" })));
        Assert.Equal("deny by default-malformed", Ask(store, TestAction.Of(Verb.KubeGet, pods with { Name = "shop" })));
        Assert.Equal("deny by default-malformed", Ask(store, TestAction.Of(Verb.KubeGet, pods with { Name = "a\0b\0c" })));
        Assert.Equal("deny by default-malformed", Ask(store, TestAction.Of(Verb.KubeGet, pods with { Separator = '.' })));
    }

    private static readonly Gen<string> Part = Gen.OneOf("a", "b", "ab", "*", "a*", "?");
    private static readonly Gen<string> Word = Gen.OneOf("a", "b", "ab", "ba");

    [Fact]
    public void Patterns_say_what_a_plain_matcher_says() =>
        Gen.Select(Gen.Select(Part, Part, Part, Gen.Int[0, 3]), Gen.Select(Word, Word, Word, Gen.Int[0, 3])).Sample(
            (p, n) =>
            {
                (string resource, string group, string sub, int parts) = p;
                string pattern = resource + ((parts & 1) != 0 ? $".{group}" : "") + ((parts & 2) != 0 ? $"/{sub}" : "");
                string name = n.Item1 + ((n.Item4 & 1) != 0 ? $".{n.Item2}" : "") + ((n.Item4 & 2) != 0 ? $"/{n.Item3}" : "");
                bool called = ReferenceJudge.Like(resource, n.Item1);
                bool inGroup = ReferenceJudge.Like(group, (n.Item4 & 1) != 0 ? n.Item2 : "");
                bool below = (n.Item4 & 2) != 0 && ReferenceJudge.Like(sub, n.Item3);
                bool granted = called && ((parts & 1) != 0 ? inGroup : (n.Item4 & 1) == 0) && ((parts & 2) != 0 ? below : (n.Item4 & 2) == 0);
                bool stopped = called && ((parts & 1) == 0 || inGroup) && ((parts & 2) == 0 || below);
                Allow_grants_the_core_group_and_no_subresource_unless_named(pattern, $"{name} x/y", granted);
                Deny_stops_every_group_and_subresource_unless_named(pattern, $"{name} x/y", stopped);
            },
            iter: 300);

    private static PolicyStore Allow(string condition) => Load($"policy: p\nrules: [{{id: a, effect: allow, verbs: [kube-read, kube-write], {condition}}}]");

    private static PolicyStore Deny(string condition) =>
        Load($"policy: p\nrules:\n  - {{id: a, effect: allow, verbs: [kube-read, kube-write]}}\n  - {{id: d, effect: deny, verbs: [kube-read, kube-write], {condition}}}");
}
