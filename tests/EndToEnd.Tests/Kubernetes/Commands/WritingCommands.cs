using System.Text.Json.Nodes;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Shared.KubernetesServer.Requests;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Kubernetes.Commands;

/// <summary>kubectl: everything that changes objects. Names that begin with ~ are different on each way to the cluster: both may lead to the same.</summary>
public abstract class WritingCommands(IWayToCluster way) : IDisposable
{
    private readonly Kubectl _kubectl = way.Kubectl();

    public void Dispose()
    {
        _kubectl.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>One command after another, apart by " ; "; what the last says. Nothing waits for what controllers do: a real kube-apiserver is alone here.</summary>
    [Theory]
    [InlineData("create configmap ~one --from-literal=a=b ; get configmap ~one -o jsonpath={.data.a}", "b")]
    [InlineData("create secret generic ~two --from-literal=a=b ; get secret ~two -o jsonpath={.data.a}", "Yg==")]
    [InlineData("create namespace ~three ; delete namespace ~three --wait=false", "namespace \"~three\" deleted")]
    [InlineData("create serviceaccount ~four ; get serviceaccount ~four -o name", "serviceaccount/~four")]
    [InlineData("create configmap ~five ; label configmap ~five ~five=b ; get configmap -l ~five=b -o name", "configmap/~five")]
    [InlineData("create configmap ~six ; annotate configmap ~six note=seen ; get configmap ~six -o jsonpath={.metadata.annotations.note}", "seen")]
    [InlineData("create configmap ~seven ; patch configmap ~seven --type=json -p=[{\"op\":\"add\",\"path\":\"/data\",\"value\":{\"k\":\"v\"}}] ; get configmap ~seven -o jsonpath={.data.k}", "v")]
    [InlineData("create configmap ~eight --from-literal=a=b ; patch configmap ~eight --type=merge -p={\"data\":{\"a\":null,\"c\":\"d\"}} ; get configmap ~eight -o jsonpath={.data}", "{\"c\":\"d\"}")]
    [InlineData("scale deployment web --replicas=3 ; get deployment web -o jsonpath={.spec.replicas}", "3")]
    [InlineData("patch deployment web -p={\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"log\",\"image\":\"l:1\"}]}}}} ; get deployment web -o jsonpath={.spec.template.spec.containers[*].name}", "app", "log")]
    [InlineData("patch widget first --type=merge -p={\"spec\":{\"colour\":\"red\"}} ; get widget first -o jsonpath={.spec.colour}", "red")]
    [InlineData("create configmap ~nine ; delete configmap ~nine --cascade=foreground --wait=false", "configmap \"~nine\" deleted")]
    [InlineData("create configmap ~ten ; label configmap ~ten ~ten=1 ; delete configmap -l ~ten=1", "configmap \"~ten\" deleted")]
    [InlineData("run ~eleven --image=x:1 ; delete pod ~eleven --force", "pod \"~eleven\" force deleted")]
    [InlineData("create configmap ~twelve --dry-run=server ; get configmap ~twelve --ignore-not-found -o name", "")]
    [InlineData("delete --raw /api/v1/namespaces/shop/configmaps?labelSelector=nothing=such", "ConfigMapList")]
    public async Task It_changes(string commands, params string[] expected)
    {
        string output = "";
        foreach (string command in commands.Split(" ; "))
            output = (await _kubectl.RunAsync(Named(command).Split(' '))).Succeeded();
        Assert.All(expected, e => Assert.Contains(Named(e), output, StringComparison.Ordinal));
        Assert.True(expected is not [""] || output.Length == 0);
    }

    [Fact]
    public async Task Apply_creates_changes_and_removes_what_it_no_longer_names()
    {
        Assert.Contains(Named("deployment.apps/~applied created"), await ApplyAsync(Deployment("a:1", replicas: 2)), StringComparison.Ordinal);
        Assert.Contains("unchanged", await ApplyAsync(Deployment("a:1", replicas: 2)), StringComparison.Ordinal);
        Assert.Contains("configured", await ApplyAsync(Deployment("a:2", replicas: null)), StringComparison.Ordinal);
        string after = (await _kubectl.RunAsync("get", "deployment", Named("~applied"), "-o", "json")).Succeeded();
        JsonNode deployment = JsonNode.Parse(after)!;
        Assert.Equal("a:2", deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]!.ToString());
        Assert.Contains("a:2", deployment["metadata"]!["annotations"]!["kubectl.kubernetes.io/last-applied-configuration"]!.ToString(), StringComparison.Ordinal);
        Assert.Contains("deleted", (await _kubectl.RunAsync("delete", "-f", _kubectl.Folder.At("applied.yaml"))).Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_side_apply_keeps_to_the_fields_of_others()
    {
        string file = _kubectl.Folder.Write("ssa.yaml", Named("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ~ssa\ndata:\n  a: '1'\n  b: '1'\n"));
        Assert.Contains("serverside-applied", (await _kubectl.RunAsync("apply", "--server-side", "--field-manager=one", "-f", file)).Succeeded(), StringComparison.Ordinal);
        _kubectl.Folder.Write("ssa.yaml", Named("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ~ssa\ndata:\n  a: '2'\n"));
        string conflict = (await _kubectl.RunAsync("apply", "--server-side", "--field-manager=two", "-f", file)).Failed();
        Assert.Contains("conflict with \"one\"", conflict, StringComparison.Ordinal);
        Assert.Contains(".data.a", conflict, StringComparison.Ordinal);
        (await _kubectl.RunAsync("apply", "--server-side", "--field-manager=two", "--force-conflicts", "-f", file)).Succeeded();
        _kubectl.Folder.Write("ssa.yaml", Named("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ~ssa\ndata: {}\n"));
        (await _kubectl.RunAsync("apply", "--server-side", "--field-manager=one", "-f", file)).Succeeded();
        // b was one's alone and is gone; a is two's now.
        Assert.Equal("{\"a\":\"2\"}", (await _kubectl.RunAsync("get", "configmap", Named("~ssa"), "-o", "jsonpath={.data}")).Succeeded().Trim());
    }

    [Fact]
    public async Task An_old_version_does_not_replace_a_new_one()
    {
        (await _kubectl.RunAsync("create", "configmap", Named("~old"))).Succeeded();
        string file = _kubectl.Folder.Write("old.json", (await _kubectl.RunAsync("get", "configmap", Named("~old"), "-o", "json")).Succeeded());
        (await _kubectl.RunAsync("label", "configmap", Named("~old"), "x=y")).Succeeded();
        Assert.Contains("Error from server (Conflict)", (await _kubectl.RunAsync("replace", "-f", file)).Failed(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_edit_is_a_patch()
    {
        (await _kubectl.RunAsync("create", "configmap", Named("~edited"), "--from-literal=a=b")).Succeeded();
        string editor = _kubectl.Folder.Write("editor", "#!/bin/sh\nsed -i 's/a: b/a: c/' \"$1\"\n");
        File.SetUnixFileMode(editor, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using (ChildProcess edit = ChildProcess.Start(["env", "EDITOR=" + editor, "KUBECONFIG=" + _kubectl.Folder.At("config"), Kubectl.Program, "edit", "configmap", Named("~edited")]))
            Assert.Equal(0, await edit.WaitForExitAsync());
        Assert.Equal("c", (await _kubectl.RunAsync("get", "configmap", Named("~edited"), "-o", "jsonpath={.data.a}")).Succeeded().Trim());
    }

    [Theory]
    [InlineData("create configmap settings", "configmaps \"settings\" already exists")]
    [InlineData("create configmap UPPER", "a lowercase RFC 1123 subdomain")]
    [InlineData("create configmap x -n nowhere", "namespaces \"nowhere\" not found")]
    [InlineData("patch widget first -p={\"spec\":{\"size\":2}}", "application/strategic-merge-patch+json is not supported")]
    [InlineData("patch configmap settings --type=json -p=[{\"op\":\"test\",\"path\":\"/data/colour\",\"value\":\"red\"}]", "The request is invalid")]
    public async Task It_is_refused(string command, params string[] expected)
    {
        string error = (await _kubectl.RunAsync(command.Split(' '))).Failed();
        Assert.All(expected, e => Assert.Contains(e, error, StringComparison.Ordinal));
    }

    [Fact, Trait(ClusterTraits.Name, ClusterTraits.Local)]
    public async Task Bodies_are_seen_whole()
    {
        SeenRequests seen = way.Cluster.Seen!;
        int before = seen.Count;
        (await _kubectl.RunAsync("delete", "configmap", "nobody", "--ignore-not-found", "--cascade=orphan")).Succeeded();
        SeenRequest delete = Assert.Single(seen.After(before), r => r.Method == "DELETE");
        Assert.Equal("Orphan", JsonNode.Parse(delete.Body)!["propagationPolicy"]!.ToString());
    }

    [Fact]
    public async Task A_watch_tells_what_happens_as_it_happens()
    {
        await using ChildProcess watch = _kubectl.Start("get", "configmap", "-l", Named("~watched=1"), "--watch", "--output-watch-events");
        (await _kubectl.RunAsync("create", "configmap", Named("~watched"))).Succeeded();
        (await _kubectl.RunAsync("label", "configmap", Named("~watched"), Named("~watched=1"))).Succeeded();
        await watch.WaitForOutputAsync("ADDED");
        (await _kubectl.RunAsync("annotate", "configmap", Named("~watched"), "a=b")).Succeeded();
        await watch.WaitForOutputAsync("MODIFIED");
        (await _kubectl.RunAsync("label", "configmap", Named("~watched"), Named("~watched-"))).Succeeded();
        await watch.WaitForOutputAsync("DELETED");
    }

    [Fact]
    public async Task A_raw_watch_has_bookmarks()
    {
        await using ChildProcess watch = _kubectl.Start("get", "--raw", "/api/v1/namespaces/shop/secrets?watch=1&allowWatchBookmarks=true&timeoutSeconds=100&fieldSelector=metadata.name%3Ddb");
        await watch.WaitForOutputAsync("\"type\":\"ADDED\"");
        (await _kubectl.RunAsync("create", "configmap", Named("~moves-the-revision"))).Succeeded();
        if (way.Cluster.Local is not null)
            await watch.WaitForOutputAsync("\"type\":\"BOOKMARK\"");
    }

    [Fact, Trait(ClusterTraits.Name, ClusterTraits.Local)]
    public async Task A_watch_from_before_what_is_kept_is_told_so()
    {
        way.Cluster.Local!.Compact();
        KubectlResult watch = await _kubectl.RunAsync("get", "--raw", "/api/v1/namespaces/shop/pods?watch=1&resourceVersion=1001&timeoutSeconds=5");
        Assert.Contains("\"code\":410", watch.Succeeded(), StringComparison.Ordinal);
    }

    private string Named(string text) => text.Replace("~", way.Mark, StringComparison.Ordinal);

    private string Deployment(string image, int? replicas) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {{Named("~applied")}}
        spec:
          {{(replicas is null ? "minReadySeconds: 1" : $"replicas: {replicas}")}}
          selector:
            matchLabels: {app: applied}
          template:
            metadata:
              labels: {app: applied}
            spec:
              containers:
              - name: app
                image: {{image}}
                env:
                - {name: MODE, value: "on"}
        """;

    private async Task<string> ApplyAsync(string yaml) => (await _kubectl.RunAsync("apply", "-f", _kubectl.Folder.Write("applied.yaml", yaml))).Succeeded();
}
