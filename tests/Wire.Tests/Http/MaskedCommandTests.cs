using System.Net.Sockets;
using Sallyport.Protocols.Http2;

namespace Sallyport.Wire.Tests.Http;

/// <summary>What a mask holds back of a command's output is shown before it is said how the command ended: behind a Close nobody reads anything (RFC 6455 5.5.1).</summary>
public sealed class MaskedCommandTests
{
    private const string Masked = """
        policy: open
        match: {targets: [app]}
        rules:
          - {id: enter, effect: allow, verbs: [login]}
          - {id: all, effect: allow, verbs: [all]}
        mask:
          - {id: mail, detect: [email], with: redact}
        """;

    private const string Status = """{"metadata":{},"status":"Success"}""";
    private const string Close = "\u0088\u0002\u0003\u00e8";

    [Theory]
    [InlineData("v4.channel.k8s.io", "hello", "hello", false)]
    [InlineData("v5.channel.k8s.io", "hello", "hello", false)]
    [InlineData("v5.channel.k8s.io", "hello", "hello", true)]
    [InlineData("v5.channel.k8s.io", "hello\n", "hello\n", true)]
    [InlineData("v5.channel.k8s.io", "a line\nann@example.com", "[redacted]", false)]
    [InlineData("v5.channel.k8s.io", "", "", true)]
    public async Task The_end_of_the_output_comes_before_the_status_and_the_closing(string protocol, string output, string shown, bool atOnce)
    {
        await using HttpRig rig = Rig();
        (H1Peer client, H1Peer target) = await BeginAsync(rig, protocol);
        string[] parts = [Binary((char)1 + output), Binary((char)3 + Status), Close];
        foreach (string part in atOnce ? [string.Concat(parts)] : parts)
            await target.SendAsync(part);
        target.Socket.Shutdown(SocketShutdown.Send);
        string all = await RestAsync(client);
        Assert.EndsWith(Binary((char)3 + Status) + Close, all, StringComparison.Ordinal);
        Assert.Contains(shown, all, StringComparison.Ordinal);
        Assert.DoesNotContain("ann@", all, StringComparison.Ordinal);
    }

    /// <summary>A target that closes without a status, as one that is stopped does.</summary>
    [Fact]
    public async Task The_end_of_the_output_comes_before_a_closing_alone()
    {
        await using HttpRig rig = Rig();
        (H1Peer client, H1Peer target) = await BeginAsync(rig, "v5.channel.k8s.io");
        await target.SendAsync(Binary("\u0001hello") + Close);
        target.Socket.Shutdown(SocketShutdown.Send);
        string all = await RestAsync(client);
        Assert.Contains("hello", all, StringComparison.Ordinal);
        Assert.EndsWith(Close, all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_is_asked_about_a_command_that_cannot_be_masked()
    {
        const string Held = """
            policy: open
            match: {targets: [app]}
            rules:
              - {id: enter, effect: allow, verbs: [login]}
              - {id: all, effect: allow, verbs: [all]}
              - {id: ask, effect: hold, verbs: [exec]}
            mask:
              - {id: mail, detect: [email], with: redact}
            """;
        var approver = new Approver();
        await using HttpRig rig = Rig(Held);
        rig.Approvals = approver;
        H1Peer client = await rig.OldClientAsync();
        await client.AskAsync(
            "POST /api/v1/namespaces/shop/pods/web/exec?command=ls&stdout=true", "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n");
        Assert.Contains("not done over SPDY/3.1", await client.BodyAsync(await client.StatusAsync(403)), StringComparison.Ordinal);
        Assert.False(approver.IsAsked);
    }

    private static HttpRig Rig(string policy = Masked)
    {
        var rig = new HttpRig(http2Target: false, policy: policy);
        rig.Target = new HttpTarget { Info = rig.Target.Info, Authority = rig.Target.Authority, IsKubernetes = true };
        return rig;
    }

    private static async Task<(H1Peer Client, H1Peer Target)> BeginAsync(HttpRig rig, string protocol)
    {
        H1Peer client = await rig.OldClientAsync();
        await client.AskAsync(
            "GET /api/v1/namespaces/shop/pods/web/exec?command=printf&command=hello&stdout=true&stderr=true",
            WebSocketMsg.Upgrade + $"Sec-WebSocket-Protocol: {protocol}\r\n");
        H1Peer target = await rig.OldTargetAsync();
        await target.SendAsync(WebSocketMsg.Switching(await target.HeadAsync(), $"Sec-WebSocket-Protocol: {protocol}\r\n"));
        await client.StatusAsync(101);
        return (client, target);
    }

    private static async Task<string> RestAsync(H1Peer client)
    {
        string all = "";
        try
        {
            while (true)
                all += await client.TakeAsync(1);
        }
        catch (InvalidDataException)
        {
            // It has ended.
            return all;
        }
    }

    private static string Binary(string payload) => $"\u0082{(char)payload.Length}{payload}";
}
