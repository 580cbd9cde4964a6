using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Shared.KubernetesServer;
using Sallyport.Shared.KubernetesServer.Seeds;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Kubernetes.Gateway;

/// <summary>What is written down of exec, cp and port-forward, and what of it is masked.</summary>
[Collection(KubernetesGateways.Name)]
public sealed class TunnelTests(GatewayFixture fixture)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_command_is_recorded_with_its_input(bool webSockets)
    {
        using Kubectl kubectl = fixture.Gateway.Kubectl(fixture.Admin, webSockets);
        string mark = Guid.NewGuid().ToString("N");
        (await kubectl.RunAsync($"in-{mark}", ["exec", "-i", "web-0", "-c", "app", "--", "sh", "-c", "cat; echo \"$0\" >&2", $"err-{mark}"])).Succeeded();
        Recorded recording = await WithAsync($"err-{mark}");
        string all = Encoding.Latin1.GetString(recording.Bytes);
        Assert.Contains(Message(0, $"in-{mark}"), all, StringComparison.Ordinal);
        Assert.Contains(Message(1, $"in-{mark}"), all, StringComparison.Ordinal);
        Assert.Contains(Message(2, $"err-{mark}\n"), all, StringComparison.Ordinal);
        Assert.Contains("\"status\":\"Success\"", all, StringComparison.Ordinal);
    }

    /// <summary>As browsers open them (RFC 8441); API servers know WebSockets of HTTP/1.1 alone.</summary>
    [Theory]
    [InlineData("ls", "/etc", true)]
    [InlineData("cat", "/etc/passwd", false)]
    public async Task A_WebSocket_over_HTTP2_is_judged_and_recorded_as_any_other(string command, string argument, bool isAllowed)
    {
        string path = $"/api/v1/namespaces/shop/pods/web-1/exec?command={command}&command={Uri.EscapeDataString(argument)}&stdout=true&stderr=true";
        using HttpClient client = Seed.Client(fixture.Gateway.Address, fixture.Gateway.Authority, ClusterCredential.OfToken(fixture.Developer));
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.AddSubProtocol("v5.channel.k8s.io");
        Task connecting = socket.ConnectAsync(new Uri($"wss://localhost:{fixture.Gateway.Port}{path}"), client, CancellationToken.None);
        if (!isAllowed)
        {
            await Assert.ThrowsAsync<WebSocketException>(() => connecting);
            Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
            return;
        }

        await connecting;
        Assert.Equal("v5.channel.k8s.io", socket.SubProtocol);
        var all = new StringBuilder();
        byte[] buffer = new byte[4096];
        for (WebSocketReceiveResult part; (part = await socket.ReceiveAsync(buffer, CancellationToken.None)).MessageType != WebSocketMessageType.Close;)
            all.Append(Encoding.UTF8.GetString(buffer, 0, part.Count));
        Assert.Contains("passwd", all.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"status\":\"Success\"", all.ToString(), StringComparison.Ordinal);
        socket.Dispose();
        client.Dispose();
        Recorded recording = await WithAsync("command=ls&command=%2Fetc&");
        Assert.Contains("\"status\":\"Success\"", Encoding.Latin1.GetString(recording.Bytes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_typed_without_an_echo_is_not_recorded(bool webSockets)
    {
        using Kubectl kubectl = fixture.Gateway.Kubectl(fixture.Admin, webSockets);
        string mark = Guid.NewGuid().ToString("N");
        await using ChildProcess shell = kubectl.StartOnTerminal("exec", "-it", "web-0", "-c", "app", "--", "sh");
        await shell.Input.WriteAsync($"stty -echo; echo rea''dy-{mark}\n");
        await shell.Input.FlushAsync();
        await shell.WaitForOutputAsync($"ready-{mark}");
        await shell.Input.WriteAsync($"read x; echo got $(printf %s \"$x\" | wc -c)\nsecret-{mark}\nexit\n");
        await shell.Input.FlushAsync();
        await shell.WaitForOutputAsync("got 39");
        await shell.WaitForExitAsync();
        string all = Encoding.Latin1.GetString((await WithAsync($"ready-{mark}")).Bytes);
        Assert.DoesNotContain($"secret-{mark}", all, StringComparison.Ordinal);
        Assert.Contains("\"Width\":100,\"Height\":40", all, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Copied_files_are_named_and_their_bytes_not_kept(bool webSockets)
    {
        using Kubectl kubectl = fixture.Gateway.Kubectl(fixture.Admin, webSockets);
        string name = "file-" + Guid.NewGuid().ToString("N");
        byte[] data = [.. "canary-of-a-file"u8, .. RandomNumberGenerator.GetBytes(200_000)];
        await File.WriteAllBytesAsync(kubectl.Folder.At(name), data);
        (await kubectl.RunAsync("cp", kubectl.Folder.At(name), $"web-0:{name}", "-c", "app")).Succeeded();
        (await kubectl.RunAsync("cp", $"web-0:{name}", kubectl.Folder.At("back"), "-c", "app")).Succeeded();
        string digest = Convert.ToHexStringLower(SHA256.HashData(data));
        foreach (string direction in (string[])["upload", "download"])
        {
            Recorded recording = await WithAsync(r => r.Events.Any(e => e.Name == "file" && e.Detail.Contains($"\"{name}\",\"direction\":\"{direction}\",\"bytes\":{data.Length},\"sha256\":\"{digest}\"", StringComparison.Ordinal)), direction);
            Assert.DoesNotContain("canary-of-a-file", Encoding.Latin1.GetString(recording.Bytes), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Forwarded_connections_are_counted(bool webSockets)
    {
        using Kubectl kubectl = fixture.Gateway.Kubectl(fixture.Admin, webSockets);
        string mark = Guid.NewGuid().ToString("N");
        int port = FreePort.Next();
        int before = Events("forward").Count;
        await using (ChildProcess forward = kubectl.Start("port-forward", "pod/web-0", $"{port}:{Seed.EchoPort}"))
        {
            await forward.WaitForOutputAsync("Forwarding from 127.0.0.1");
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            Assert.Contains(mark, await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/{mark}")), StringComparison.Ordinal);
        }

        await WaitAsync(() => Events("forward").Count > before, "an event of the connection");
        Assert.Contains(Events("forward"), detail => detail.Contains($"\"destination\":\"web-0.shop:{Seed.EchoPort}\",\"bytes-to-target\":", StringComparison.Ordinal) && !detail.Contains("-to-target\":0,", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Logs_and_commands_are_masked()
    {
        using Kubectl carol = fixture.Gateway.Kubectl(fixture.Support);
        fixture.Cluster.Node.Container(Seed.Space, Seed.OtherPod, Seed.App).Log.Write("mail from canary@example.com came");
        string log = (await carol.RunAsync("logs", Seed.OtherPod)).Succeeded();
        Assert.Contains("mail from [redacted] came", log, StringComparison.Ordinal);
        KubectlResult ran = await carol.RunAsync("exec", "web-0", "-c", "app", "--", "sh", "-c", "echo to canary@exam''ple.com; printf 'x canary@exa' >&2; sleep 0.1; echo mple.com >&2; exit 3");
        Assert.Equal("to [redacted]\n", ran.Output);
        Assert.Equal("x [redacted]\ncommand terminated with exit code 3\n", ran.Error);
    }

    [Fact]
    public async Task A_followed_log_is_masked_line_by_line()
    {
        using Kubectl carol = fixture.Gateway.Kubectl(fixture.Support);
        var log = fixture.Cluster.Node.Container(Seed.Space, Seed.Pod, Seed.Side).Log;
        await using ChildProcess following = carol.Start("logs", "-f", Seed.Pod, "-c", Seed.Side, "--tail=1");
        await following.WaitForOutputAsync("line 3");
        log.Write("now canary@example.com too");
        await following.WaitForOutputAsync("now [redacted] too");
        Assert.DoesNotContain("canary@", following.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_masked_is_refused_with_the_reason()
    {
        using Kubectl carol = fixture.Gateway.Kubectl(fixture.Support, webSockets: false);
        string error = (await carol.RunAsync("exec", "web-0", "-c", "app", "--", "true")).Failed();
        Assert.Contains("Forbidden", error, StringComparison.Ordinal);
        Assert.Contains("not done over SPDY/3.1", error, StringComparison.Ordinal);
    }

    /// <summary>What a message of a tunnel ends with: its channel, and bytes.</summary>
    private static string Message(byte channel, string text) => (char)channel + text;

    private List<string> Events(string name) => [.. All().SelectMany(r => r.Events).Where(e => e.Name == name).Select(e => e.Detail)];

    private IEnumerable<Recorded> All() => Recorded.In(fixture.Gateway.Recordings);

    private Task<Recorded> WithAsync(string text) => WithAsync(r => Encoding.Latin1.GetString(r.Bytes).Contains(text, StringComparison.Ordinal), text);

    private async Task<Recorded> WithAsync(Func<Recorded, bool> like, string what)
    {
        Recorded? found = null;
        await WaitAsync(() => (found = All().LastOrDefault(like)) is not null, what);
        return found!;
    }

    private static async Task WaitAsync(Func<bool> until, string what)
    {
        long deadline = Environment.TickCount64 + 20_000;
        while (!until())
        {
            if (Environment.TickCount64 > deadline)
                throw new TimeoutException($"There was no {what}.");
            await Task.Delay(50);
        }
    }
}
