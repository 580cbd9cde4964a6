using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Upstream;
using Xunit;

namespace Sallyport.Proxy.Tests.Upstream;

/// <summary>Which target a request is for.</summary>
public sealed class HttpRoutesTests
{
    private readonly HttpRoutes _routes = new([Target("prod", true, "kube.example.com", "2001:db8::1", "192.0.2.7"), Target("App", false, "app.other.example"), Target("10", false), Target("v1.2", true)], []);

    [Theory]
    [InlineData("kube.example.com", "prod")]
    [InlineData("KUBE.Example.COM", "prod")]
    [InlineData("kube.example.com:8443", "prod")]
    [InlineData("kube.example.com.", "prod")]
    [InlineData("kube.example.com.:8443", "prod")]
    [InlineData("kube.example.com:", "prod")]
    [InlineData("prod.gate.example", "prod")]
    [InlineData("PROD.gate.example:443", "prod")]
    [InlineData("prod", "prod")]
    [InlineData("app.gate.example", "App")]
    [InlineData("app.other.example", "App")]
    [InlineData("[2001:db8::1]", "prod")]
    [InlineData("[2001:DB8::1]:8443", "prod")]
    [InlineData("192.0.2.7:8443", "prod")]
    [InlineData("10.0.0.1", null)]
    [InlineData("10", null)]
    [InlineData("10.gate.example", "10")]
    [InlineData("example.com", null)]
    [InlineData("xprod.gate.example", null)]
    [InlineData("prodx.gate.example", null)]
    [InlineData("", null)]
    [InlineData(".", null)]
    [InlineData(".gate.example", null)]
    [InlineData(":8443", null)]
    [InlineData("kube.example.com:84x3", null)]
    [InlineData("kube.example.com:844333", null)]
    [InlineData("kube.example.com:80@evil.example", null)]
    [InlineData("kube.example.com@evil.example", null)]
    [InlineData("evil@kube.example.com", null)]
    [InlineData("prod.gate.example, evil.example", null)]
    [InlineData("prod .gate.example", null)]
    [InlineData("pr\u00f6d.gate.example", null)]
    [InlineData("[2001:db8::1", null)]
    [InlineData("[2001:db8::1]x", null)]
    [InlineData("[prod.gate.example]", "prod")]
    [InlineData("[]:443", null)]
    [InlineData("2001:db8::1", null)]
    public void A_host_leads_to_a_target(string authority, string? target) => Assert.Equal(target, Route(authority, "/", out _));

    [Theory]
    [InlineData("/k8s/prod/api/v1/pods", "prod", "/api/v1/pods")]
    [InlineData("/k8s/PROD/api", "prod", "/api")]
    [InlineData("/k8s/prod", "prod", "")]
    [InlineData("/k8s/prod?watch=1", "prod", "?watch=1")]
    [InlineData("/k8s/v1.2/api", "v1.2", "/api")]
    [InlineData("/http/app/a/b?c", "App", "/a/b?c")]
    [InlineData("/http/app/k8s/prod/x", "App", "/k8s/prod/x")]
    [InlineData("/http/prod/api", null, null)]
    [InlineData("/k8s/app/api", null, null)]
    [InlineData("/k8s/%70rod/api", null, null)]
    [InlineData("/k8s//prod/api", null, null)]
    [InlineData("/k8s/../k8s/prod", null, null)]
    [InlineData("//k8s/prod/api", null, null)]
    [InlineData("/K8S/prod/api", null, null)]
    [InlineData("/k8s/", null, null)]
    [InlineData("k8s/prod/", null, null)]
    [InlineData("*", null, null)]
    [InlineData("", null, null)]
    public void A_path_leads_to_a_target(string path, string? target, string? rest)
    {
        Assert.Equal(target, Route("gate.example", path, out int prefix));
        if (target is not null)
            Assert.Equal(rest, path[prefix..]);
        else
            Assert.Equal(0, prefix);
    }

    [Fact]
    public void A_path_that_names_a_target_comes_before_the_host_and_any_other_does_not()
    {
        Assert.Equal("App", Route("prod.gate.example", "/http/app/x", out int prefix));
        Assert.Equal("/http/app".Length, prefix);
        Assert.Equal("prod", Route("prod.gate.example", "/http/nobody/x", out prefix));
        Assert.Equal(0, prefix);
    }

    [Fact]
    public void What_the_store_has_takes_nothing_from_the_configuration()
    {
        var routes = new HttpRoutes(
            [Target("prod", true, "kube.example.com")],
            [Target("PROD", true), Target("thief", true, "kube.example.com", "prod.gate.example", "prod", "thief.example"), Target("zoe", false, "thief.example", "zoe.example")]);
        string? To(string authority, string path) => routes.Route(Encoding.UTF8.GetBytes(authority), Encoding.UTF8.GetBytes(path), out _)?.Info.Name;
        Assert.All(["kube.example.com", "prod.gate.example", "prod", "PROD.gate.example"], host => Assert.Equal("prod", To(host, "/")));
        Assert.Equal("prod", To("gate.example", "/k8s/prod/api"));
        Assert.Equal("thief", To("thief.example", "/"));
        Assert.Equal("zoe", To("zoe.example", "/"));
    }

    [Theory]
    [InlineData("APP", null, "App")]
    [InlineData("app", null, "App")]
    [InlineData("App", null, null)]
    [InlineData("new", "kube.example.com", "prod")]
    [InlineData("new", "app.elsewhere.example", "App")]
    [InlineData("new", "prod", "prod")]
    [InlineData("new", "10.0.0.1", null)]
    [InlineData("new", "192.0.2.7", "prod")]
    [InlineData("new", "2001:db8::1", "prod")]
    [InlineData("prod", "kube.example.com", null)]
    public void What_is_taken_is_told(string name, string? host, string? owner) =>
        Assert.Equal(owner, _routes.Taken(Target(name, true, host is null ? [] : [host]).Config)?.Owner);

    [Fact]
    public void A_name_longer_than_any_host_is_nobodys()
    {
        Assert.Null(Route(new string('a', 5000) + ".example", "/k8s/" + new string('b', 5000), out _));
    }

    [Fact]
    public void Finding_a_target_allocates_nothing()
    {
        byte[] host = "prod.gate.example:8443"u8.ToArray();
        byte[] path = "/k8s/prod/api/v1/namespaces/shop/pods?watch=true"u8.ToArray();
        for (int i = 0; i < 100; i++)
            _routes.Route(host, path, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            _routes.Route(host, path, out _);
            _routes.Route(host, path.AsSpan(0, 1), out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Credentials_and_names_go_to_the_engine()
    {
        HttpTarget prod = _routes.Route("prod"u8, "/"u8, out _)!;
        Assert.Equal(("kube.internal:6443", HttpCredentialKind.Header, "x-key", true), (prod.Authority, prod.Credential, prod.CredentialHeader, prod.Impersonation is not null));
    }

    private string? Route(string authority, string path, out int prefix) => _routes.Route(Encoding.UTF8.GetBytes(authority), Encoding.UTF8.GetBytes(path), out prefix)?.Info.Name;

    private static Target Target(string name, bool kubernetes, params string[] hosts) => Proxy.Upstream.Target.Of(
        new TargetConfig
        {
            Name = name,
            Protocol = "http2",
            Host = "kube.internal",
            Port = 6443,
            ServerName = "kube.internal",
            User = "",
            Password = null,
            Http = new HttpTargetConfig { IsKubernetes = kubernetes, Hosts = [.. hosts], Credential = HttpCredentialKind.Header, CredentialHeader = "x-key", Impersonation = new HttpImpersonation() },
        },
        null);
}
