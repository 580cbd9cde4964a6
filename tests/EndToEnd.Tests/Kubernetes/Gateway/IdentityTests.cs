using System.Net;
using System.Net.Http.Headers;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Shared.KubernetesServer;
using Sallyport.Shared.KubernetesServer.Requests;
using Sallyport.Shared.KubernetesServer.Seeds;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Kubernetes.Gateway;

/// <summary>Who the cluster takes somebody for: the person that the daemon knows, whatever the client says.</summary>
[Collection(KubernetesGateways.Name)]
public sealed class IdentityTests(GatewayFixture fixture)
{
    [Fact, Trait(ClusterTraits.Name, ClusterTraits.Local)]
    public async Task The_cluster_sees_the_daemons_token_and_the_person()
    {
        using Kubectl kubectl = fixture.Gateway.Kubectl(fixture.Developer);
        SeenRequests seen = fixture.Cluster.Seen!;
        int before = seen.Count;
        (await kubectl.RunAsync("get", "--raw", "/api/v1/namespaces/shop/pods?limit=3")).Succeeded();
        SeenRequest request = Assert.Single(seen.After(before), r => r.Query == "?limit=3");
        Assert.Equal(["Bearer " + fixture.Gateway.Credential], request.Header("authorization"));
        Assert.Equal("system:serviceaccount:sallyport:gateway", request.User!.Name);
        Assert.Equal("bob@example.com", request.Impersonated!.Name);
        Assert.Equal(["developers", "system:authenticated"], request.Impersonated.Groups);
        Assert.Equal("https://sallyport.example", Assert.Single(request.Impersonated.Extra["sallyport.dev/issuer"]));
        Assert.True(Guid.TryParse(Assert.Single(request.Impersonated.Extra["sallyport.dev/session"]), out _));
        Assert.DoesNotContain(request.Headers, h => h.Value.Contains(fixture.Developer, StringComparison.Ordinal));
    }

    [Fact, Trait(ClusterTraits.Name, ClusterTraits.Local)]
    public async Task The_same_holds_for_an_upgrade()
    {
        using Kubectl kubectl = fixture.Gateway.Kubectl(fixture.Developer);
        SeenRequests seen = fixture.Cluster.Seen!;
        int before = seen.Count;
        (await kubectl.RunAsync("exec", "web-1", "--", "ls")).Succeeded();
        SeenRequest request = Assert.Single(seen.After(before), r => r.Status == 101);
        Assert.Equal("bob@example.com", request.Impersonated!.Name);
        Assert.Equal(["Bearer " + fixture.Gateway.Credential], request.Header("authorization"));
        Assert.Equal(["v5.channel.k8s.io"], request.Header("sec-websocket-protocol"));
        Assert.Empty(request.Header("sec-websocket-extensions"));
    }

    [Theory]
    [InlineData("Impersonate-User", false)]
    [InlineData("impersonate-group", true)]
    [InlineData("Impersonate_User", false)]
    [InlineData("impersonate_uid", true)]
    [InlineData("Impersonate-Extra-scopes", true)]
    [InlineData("X-Remote-User", false)]
    [InlineData("x-remote_group", true)]
    public async Task Who_somebody_is_no_client_says(string field, bool http2)
    {
        using HttpClient client = Client(http2);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api") { Version = client.DefaultRequestVersion, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.TryAddWithoutValidation(field, "admin");
        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(field.ToLowerInvariant(), await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>A field that Connection lists is taken off by whoever obeys it: the credential would be, too, and the cluster would see somebody else.</summary>
    [Theory, Trait(ClusterTraits.Name, ClusterTraits.Local)]
    [InlineData("authorization")]
    [InlineData("impersonate-user")]
    [InlineData("Impersonate-Group, close")]
    public async Task What_Connection_lists_takes_nothing_from_the_target(string listed)
    {
        using HttpClient client = Client(http2: false);
        SeenRequests seen = fixture.Cluster.Seen!;
        int before = seen.Count;
        string mark = Guid.NewGuid().ToString("N");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/version?" + mark) { Version = HttpVersion.Version11 };
        request.Headers.TryAddWithoutValidation("Connection", listed);
        using HttpResponseMessage answer = await client.SendAsync(request);
        SeenRequest? passed = seen.After(before).SingleOrDefault(r => r.Query == "?" + mark);
        Assert.True(passed is null ? answer.StatusCode == HttpStatusCode.BadRequest : passed.Impersonated!.Name == "ada@example.com" && passed.Header("connection").Count == 0);
    }

    [Fact]
    public async Task A_token_in_a_subprotocol_is_refused()
    {
        using HttpClient client = Client(http2: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/namespaces/shop/pods?watch=1") { Version = HttpVersion.Version11 };
        foreach ((string name, string value) in new[] { ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Protocol", "base64url.bearer.authorization.k8s.io.YWRtaW4, base64.binary.k8s.io") })
            request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("sec-websocket-protocol", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_path_leads_to_the_cluster_too()
    {
        using var kubectl = new Kubectl(Kubeconfig.Write(fixture.Gateway.PathAddress, fixture.Gateway.Authority, ClusterCredential.OfToken(fixture.Admin), space: Seed.Space));
        Assert.Contains("web-0", (await kubectl.RunAsync("get", "pods")).Succeeded(), StringComparison.Ordinal);
        Assert.Equal("blue\n", (await kubectl.RunAsync("exec", "web-0", "-c", "app", "--", "sh", "-c", "echo $COLOUR")).Succeeded());
    }

    private HttpClient Client(bool http2)
    {
        HttpClient client = Seed.Client(fixture.Gateway.Address, fixture.Gateway.Authority, ClusterCredential.OfToken(fixture.Admin));
        client.DefaultRequestVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11;
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        return client;
    }
}
