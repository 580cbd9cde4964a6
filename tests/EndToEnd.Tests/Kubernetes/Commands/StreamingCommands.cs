using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Shared.KubernetesServer.Requests;
using Sallyport.Shared.KubernetesServer.Seeds;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Kubernetes.Commands;

/// <summary>kubectl: exec, attach, cp and port-forward, over WebSockets and over SPDY/3.1.</summary>
public abstract class StreamingCommands(IWayToCluster way) : IDisposable
{
    private readonly Dictionary<bool, Kubectl> _kubectls = new() { [true] = way.Kubectl(), [false] = way.Kubectl(webSockets: false) };

    public void Dispose()
    {
        foreach (Kubectl kubectl in _kubectls.Values)
            kubectl.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Exec_has_output_error_environment_and_exit_code(bool webSockets)
    {
        KubectlResult ran = await _kubectls[webSockets].RunAsync("exec", "web-0", "-c", "app", "--", "sh", "-c", "echo $COLOUR; echo wrong >&2; exit 7");
        Assert.Equal("blue\n", ran.Output);
        Assert.Equal("wrong\ncommand terminated with exit code 7\n", ran.Error);
        Assert.Equal(7, ran.Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Exec_has_input_to_its_end(bool webSockets)
    {
        KubectlResult ran = await _kubectls[webSockets].RunAsync("one\ntwo\n", ["exec", "-i", "web-0", "-c", "app", "--", "wc", "-l"]);
        Assert.Equal("2", ran.Succeeded().Trim());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Exec_has_a_terminal_with_its_size(bool webSockets)
    {
        await using ChildProcess shell = _kubectls[webSockets].StartOnTerminal("exec", "-it", "web-0", "-c", "app", "--", "sh");
        await shell.Input.WriteAsync("stty size; tty; exit 5\n");
        await shell.Input.FlushAsync();
        await shell.WaitForOutputAsync("40 100");
        await shell.WaitForOutputAsync("/dev/pts/");
        await shell.WaitForOutputAsync("command terminated with exit code 5");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Files_are_copied_in_and_out(bool webSockets)
    {
        Kubectl kubectl = _kubectls[webSockets];
        byte[] data = RandomNumberGenerator.GetBytes(1_000_000);
        await File.WriteAllBytesAsync(kubectl.Folder.At("in"), data);
        string name = $"copied-{webSockets}";
        (await kubectl.RunAsync("cp", kubectl.Folder.At("in"), $"web-0:{name}", "-c", "app")).Succeeded();
        Assert.Equal(data, await File.ReadAllBytesAsync(Path.Combine(way.Cluster.Node.Container(Seed.Space, Seed.Pod, Seed.App).Folder, name)));
        (await kubectl.RunAsync("cp", $"web-0:{name}", kubectl.Folder.At("out"), "-c", "app")).Succeeded();
        Assert.Equal(data, await File.ReadAllBytesAsync(kubectl.Folder.At("out")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Attach_shows_what_runs_and_takes_what_is_typed(bool webSockets)
    {
        KubectlResult ran = await _kubectls[webSockets].RunAsync($"typed {webSockets}\n", ["attach", "-i", "web-0", "-c", "side"]);
        Assert.Contains($"typed {webSockets}", ran.Succeeded(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_port_is_forwarded_for_more_than_one_connection(bool webSockets)
    {
        int port = FreePort.Next();
        await using ChildProcess forward = _kubectls[webSockets].Start("port-forward", "pod/web-0", $"{port}:{Seed.EchoPort}");
        await forward.WaitForOutputAsync("Forwarding from 127.0.0.1");
        for (int i = 0; i < 3; i++)
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            JsonNode answer = JsonNode.Parse(await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/turn/{i}")))!;
            Assert.Equal($"/turn/{i}", answer["path"]!.ToString());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_port_that_nobody_listens_on_is_an_error(bool webSockets)
    {
        int port = FreePort.Next();
        await using ChildProcess forward = _kubectls[webSockets].Start("port-forward", "pod/web-0", $"{port}:9");
        await forward.WaitForOutputAsync("Forwarding from 127.0.0.1");
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        await forward.WaitForOutputAsync("connection refused");
    }

    [Theory, Trait(ClusterTraits.Name, ClusterTraits.Local)]
    [InlineData("exec web-0 -c app -- true", "/exec", "v5.channel.k8s.io")]
    [InlineData("attach web-0 -c app", "/attach", "v5.channel.k8s.io")]
    public async Task A_websocket_asks_for_its_protocol(string command, string subresource, string protocol)
    {
        SeenRequests seen = way.Cluster.Seen!;
        int before = seen.Count;
        await using ChildProcess ran = _kubectls[true].Start(command.Split(' '));
        SeenRequest upgraded = await seen.WaitForAsync(r => r.Number > before && r.Status == 101);
        Assert.EndsWith(subresource, upgraded.Path, StringComparison.Ordinal);
        Assert.Equal(("GET", "HTTP/1.1"), (upgraded.Method, upgraded.Protocol));
        Assert.Contains(protocol, upgraded.Header("Sec-WebSocket-Protocol"));
    }

    // A real kube-apiserver proxies to no loopback address, and there is no other one here.
    [Fact, Trait(ClusterTraits.Name, ClusterTraits.Local)]
    public async Task A_service_and_a_pod_are_proxied()
    {
        foreach (string path in (string[])["services/web:http", "pods/web-0:8080"])
        {
            string answer = (await _kubectls[true].RunAsync("get", "--raw", $"/api/v1/namespaces/shop/{path}/proxy/some/path?q=1")).Succeeded();
            Assert.Equal("/some/path?q=1", JsonNode.Parse(answer)!["path"]!.ToString());
        }
    }
}
