using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Tests.Kubernetes.Tunnels;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Exchanges;

/// <summary>What people are shown of a request that they decide on.</summary>
public sealed class HeldRequestTests
{
    private const string Body = """
        {"kind":"X","type":"Opaque","metadata":{"name":"web","labels":{"data":"shown"},"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{hunter2}"}},
        "data":{"p":"hunter2","tls.crt":"hunter2"},"stringData":{"q":"hunter2"},"database":"shown"}
        """;

    [Theory]
    [InlineData("POST", "/api/v1/namespaces/shop/secrets", "application/json", Body)]
    [InlineData("PUT", "/api/v1/namespaces/shop/secrets/web", "application/json", Body)]
    [InlineData("PATCH", "/api/v1/namespaces/shop/secrets/web", "application/merge-patch+json", Body)]
    [InlineData("PATCH", "/api/v1/namespaces/shop/secrets/web", "application/apply-patch+yaml", "database: shown\ndata:\n  p: hunter2\n")]
    [InlineData("PATCH", "/api/v1/namespaces/shop/secrets/web", "application/json-patch+json", """[{"op":"add","path":"/data/p","value":"hunter2"},{"op":"add","path":"/stringData/0","value":"hunter2"},{"op":"add","path":"/data","value":"hunter2"},{"op":"add","path":"/database","value":"shown"}]""")]
    public void Values_of_secrets_are_hidden_and_bound(string method, string path, string type, string body)
    {
        HeldAction held = Held(method, path, type, body);
        string shown = string.Join(' ', held.Parameters.Select(p => $"{p.Type}={p.Value}")) + held.Text + string.Join(' ', held.Effects.Select(e => e.Name));
        Assert.DoesNotContain("hunter2", shown, StringComparison.Ordinal);
        Assert.Contains("field:data", shown, StringComparison.Ordinal);
        Assert.Contains("field:database=shown", shown, StringComparison.Ordinal);
        Assert.False(held.Digest.Span.SequenceEqual(Held(method, path, type, body.Replace("hunter2", "hunter3", StringComparison.Ordinal)).Digest.Span));
    }

    [Theory]
    [InlineData("/api/v1/namespaces/shop/configmaps")]
    [InlineData("/apis/example.com/v1/namespaces/shop/secrets")]
    public void Those_of_others_are_shown(string path) =>
        Assert.Contains(new HeldParameter("field:data.p", "hunter2"), Held("POST", path, "application/json", Body).Parameters);

    /// <summary>kubectl asks for the same command by a WebSocket and then by SPDY: one person's yes is enough.</summary>
    [Fact]
    public void Of_commands_the_protocol_is_not_bound_and_all_else_is()
    {
        const string Path = "/api/v1/namespaces/shop/pods/web/exec?command=ls&stdout=true";
        byte[] socket = Tunnel("GET", Path, ("upgrade", "websocket"), ("sec-websocket-key", "a"), ("sec-websocket-protocol", "v5.channel.k8s.io"));
        Assert.Equal(socket, Tunnel("POST", Path, ("upgrade", "SPDY/3.1"), ("x-stream-protocol-version", "v4.channel.k8s.io")));
        Assert.NotEqual(socket, Tunnel("GET", Path.Replace("ls", "rm", StringComparison.Ordinal), ("upgrade", "websocket")));
        Assert.NotEqual(socket, Tunnel("GET", Path, ("upgrade", "websocket"), ("x-tenant", "b")));
        const string Watch = "/api/v1/namespaces/shop/pods?watch=1";
        Assert.NotEqual(Tunnel("GET", Watch, ("upgrade", "websocket")), Tunnel("GET", Watch, ("upgrade", "SPDY/3.1")));
        Assert.NotEqual(Tunnel("GET", Watch, ("upgrade", "websocket")), Tunnel("POST", Watch, ("upgrade", "websocket")));
    }

    private static byte[] Tunnel(string method, string path, params (string Name, string Value)[] fields)
    {
        var target = new HttpTarget { Info = new TargetInfo { Name = "cluster", Protocol = "http2" }, Authority = "api", IsKubernetes = true };
        var head = new HttpHead(1 << 16, 100);
        foreach ((string name, string value) in ((string, string)[])[(":method", method), (":path", path), .. fields])
            head.TryAdd(Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(value));
        return RequestDigest.Of(head, new HttpRequest(target, 0, IsUpgrade: true), []);
    }

    private static HeldAction Held(string method, string path, string type, string body)
    {
        var target = new HttpTarget { Info = new TargetInfo { Name = "cluster", Protocol = "http2" }, Authority = "api", IsKubernetes = true };
        var head = new HttpHead(1 << 16, 100);
        head.TryAdd(":method"u8, Encoding.ASCII.GetBytes(method));
        head.TryAdd(":path"u8, Encoding.ASCII.GetBytes(path));
        head.TryAdd("content-type"u8, Encoding.ASCII.GetBytes(type));
        return new RequestActions().Held(head, new HttpRequest(target, 0, IsUpgrade: false), Encoding.UTF8.GetBytes(body), new TapeDouble().Context, TimeSpan.Zero);
    }
}
