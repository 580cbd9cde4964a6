using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Bodies;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Bodies;

/// <summary>What is asked of targets, and what is let through of their answers, where masks apply.</summary>
public sealed class BodyMaskingTests
{
    private const string Secret = "/api/v1/namespaces/shop/secrets/web";

    private static readonly TestMasks Fields = new("data.");
    private static readonly TestMasks Detectors = new() { Word = "hunter2" };

    [Theory]
    [InlineData("application/vnd.kubernetes.protobuf, */*", Secret, "application/json")]
    [InlineData("application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", Secret, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json")]
    [InlineData("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "/apis/example.com/v1/widgets", "application/json")]
    [InlineData("application/json;as=Table;v=v1;g=meta.k8s.io", "/apis/example.com/v1/widgets", "application/json")]
    [InlineData("application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", Secret, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")]
    [InlineData("application/cbor;q=1, application/yaml", Secret, "application/json")]
    [InlineData(null, Secret, "application/json")]
    public void An_api_server_is_asked_for_json(string? accept, string path, string expected)
    {
        HttpHead head = Request("GET", path);
        if (accept is not null)
            head.TryAdd("accept"u8, Encoding.ASCII.GetBytes(accept));
        head.TryAdd("accept-encoding"u8, "gzip"u8);
        head.TryAdd("range"u8, "bytes=1-"u8);
        head.TryAdd("x-other"u8, "1"u8, neverIndexed: true);
        BodyMasking plan = Plan(Fields, head, isKubernetes: true)!;
        plan.OnRequest(head);
        Assert.Equal($":method GET :path {path} x-other 1 accept-encoding identity accept {expected}", Text(head));
        Assert.True(head[2].NeverIndexed);
    }

    [Theory]
    [InlineData("/api/v1/namespaces/shop/pods/web/exec")]
    [InlineData("/api/v1/namespaces/shop/pods/web/log")]
    [InlineData("/api/v1/namespaces/shop/pods/web/portforward")]
    [InlineData("/api/v1/namespaces/shop/services/web/proxy/x")]
    public void Tunnels_and_logs_are_no_objects(string path) => Assert.Null(Plan(Fields, Request("GET", path), isKubernetes: true));

    [Fact]
    public void Discovery_is_not_looked_into_by_detectors()
    {
        Assert.Null(Plan(Detectors, Request("GET", "/openapi/v3"), isKubernetes: true));
        Assert.NotNull(Plan(Detectors, Request("GET", "/openapi/v3"), isKubernetes: false));
        Assert.NotNull(Plan(Detectors, Request("GET", Secret), isKubernetes: true));
    }

    [Theory]
    [InlineData(200, "application/json", "", "masked", "masked")]
    [InlineData(201, "application/json; charset=utf-8", "", "masked", "masked")]
    [InlineData(404, "application/json", "", "masked", "masked")]
    [InlineData(200, "application/merge-patch+json", "", "masked", "masked")]
    [InlineData(200, "application/json", "content-encoding: gzip", "refused", "refused")]
    [InlineData(200, "application/json", "content-type: text/plain", "refused", "refused")]
    [InlineData(200, "application/json;charset=utf-16", "", "refused", "refused")]
    [InlineData(206, "application/json", "", "refused", "refused")]
    [InlineData(200, "application/vnd.kubernetes.protobuf", "", "refused", "refused")]
    [InlineData(200, "application/vnd.kubernetes.protobuf;stream=watch", "", "refused", "refused")]
    [InlineData(200, "application/yaml", "", "refused", "refused")]
    [InlineData(200, "application/cbor-seq", "", "refused", "refused")]
    [InlineData(200, "text/plain", "", "refused", "passed")]
    [InlineData(200, null, "", "masked", "masked")]
    [InlineData(200, "", "", "masked", "masked")]
    [InlineData(200, null, "content-encoding: gzip", "refused", "refused")]
    [InlineData(206, null, "", "refused", "refused")]
    [InlineData(200, "text/json", "", "masked", "masked")]
    [InlineData(200, null, "content-length: 0", "passed", "passed")]
    [InlineData(204, null, "", "passed", "passed")]
    [InlineData(304, null, "", "passed", "passed")]
    [InlineData(101, null, "", "refused", "refused")]
    public void An_answer_is_masked_or_refused(int status, string? type, string other, string byFields, string byDetectors)
    {
        foreach ((TestMasks masks, string expected) in (ReadOnlySpan<(TestMasks, string)>)[(Fields, byFields), (Detectors, byDetectors)])
        {
            var head = new HttpHead(1 << 16, 100);
            head.TryAdd(":status"u8, Encoding.ASCII.GetBytes($"{status}"));
            if (type is not null)
                head.TryAdd("content-type"u8, Encoding.ASCII.GetBytes(type));
            if (other.Length > 0)
                head.TryAdd(Encoding.ASCII.GetBytes(other.Split(": ")[0]), Encoding.ASCII.GetBytes(other.Split(": ")[1]));
            IBodyFilter? filter = Plan(masks, Request("GET", Secret), isKubernetes: true)!.OnResponse(head);
            Assert.Equal(expected, filter switch { null => "passed", RefusedResponse => "refused", JsonMasker { Changes: true } => "masked", _ => "?" });
        }
    }

    [Fact]
    public void A_secret_stays_a_secret_and_its_base64_valid()
    {
        var head = new HttpHead(1 << 16, 100);
        head.TryAdd(":status"u8, "200"u8);
        head.TryAdd("content-type"u8, "application/json"u8);
        IBodyFilter filter = Plan(Fields, Request("PATCH", Secret), isKubernetes: true)!.OnResponse(head)!;
        Assert.Equal("""{"kind":"Secret","data":{"p":"Kioq"}}""", Encoding.UTF8.GetString(filter.Take("""{"kind":"Secret","data":{"p":"aHVudGVyMg=="}}"""u8, true, out _)));
    }

    [Theory]
    [InlineData(422, true)]
    [InlineData(500, true)]
    [InlineData(400, true)]
    [InlineData(403, true)]
    [InlineData(409, true)]
    [InlineData(429, true)]
    [InlineData(401, false)]
    [InlineData(404, false)]
    [InlineData(200, false)]
    public void A_message_that_may_quote_the_object_is_not_shown(int status, bool hidden)
    {
        var head = new HttpHead(1 << 16, 100);
        head.TryAdd(":status"u8, Encoding.ASCII.GetBytes($"{status}"));
        head.TryAdd("content-type"u8, "application/json"u8);
        IBodyFilter filter = Plan(Fields, Request("PUT", Secret), isKubernetes: true)!.OnResponse(head)!;
        string masked = Encoding.UTF8.GetString(filter.Take(
            """{"kind":"Status","message":"Invalid value: hunter2","details":{"name":"web","causes":[{"message":"hunter2","field":"data[p]"}]},"code":1}"""u8, true, out _));
        Assert.Equal(hidden, !masked.Contains("hunter2", StringComparison.Ordinal));
        Assert.Contains("\"code\":1", masked);
        Assert.Contains("\"name\":\"web\"", masked);
    }

    [Fact]
    public void Without_a_type_what_is_no_json_goes_no_further()
    {
        var head = new HttpHead(1 << 16, 100);
        head.TryAdd(":status"u8, "200"u8);
        foreach (TestMasks masks in (ReadOnlySpan<TestMasks>)[Fields, Detectors])
        {
            IBodyFilter filter = Plan(masks, Request("GET", Secret), isKubernetes: true)!.OnResponse(head)!;
            filter.Take("k8s\0data: hunter2"u8, true, out HttpRefusal? refusal);
            Assert.Equal(502, refusal?.Status);
        }
    }

    [Theory]
    [InlineData(" \n{\"a\":\"hunter2\"}", " \n{\"a\":\"###\"}")]
    [InlineData("\"hunter2\"", "\"###\"")]
    [InlineData("[{}, nonsense", null)]
    [InlineData("\uFEFF{\"a\":\"hunter2\"}", null)]
    [InlineData("6f3a {", "6f3a {")]
    public void Of_servers_that_name_no_type_detectors_look_into_what_looks_like_json(string body, string? expected)
    {
        var head = new HttpHead(1 << 16, 100);
        head.TryAdd(":status"u8, "200"u8);
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        foreach (int size in (ReadOnlySpan<int>)[1, 2, bytes.Length])
        {
            IBodyFilter filter = Plan(Detectors, Request("GET", "/files/a"), isKubernetes: false)!.OnResponse(head)!;
            var shown = new StringBuilder();
            HttpRefusal? refusal = null;
            for (int at = 0; at < bytes.Length && refusal is null; at += size)
                shown.Append(Encoding.UTF8.GetString(filter.Take(bytes.AsSpan(at, Math.Min(size, bytes.Length - at)), at + size >= bytes.Length, out refusal)));
            Assert.Equal(expected is null ? 502 : null, refusal?.Status);
            Assert.True(expected is null || shown.ToString() == expected, shown.ToString());
        }
    }

    [Theory]
    [InlineData("200")]
    [InlineData("204")]
    [InlineData("422")]
    public void Warnings_may_quote_the_object_and_are_not_passed_on(string status)
    {
        var head = new HttpHead(1 << 16, 100);
        head.TryAdd(":status"u8, Encoding.ASCII.GetBytes(status));
        head.TryAdd("content-type"u8, "application/json"u8);
        head.TryAdd("warning"u8, "299 - \"spec.x: hunter2\""u8);
        head.TryAdd("x-other"u8, "1"u8, neverIndexed: true);
        head.TryAdd("warning"u8, "299 - \"spec.y: hunter2\""u8);
        Plan(Fields, Request("PUT", Secret), isKubernetes: true)!.OnResponse(head);
        Assert.Equal($":status {status} content-type application/json x-other 1", Text(head));
        Assert.True(head[2].NeverIndexed);
    }

    private static BodyMasking? Plan(TestMasks masks, HttpHead head, bool isKubernetes)
    {
        var target = new HttpTarget { Info = new TargetInfo { Name = "cluster", Protocol = "http2" }, Authority = "api", IsKubernetes = isKubernetes };
        return BodyMasking.Of(masks, new HttpRequest(target, 0, IsUpgrade: false), head);
    }

    private static HttpHead Request(string method, string path)
    {
        var head = new HttpHead(1 << 16, 100);
        head.TryAdd(":method"u8, Encoding.ASCII.GetBytes(method));
        head.TryAdd(":path"u8, Encoding.ASCII.GetBytes(path));
        return head;
    }

    private static string Text(HttpHead head)
    {
        var text = new List<string>();
        for (int i = 0; i < head.Count; i++)
            text.Add($"{Encoding.ASCII.GetString(head[i].Name)} {Encoding.ASCII.GetString(head[i].Value)}");
        return string.Join(' ', text);
    }
}
