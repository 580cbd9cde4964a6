using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Grpc;
using Sallyport.Protocols.Http2.Heads;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Grpc;

/// <summary>Calls of gRPC as actions, and how they are refused.</summary>
public sealed class GrpcCallTests
{
    private readonly RequestActions _actions = new();

    [Theory]
    [InlineData("application/grpc", true)]
    [InlineData("application/grpc+proto", true)]
    [InlineData("Application/GRPC+json; charset=utf-8", true)]
    [InlineData(" application/grpc ;x=y", true)]
    [InlineData("application/grpc-web", false)]
    [InlineData("application/grpc-web-text+proto", false)]
    [InlineData("application/json", false)]
    [InlineData("application/grp", false)]
    [InlineData("", false)]
    public void The_media_type_makes_it_a_call(string type, bool isCall)
    {
        HttpHead head = Head("POST", "/a.B/C", type);
        Assert.Equal(isCall, GrpcCall.Is(head));
        Assert.Equal(isCall ? Verb.GrpcCall : Verb.HttpPost, Judge(head).Verb);
    }

    [Theory]
    [InlineData("POST", "/shop.v1.Orders/Get", "GrpcCall None: GrpcCall shop.v1.Orders Get, HttpPost  /shop.v1.Orders/Get")]
    [InlineData("POST", "/Health/Check", "GrpcCall None: GrpcCall Health Check, HttpPost  /Health/Check")]
    [InlineData("GET", "/shop.v1.Orders/Get", "GrpcCall Unparsed: GrpcCall shop.v1.Orders Get, HttpGet  /shop.v1.Orders/Get")]
    [InlineData("POST", "/shop.v1.Orders/Get/", "GrpcCall Unparsed: GrpcCall  /shop.v1.Orders/Get/, HttpPost  /shop.v1.Orders/Get")]
    [InlineData("POST", "/shop.v1.Orders/Get?x=1", "GrpcCall Unparsed: GrpcCall  /shop.v1.Orders/Get?x=1, HttpPost  /shop.v1.Orders/Get")]
    [InlineData("POST", "/shop.v1.Orders/%47et", "GrpcCall Unparsed: GrpcCall  /shop.v1.Orders/%47et, HttpPost  /shop.v1.Orders/Get")]
    [InlineData("POST", "//shop.v1.Orders/Get", "GrpcCall Unparsed: GrpcCall  //shop.v1.Orders/Get, HttpPost  /shop.v1.Orders/Get")]
    [InlineData("POST", "/shop..Orders/Get", "GrpcCall Unparsed: GrpcCall  /shop..Orders/Get, HttpPost  /shop..Orders/Get")]
    [InlineData("POST", "/../Orders/Get", "GrpcCall Unparsed: GrpcCall  /../Orders/Get, HttpPost  /Orders/Get")]
    [InlineData("POST", "/Orders", "GrpcCall Unparsed: GrpcCall  /Orders, HttpPost  /Orders")]
    public void A_call_is_a_method_of_a_service(string method, string path, string expected)
    {
        (Verb verb, ActionFlags flags, List<string> effects, _) = Judge(Head(method, path, "application/grpc"));
        Assert.Equal(expected, $"{verb} {flags}: {string.Join(", ", effects)}");
    }

    [Fact]
    public void Of_two_media_types_nobody_knows_which_one_counts()
    {
        HttpHead head = Head("POST", "/a.B/C", "text/plain");
        head.TryAdd("content-type"u8, "application/grpc"u8);
        Assert.Equal((Verb.GrpcCall, ActionFlags.Unparsed), (Judge(head).Verb, Judge(head).Flags));
    }

    [Fact]
    public void Metadata_and_deadline_are_details_and_secrets_are_not()
    {
        HttpHead head = Head("POST", "/a.B/C", "application/grpc");
        head.TryAdd("grpc-timeout"u8, "5S"u8);
        head.TryAdd("x-team"u8, "red"u8, neverIndexed: true);
        head.TryAdd("trace-bin"u8, "AAEC"u8);
        head.TryAdd("authorization"u8, "Bearer canary"u8);
        head.TryAdd("x-api-key"u8, "canary"u8);
        head.TryAdd("te"u8, "trailers"u8);
        Assert.Equal(["content-type=application/grpc", "header:content-type=application/grpc", "header:grpc-timeout=5S", "header:x-team=red", "header:trace-bin=AAEC"], Judge(head).Details);
    }

    [Theory]
    [InlineData(403, "shop/no", "Ask Zoë.", "7", "Refused by policy rule shop/no: Ask Zo%C3%AB.")]
    [InlineData(401, "", "Log in: 100%.", "16", "Log in: 100%25.")]
    [InlineData(429, "", "Slow.", "8", "Slow.")]
    [InlineData(413, "", "Large.", "8", "Large.")]
    [InlineData(502, "", "Gone.", "14", "Gone.")]
    [InlineData(503, "", "Stopping.", "14", "Stopping.")]
    [InlineData(400, "", "Bad.", "3", "Bad.")]
    [InlineData(500, "", "Failed.", "13", "Failed.")]
    public void A_refusal_is_a_head_alone_with_the_status_of_the_call(int http, string rule, string message, string status, string words)
    {
        var head = new HttpHead(4096, 32);
        Assert.Empty(GrpcRefusal.Form.Write(new HttpRefusal(http, rule, message), head));
        Assert.Equal($":status: 200, content-type: application/grpc, grpc-status: {status}, grpc-message: {words}", Text(head));
    }

    [Fact]
    public void Who_may_try_again_is_told_when()
    {
        var head = new HttpHead(4096, 32);
        GrpcRefusal.Form.Write(Refusals.Stopping, head);
        Assert.Equal("1000", Encoding.ASCII.GetString(head.Value("grpc-retry-pushback-ms"u8)));
    }

    private static HttpHead Head(string method, string path, string type)
    {
        var head = new HttpHead(8192, 64);
        head.TryAdd(":method"u8, Encoding.ASCII.GetBytes(method));
        head.TryAdd(":path"u8, Encoding.ASCII.GetBytes(path));
        head.TryAdd("content-type"u8, Encoding.ASCII.GetBytes(type));
        return head;
    }

    private (Verb Verb, ActionFlags Flags, List<string> Effects, List<string> Details) Judge(HttpHead head)
    {
        var target = new HttpTarget { Info = new TargetInfo { Name = "shop", Protocol = "http2", TlsMode = TargetTlsMode.Disable }, Authority = "shop" };
        ActionView view = _actions.View(head, new HttpRequest(target, 0, false));
        List<string> effects = [];
        List<string> details = [];
        foreach (ObjectRef part in view.Objects)
        {
            string qualifier = Encoding.ASCII.GetString(part.Qualifier(view.Names));
            string name = Encoding.ASCII.GetString(part.Name(view.Names));
            if (part.Verb == Verb.HttpDetail)
                details.Add($"{qualifier}={name}");
            else
                effects.Add($"{part.Verb} {qualifier} {name}");
        }

        return (view.Verb, view.Flags, effects, details);
    }

    private static string Text(HttpHead head) =>
        string.Join(", ", Enumerable.Range(0, head.Count).Select(i => $"{Encoding.ASCII.GetString(head[i].Name)}: {Encoding.ASCII.GetString(head[i].Value)}"));
}
