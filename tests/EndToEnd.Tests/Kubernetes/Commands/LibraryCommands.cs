using System.Text;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Shared.KubernetesServer.Seeds;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Kubernetes.Commands;

/// <summary>What other programs speak to Kubernetes by: KubernetesClient of .NET, and Debian's python3-kubernetes, each with its own ideas of HTTP.</summary>
public abstract class LibraryCommands(IWayToCluster way) : IDisposable
{
    private readonly Kubectl _kubectl = way.Kubectl();

    public void Dispose()
    {
        _kubectl.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task KubernetesClient_reads_writes_and_watches()
    {
        using k8s.Kubernetes client = Client();
        Assert.Contains((await client.CoreV1.ListNamespacedPodAsync(Seed.Space)).Items, pod => pod.Name() == Seed.Pod);
        string name = way.Mark + "library";
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        V1ConfigMap made = await client.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap { Metadata = new V1ObjectMeta { Name = name }, Data = new Dictionary<string, string> { ["colour"] = "red" } }, Seed.Space, cancellationToken: patience.Token);
        Task<string> changed = ChangedAsync(client, name, made.ResourceVersion(), patience.Token);
        await client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch("""{"data":{"colour":"green"}}""", V1Patch.PatchType.MergePatch), name, Seed.Space, cancellationToken: patience.Token);
        Assert.Equal("green", await changed);
        await client.CoreV1.DeleteNamespacedConfigMapAsync(name, Seed.Space, cancellationToken: patience.Token);
        HttpOperationException gone = await Assert.ThrowsAsync<HttpOperationException>(() => client.CoreV1.ReadNamespacedConfigMapAsync(name, Seed.Space, cancellationToken: patience.Token));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, gone.Response.StatusCode);
    }

    [Fact]
    public async Task KubernetesClient_runs_a_command()
    {
        using k8s.Kubernetes client = Client();
        string output = "", error = "";
        int code = await client.NamespacedPodExecAsync(
            Seed.Pod,
            Seed.Space,
            Seed.App,
            ["sh", "-c", "echo $COLOUR; echo wrong >&2; exit 7"],
            tty: false,
            async (_, stdout, stderr) => (output, error) = (await ReadAsync(stdout), await ReadAsync(stderr)),
            CancellationToken.None);
        Assert.Equal((7, "blue\n", "wrong\n"), (code, output, error));
    }

    [Fact]
    public async Task KubernetesClient_forwards_a_port()
    {
        using k8s.Kubernetes client = Client();
        using System.Net.WebSockets.WebSocket socket = await client.WebSocketNamespacedPodPortForwardAsync(Seed.Pod, Seed.Space, [Seed.EchoPort], "v4.channel.k8s.io");
        using var demuxer = new StreamDemuxer(socket, StreamType.PortForward);
        demuxer.Start();
        await using Stream port = demuxer.GetStream((byte?)0, (byte?)0);
        await port.WriteAsync("GET /hello HTTP/1.0\r\n\r\n"u8.ToArray());
        byte[] answer = new byte[9];
        await port.ReadExactlyAsync(answer).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.StartsWith("HTTP/1.", Encoding.ASCII.GetString(answer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Python()
    {
        string script = Path.Combine(Repository.Root, "tests/EndToEnd.Tests/Kubernetes/Commands/python_client.py");
        await using ChildProcess python = ChildProcess.Start(["/usr/bin/python3", "-B", "-W", "ignore", script, _kubectl.Folder.At("config"), way.Mark + "python"]);
        int code = await python.WaitForExitAsync();
        Assert.True(code == 0 && python.Output.EndsWith("done\n", StringComparison.Ordinal), $"{code}\n{python.Output}\n{python.Error}");
    }

    private k8s.Kubernetes Client() => new(KubernetesClientConfiguration.BuildConfigFromConfigFile(_kubectl.Folder.At("config")));

    /// <summary>The colour that a watch tells, when it is another.</summary>
    private static async Task<string> ChangedAsync(k8s.Kubernetes client, string name, string version, CancellationToken cancel)
    {
        await foreach ((WatchEventType type, V1ConfigMap item) in client.CoreV1.WatchListNamespacedConfigMapAsync(Seed.Space, fieldSelector: "metadata.name=" + name, resourceVersion: version, cancellationToken: cancel))
        {
            if (type == WatchEventType.Modified)
                return item.Data["colour"];
        }

        return "the watch has ended";
    }

    private static async Task<string> ReadAsync(Stream stream)
    {
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}
