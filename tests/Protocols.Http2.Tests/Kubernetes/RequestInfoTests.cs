using System.Text;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Kubernetes;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Kubernetes;

/// <summary>Requests to an API server, read as it reads them; and what it would read in a way that is not certain.</summary>
public sealed class RequestInfoTests
{
    [Theory]
    // What the API server's own tests say.
    [InlineData("GET", "/api/v1/namespaces", "KubeList", "", "v1", "", "namespaces", "", "")]
    [InlineData("GET", "/api/v1/namespaces/other", "KubeGet", "", "v1", "other", "namespaces", "", "other")]
    [InlineData("GET", "/api/v1/namespaces/other/pods", "KubeList", "", "v1", "other", "pods", "", "")]
    [InlineData("GET", "/api/v1/namespaces/other/pods/foo", "KubeGet", "", "v1", "other", "pods", "", "foo")]
    [InlineData("HEAD", "/api/v1/namespaces/other/pods/foo", "KubeGet", "", "v1", "other", "pods", "", "foo")]
    [InlineData("GET", "/api/v1/pods", "KubeList", "", "v1", "", "pods", "", "")]
    [InlineData("HEAD", "/api/v1/pods", "KubeList", "", "v1", "", "pods", "", "")]
    [InlineData("PATCH", "/api/v1/namespaces/new-namespace", "KubePatch", "", "v1", "new-namespace", "namespaces", "", "new-namespace")]
    [InlineData("GET", "/api/v1/watch/pods", "KubeWatch", "", "v1", "", "pods", "", "")]
    [InlineData("GET", "/api/v1/pods?watch=true", "KubeWatch", "", "v1", "", "pods", "", "")]
    [InlineData("GET", "/api/v1/pods?watch=false", "KubeList", "", "v1", "", "pods", "", "")]
    [InlineData("GET", "/api/v1/watch/namespaces/other/pods", "KubeWatch", "", "v1", "other", "pods", "", "")]
    [InlineData("GET", "/api/v1/namespaces/other/pods?watch=1", "KubeWatch", "", "v1", "other", "pods", "", "")]
    [InlineData("GET", "/api/v1/namespaces/other/pods?watch=0", "KubeList", "", "v1", "other", "pods", "", "")]
    [InlineData("GET", "/api/v1/namespaces/other/pods/foo/status", "KubeGet", "", "v1", "other", "pods", "status", "foo")]
    [InlineData("PUT", "/api/v1/namespaces/other/finalize", "KubeUpdate", "", "v1", "other", "namespaces", "finalize", "other")]
    [InlineData("PUT", "/api/v1/namespaces/other/status", "KubeUpdate", "", "v1", "other", "namespaces", "status", "other")]
    [InlineData("PATCH", "/api/v1/namespaces/other/pods/foo", "KubePatch", "", "v1", "other", "pods", "", "foo")]
    [InlineData("DELETE", "/api/v1/namespaces/other/pods/foo", "KubeDelete", "", "v1", "other", "pods", "", "foo")]
    [InlineData("POST", "/api/v1/namespaces/other/pods", "KubeCreate", "", "v1", "other", "pods", "", "")]
    [InlineData("DELETE", "/api/v1/nodes", "KubeDeleteCollection", "", "v1", "", "nodes", "", "")]
    [InlineData("DELETE", "/api/v1/namespaces", "KubeDeleteCollection", "", "v1", "", "namespaces", "", "")]
    [InlineData("DELETE", "/api/v1/namespaces/other/pods", "KubeDeleteCollection", "", "v1", "other", "pods", "", "")]
    [InlineData("DELETE", "/apis/extensions/v1/namespaces/other/pods", "KubeDeleteCollection", "extensions", "v1", "other", "pods", "", "")]
    [InlineData("POST", "/apis/extensions/v1beta3/namespaces/other/pods", "KubeCreate", "extensions", "v1beta3", "other", "pods", "", "")]
    [InlineData("GET", "/apis/group/version/resource?fieldSelector=metadata.name=name1", "KubeList", "group", "version", "", "resource", "", "name1")]
    [InlineData("GET", "/apis/group/version/resource?watch=true&fieldSelector=metadata.name=name1", "KubeWatch", "group", "version", "", "resource", "", "name1")]
    [InlineData("GET", "/apis/group/version/resource?fieldSelector=foo=bar", "KubeList", "group", "version", "", "resource", "", "")]
    [InlineData("GET", "/apis/group/version/resource?fieldSelector=metadata.name=name1,foo", "KubeList", "group", "version", "", "resource", "", "")]
    [InlineData("GET", "/apis/group/version/resource?fieldSelector=metadata.name=name1,foo&watch=true", "KubeWatch", "group", "version", "", "resource", "", "")]
    [InlineData("GET", "/apis/batch/v1/job/foo/scale", "KubeGet", "batch", "v1", "", "job", "scale", "foo")]
    // What it calls "proxy" or "get" by method carries bytes both ways.
    [InlineData("GET", "/api/v1/proxy/namespaces/other/pods/foo", "KubeConnect", "", "v1", "other", "pods", "proxy", "foo")]
    [InlineData("GET", "/api/v1/proxy/namespaces/other/pods/foo/subpath/not/a/subresource", "KubeConnect", "", "v1", "other", "pods", "proxy", "foo")]
    [InlineData("GET", "/api/v1/namespaces/other/pods/foo/proxy/subpath", "KubeConnect", "", "v1", "other", "pods", "proxy", "foo")]
    [InlineData("DELETE", "/api/v1/nodes/n1/proxy/run/x", "KubeConnect", "", "v1", "", "nodes", "proxy", "n1")]
    [InlineData("PATCH", "/api/v1/namespaces/other/services/https:web:443/proxy/", "KubeConnect", "", "v1", "other", "services", "proxy", "https:web:443")]
    [InlineData("GET", "/api/v1/namespaces/other/pods/foo/exec?command=ls&command=-l&container=x", "KubeConnect", "", "v1", "other", "pods", "exec", "foo")]
    [InlineData("POST", "/api/v1/namespaces/other/pods/foo/exec", "KubeConnect", "", "v1", "other", "pods", "exec", "foo")]
    [InlineData("HEAD", "/api/v1/namespaces/other/pods/foo/attach", "KubeConnect", "", "v1", "other", "pods", "attach", "foo")]
    [InlineData("BREW", "/api/v1/namespaces/other/pods/foo/portforward", "KubeConnect", "", "v1", "other", "pods", "portforward", "foo")]
    [InlineData("POST", "/api/v1/watch/namespaces/other/pods/foo/exec", "KubeConnect", "", "v1", "other", "pods", "exec", "foo")]
    // Subresources that are judged like any other.
    [InlineData("PATCH", "/api/v1/namespaces/other/pods/foo/ephemeralcontainers", "KubePatch", "", "v1", "other", "pods", "ephemeralcontainers", "foo")]
    [InlineData("POST", "/api/v1/namespaces/other/serviceaccounts/foo/token", "KubeCreate", "", "v1", "other", "serviceaccounts", "token", "foo")]
    [InlineData("POST", "/api/v1/namespaces/other/pods/foo/eviction", "KubeCreate", "", "v1", "other", "pods", "eviction", "foo")]
    [InlineData("POST", "/api/v1/namespaces/other/pods/foo/binding", "KubeCreate", "", "v1", "other", "pods", "binding", "foo")]
    [InlineData("GET", "/api/v1/namespaces/other/pods/foo/log?follow=true", "KubeGet", "", "v1", "other", "pods", "log", "foo")]
    // Names that look like words of the path.
    [InlineData("GET", "/api/v1/namespaces/namespaces/pods", "KubeList", "", "v1", "namespaces", "pods", "", "")]
    [InlineData("GET", "/api/v1/namespaces/proxy/pods/watch", "KubeGet", "", "v1", "proxy", "pods", "", "watch")]
    [InlineData("GET", "/api/v1/namespaces/exec/pods/exec", "KubeGet", "", "v1", "exec", "pods", "", "exec")]
    [InlineData("GET", "/apis/apis/api/namespaces/x/pods", "KubeList", "apis", "api", "x", "pods", "", "")]
    // A watch of one object is still by name.
    [InlineData("GET", "/api/v1/namespaces/other/pods/foo?watch=true", "KubeGet", "", "v1", "other", "pods", "", "foo")]
    [InlineData("GET", "/api/v1/watch/namespaces/other/pods/foo", "KubeWatch", "", "v1", "other", "pods", "", "foo")]
    // The server takes any value but two for yes, an empty one too; and names are decoded.
    [InlineData("GET", "/api/v1/pods?watch", "KubeWatch", "", "v1", "", "pods", "", "")]
    [InlineData("GET", "/api/v1/pods?watch=", "KubeWatch", "", "v1", "", "pods", "", "")]
    [InlineData("GET", "/api/v1/pods?watch=no", "KubeWatch", "", "v1", "", "pods", "", "")]
    [InlineData("GET", "/api/v1/pods?watch=FALSE", "KubeList", "", "v1", "", "pods", "", "")]
    [InlineData("GET", "/api/v1/pods?w%61tch=%31", "KubeWatch", "", "v1", "", "pods", "", "")]
    [InlineData("GET", "/api/v1/pods?Watch=true", "KubeList", "", "v1", "", "pods", "", "")]
    [InlineData("GET", "/%61pi/v1/namespaces/%6fther/s%65crets/a%3Ab", "KubeGet", "", "v1", "other", "secrets", "", "a:b")]
    [InlineData("GET", "/api/v1/pods?fieldSelector=metadata.name%3D%3Dx,spec.nodeName!%3Dn", "KubeList", "", "v1", "", "pods", "", "x")]
    [InlineData("GET", "/api/v1/pods?fieldSelector=metadata.name!=x", "KubeList", "", "v1", "", "pods", "", "")]
    [InlineData("GET", "/api/v1/pods?fieldSelector=metadata.name=a,metadata.name=b", "KubeList", "", "v1", "", "pods", "", "")]
    [InlineData("GET", "/api/v1/pods?fieldSelector=metadata.name=a%5C,b", "KubeList", "", "v1", "", "pods", "", "")]
    [InlineData("GET", "/api/v1/pods?fieldSelector=metadata.name=..", "KubeList", "", "v1", "", "pods", "", "")]
    [InlineData("DELETE", "/api/v1/pods?fieldSelector=metadata.name=x", "KubeDeleteCollection", "", "v1", "", "pods", "", "")]
    // A slash at the end means nothing, and neither does what follows a subresource.
    [InlineData("GET", "/api/v1/namespaces/other/pods/", "KubeList", "", "v1", "other", "pods", "", "")]
    [InlineData("GET", "/api/v1/namespaces/other/pods/foo/log/x/y", "KubeGet", "", "v1", "other", "pods", "log", "foo")]
    // A method that it does not know, in whatever case.
    [InlineData("get", "/api/v1/namespaces/other/pods", "Unknown", "", "v1", "other", "pods", "", "")]
    [InlineData("OPTIONS", "/api/v1/pods", "Unknown", "", "v1", "", "pods", "", "")]
    [InlineData("POST", "/api/v1/watch/pods", "Unknown", "", "v1", "", "pods", "", "")]
    public void Resources_are_read_as_the_server_reads_them(
        string method, string target, string verb, string group, string version, string space, string resource, string subresource, string name)
    {
        RequestInfo info = Parse(method, target, new byte[4096]);
        Assert.Equal(RequestProblem.None, info.Problem);
        Assert.True(info.IsResource);
        Assert.Equal(
            (verb, group, version, space, resource, subresource, name),
            (info.Verb.ToString(), Text(info.Group), Text(info.Version), Text(info.Namespace), Text(info.Resource), Text(info.Subresource), Text(info.Name)));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/api")]
    [InlineData("/api/")]
    [InlineData("/api/version")]
    [InlineData("/api/version/")]
    [InlineData("/apis/group/version/")]
    [InlineData("/apis/extensions/v1beta1")]
    [InlineData("/apis/version/resource")]
    [InlineData("/badprefix/version/resource")]
    [InlineData("/not-api/version/resource")]
    [InlineData("/API/v1/pods")]
    [InlineData("/healthz/etcd/x/y")]
    [InlineData("//api/v1/secrets")]
    [InlineData("/./api/v1/secrets")]
    [InlineData("/api%2fv1/secrets")]
    public void Everything_else_is_no_resource(string target)
    {
        RequestInfo info = Parse("GET", target, new byte[4096]);
        Assert.False(info.IsResource);
        Assert.Equal(Verb.HttpGet, info.Verb);
        Assert.Equal(target, Text(info.Path));
    }

    [Theory]
    [InlineData("/api/v1/namespaces/a%2fsecrets", "EncodedSlash")]
    [InlineData("/api/v1/namespaces/a/pods%2fx", "EncodedSlash")]
    [InlineData("/api/v1/namespaces/a/pods/x%5cy", "EncodedSlash")]
    [InlineData("/api/v1/namespaces/a/pods/x%252fy", "EncodedSlash")]
    [InlineData("/api/v1/namespaces/a/pods/..", "DotSegment")]
    [InlineData("/api/v1/namespaces/a/../b/pods", "DotSegment")]
    [InlineData("/api/v1/namespaces/%2e%2E/pods", "DotSegment")]
    [InlineData("/api/v1/./pods", "DotSegment")]
    [InlineData("/api/v1//secrets", "EmptySegment")]
    [InlineData("/api//v1/secrets", "EmptySegment")]
    [InlineData("/api/v1/namespaces//secrets", "EmptySegment")]
    [InlineData("/api/v1/secrets//", "EmptySegment")]
    [InlineData("/api/v1/namespaces/a/pods/x/log//y", "EmptySegment")]
    [InlineData("/api/v1/namespaces/a/pods/x\\y", "Character")]
    [InlineData("/api/v1/namespaces/a/pods/x%00y", "Character")]
    [InlineData("/api/v1/namespaces/a/pods/x%0ay", "Character")]
    [InlineData("/api/v1/namespaces/a/secrets;x/y", "Character")]
    [InlineData("/api/v1/namespaces/a/Secrets", "Character")]
    [InlineData("/api/v1/namespaces/A/pods", "Character")]
    [InlineData("/api/v1/namespaces/a/pods.metrics.k8s.io", "Character")]
    [InlineData("/api/v1/namespaces/a/pods/x/EXEC", "Character")]
    [InlineData("/apis/a%20b/v1/pods", "Character")]
    [InlineData("/api/v1/pods/%c3%a4", "None")]
    [InlineData("/api/v1/pods/%c3", "Encoding")]
    [InlineData("/api/v1/pods/%zz", "Encoding")]
    [InlineData("/api/v1/pods/%1", "Encoding")]
    [InlineData("/api/v1/proxy", "Incomplete")]
    [InlineData("/api/v1/watch", "Incomplete")]
    [InlineData("/api/v1/pods?watch=0&watch=1", "RepeatedParameter")]
    [InlineData("/api/v1/pods?watch=0&w%61tch=1", "RepeatedParameter")]
    [InlineData("/api/v1/pods?fieldSelector=a&fieldSelector=b", "RepeatedParameter")]
    [InlineData("/api/v1/namespaces/a/pods/x/exec?container=a&container=b", "RepeatedParameter")]
    [InlineData("/api/v1/namespaces/a/pods/x/exec?command=a&command=b", "None")]
    [InlineData("/api/v1/pods?a=1;watch=1", "Query")]
    [InlineData("/api/v1/pods?watch=%zz", "Query")]
    [InlineData("/api/v1/pods?watch=%ff", "Query")]
    [InlineData("/api/v1/pods?watch=1#x", "Query")]
    [InlineData("/api/v1/namespaces/a/services/x/proxy/a%2Fb//c;d?a=1;b=%zz&watch=0&watch=1", "None")]
    [InlineData("/api/v1/namespaces/a/services/x/proxy/../../secrets", "DotSegment")]
    [InlineData("/api/v1/namespaces/a/services/x/proxy/%2e%2e/secrets", "DotSegment")]
    [InlineData("/api/v1/namespaces/a/services/x/proxy/..%2fsecrets", "DotSegment")]
    [InlineData("/api/v1/namespaces/a/services/x/proxy/..;a/secrets", "DotSegment")]
    [InlineData("/api/v1/namespaces/a/services/x/proxy/%252e%252e/secrets", "EncodedSlash")]
    [InlineData("/api/v1/namespaces/a/services/x/proxy/%25%32e%25%32e/secrets", "EncodedSlash")]
    [InlineData("/api/v1/namespaces/a/services/x/proxy/100%25/a%25-b", "None")]
    [InlineData("/api/v1/namespaces/a/services/x/proxy/a\\..\\b", "Character")]
    [InlineData("api/v1/pods", "NoPath")]
    [InlineData("*", "NoPath")]
    [InlineData("", "NoPath")]
    [InlineData("http://x/api/v1/pods", "NoPath")]
    public void What_could_be_read_in_two_ways_is_a_problem(string target, string problem) =>
        Assert.Equal(problem, Parse("GET", target, new byte[4096]).Problem.ToString());

    [Fact]
    public void A_target_that_cannot_be_decoded_for_want_of_space_is_a_problem()
    {
        Assert.Equal(RequestProblem.TooLong, Parse("GET", "/api/v1/pods", new byte[23]).Problem);
        Assert.Equal(RequestProblem.None, Parse("GET", "/api/v1/pods", new byte[24]).Problem);
    }

    [Fact]
    public void What_is_proxied_to_is_kept_as_it_was_sent()
    {
        Assert.Equal("/a%2Fb/?", Text(Parse("GET", "/api/v1/nodes/n/proxy/a%2Fb/?x=1", new byte[4096]).Tail) + "?");
        Assert.True(KubeNames.TrySplit("https:web:443"u8, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> port) && name.SequenceEqual("web"u8) && port.SequenceEqual("443"u8));
        Assert.True(KubeNames.TrySplit("web:http"u8, out name, out port) && name.SequenceEqual("web"u8) && port.SequenceEqual("http"u8));
        Assert.True(KubeNames.TrySplit("web"u8, out name, out port) && name.SequenceEqual("web"u8) && port.IsEmpty);
        Assert.False(KubeNames.TrySplit("ftp:web:1"u8, out _, out _));
        Assert.False(KubeNames.TrySplit("a:b:c:d"u8, out _, out _));
        Assert.False(KubeNames.TrySplit(":1"u8, out _, out _));
    }

    [Fact]
    public void An_extended_connect_asks_for_what_get_asks_for()
    {
        Assert.Equal(Verb.KubeConnect, RequestInfo.Parse("CONNECT"u8, "/api/v1/namespaces/a/pods/x/exec"u8, true, new byte[4096]).Verb);
        Assert.Equal(Verb.KubeWatch, RequestInfo.Parse("CONNECT"u8, "/api/v1/pods?watch=1"u8, true, new byte[4096]).Verb);
        Assert.Equal(Verb.Unknown, RequestInfo.Parse("CONNECT"u8, "/api/v1/pods"u8, false, new byte[4096]).Verb);
    }

    private static readonly Gen<string> Piece = Gen.OneOf(
        "/", "/", "/", "api", "apis", "v1", "namespaces", "watch", "proxy", "pods", "exec", "x", "..", ".", "%2f", "%2e", "%", "%25", "?", "&", "=", "watch=1", "fieldSelector=metadata.name=x", ";", "\\", "\0", "é", "#");

    [Fact]
    public void Whatever_bytes_come_nothing_is_thrown_and_what_is_certain_is_clean() =>
        Gen.Select(Gen.OneOf("GET", "POST", "DELETE", "x"), Piece.Array[0, 16], Gen.Byte.Array[0, 4]).Sample(
            (method, pieces, noise) =>
            {
                byte[] target = [.. Encoding.UTF8.GetBytes(string.Concat(pieces)), .. noise];
                RequestInfo info = RequestInfo.Parse(Encoding.ASCII.GetBytes(method), target, noise.Length == 1, new byte[target.Length * 2]);
                if (!info.IsResource || info.Problem != RequestProblem.None)
                    return;
                foreach (string part in new[] { Text(info.Namespace), Text(info.Resource), Text(info.Subresource), Text(info.Name) })
                {
                    Assert.DoesNotContain('/', part);
                    Assert.DoesNotContain('\0', part);
                    Assert.DoesNotContain('%', part);
                    Assert.NotEqual("..", part);
                }

                Assert.NotEmpty(Text(info.Resource));
            },
            iter: 20000);

    [Fact]
    public void Reading_a_request_allocates_nothing()
    {
        byte[] scratch = new byte[1024];
        byte[] target = Encoding.ASCII.GetBytes("/apis/apps/v1/namespaces/shop/deployments?fieldSelector=metadata.name%3Dweb&watch=true&resourceVersion=1");
        RequestInfo.Parse("GET"u8, target, false, scratch);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            RequestInfo.Parse("GET"u8, target, false, scratch);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static RequestInfo Parse(string method, string target, byte[] scratch) =>
        RequestInfo.Parse(Encoding.ASCII.GetBytes(method), Encoding.UTF8.GetBytes(target), false, scratch);

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
