using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Kubernetes.Tunnels;
using Sallyport.Protocols.Http2.Tests.Bodies;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Kubernetes.Tunnels;

/// <summary>Upgrades that policy lets through and masks do not.</summary>
public sealed class KubeTunnelsTests
{
    private const string Watch = "/api/v1/namespaces/shop/secrets?watch=1";
    private const string Exec = "/api/v1/namespaces/shop/pods/web/exec?command=sh";

    [Theory]
    [InlineData(Watch, "websocket", "secrets", true)]
    [InlineData(Watch, "websocket", "widgets", false)]
    [InlineData(Exec, "SPDY/3.1", "exec", true)]
    [InlineData(Exec, "SPDY/3.1", "widgets", false)]
    [InlineData(Exec + "&tty=1", "SPDY/3.1", "exec", true)]
    public void The_masks_of_what_is_asked_for_decide(string path, string upgrade, string about, bool refused)
    {
        var target = new HttpTarget { Info = new TargetInfo { Name = "cluster", Protocol = "http2" }, Authority = "api", IsKubernetes = true };
        var head = new HttpHead(1 << 16, 100);
        head.TryAdd(":method"u8, "GET"u8);
        head.TryAdd(":path"u8, Encoding.ASCII.GetBytes(path));
        head.TryAdd("upgrade"u8, Encoding.ASCII.GetBytes(upgrade));
        var masks = new TestMasks("data.") { Word = "hunter2", About = about };
        Assert.Equal(refused ? 403 : null, KubeTunnels.Check(masks, new HttpRequest(target, 0, IsUpgrade: true), head)?.Status);
    }
}
