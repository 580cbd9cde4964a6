using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Mcp;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Mcp;

/// <summary>Messages to MCP servers as actions, and how they are refused.</summary>
public sealed class McpActionsTests
{
    private static readonly HttpTarget Server = new()
    {
        Info = new TargetInfo { Name = "tools", Protocol = "http2", TlsMode = TargetTlsMode.Disable },
        Authority = "tools",
        McpPaths = ["/mcp"],
    };

    private readonly RequestActions _actions = new();

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"q":"x","top":3,"deep":{"a.b":[true,null]},"none":[],"also":{}}}}""", "McpTool None: McpTool search: params.arguments.q=x, params.arguments.top=3, params.arguments.deep[\"a.b\"][*]=true, params.arguments.deep[\"a.b\"][*]=null, params.arguments.none=[], params.arguments.also={}")]
    [InlineData("""{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"now"}}""", "McpTool None: McpTool now: ")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"now","_meta":{"progressToken":1}}}""", "McpTool None: McpTool now: ")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"now","_meta":{"progressToken":1,"x":2}}}""", "McpTool None: McpTool now: params._meta.progressToken=1, params._meta.x=2")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/list"}""", "McpMethod None: McpMethod tools/list: ")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///etc/passwd"}}""", "McpMethod None: McpMethod resources/read: params.uri=file:///etc/passwd")]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/initialized"}""", "McpMethod None: McpMethod notifications/initialized: ")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":{"content":"x"}}""", "McpMethod None: McpMethod rpc.response: ")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}""", "McpMethod None: McpMethod rpc.response: ")]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search"}},{"jsonrpc":"2.0","method":"notifications/x"},{"jsonrpc":"2.0","id":2,"method":"ping"}]""", "McpTool None: McpTool search, McpMethod notifications/x, McpMethod ping: ")]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}},{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"b","arguments":{"x":1}}}]""", "McpTool Unparsed: McpTool a, McpTool b: params.arguments.x=1")]
    public void A_message_is_a_tool_or_a_method(string body, string expected) => Assert.Equal(expected, Judge(body));

    [Theory]
    [InlineData("3.0", "McpTool None: McpTool pay: params.arguments.x=3")]
    [InlineData("3e0", "McpTool None: McpTool pay: params.arguments.x=3")]
    [InlineData("-0", "McpTool None: McpTool pay: params.arguments.x=0")]
    [InlineData("1e400", "McpTool Unparsed: McpTool pay: ")]
    public void Numbers_are_written_in_one_way(string number, string expected) =>
        Assert.Equal(expected, Judge("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":{"x":""" + number + "}}}"));

    [Fact]
    public void Many_leaves_below_long_keys_are_not_gone_on_with()
    {
        string key = new('k', 20_000);
        string list = string.Join(',', Enumerable.Repeat("1", 200_000));
        string body = $$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"{{key}}":[{{list}}] } } }""";
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.StartsWith("McpTool Truncated: McpTool a: ", Judge(body), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("3")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"ping"}""")]
    [InlineData("""{"id":1,"method":"ping"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":""}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":3}""")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"ping"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":{},"method":"ping"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1}""")]
    [InlineData("""{"jsonrpc":"2.0","result":{}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":{},"error":{}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","\u006dethod":"tools/list"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/list"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"Name":"a"}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","NAME":"b"}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Arguments":{}}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","argument\u017f":{}}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":1,"X":2}}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":"x"}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":"\ud800"}}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"\ud800":1}}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"\ud800":1,"\ud800":2}}}""")]
    [InlineData("""{"\udc00":1,"\ud800":2}""")]
    [InlineData("""{"jsonrpc":"2.0","id":"\ud800","method":"ping"}""")]
    [InlineData("""{"jsonrpc":"\ud800","id":1,"method":"\ud800"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["a"]}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping"} x""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping",}""")]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"ping"},3]""")]
    public void What_could_be_read_in_two_ways_is_not_understood(string body) => Assert.Equal("HttpPost Unparsed: HttpPost /mcp: ", Judge(body));

    [Theory]
    [InlineData("text/plain", "", "HttpPost Unparsed")]
    [InlineData("application/json; charset=utf-16", "", "HttpPost Unparsed")]
    [InlineData("application/json;charset=UTF-8", "", "McpMethod None")]
    [InlineData("application/json", "gzip", "HttpPost Unparsed")]
    public void Only_plain_json_is_read(string type, string encoding, string expected) =>
        Assert.StartsWith(expected + ":", Judge("""{"jsonrpc":"2.0","id":1,"method":"ping"}""", type: type, encoding: encoding), StringComparison.Ordinal);

    [Fact]
    public void Bytes_that_are_no_text_are_not_understood() =>
        Assert.Null(McpMessages.Parse(Encoding.Latin1.GetBytes("""{"jsonrpc":"2.0","id":"é","method":"ping"}""")));

    [Theory]
    [InlineData("POST", "/mcp", "McpMethod None")]
    [InlineData("POST", "/mcp/", "McpMethod None")]
    [InlineData("POST", "/MCP?x=1", "McpMethod None")]
    [InlineData("POST", "/%6Dcp", "McpMethod None")]
    [InlineData("POST", "/x/../mcp", "McpMethod None")]
    [InlineData("POST", "/mcp/x", "HttpPost None")]
    [InlineData("GET", "/mcp", "HttpGet None")]
    [InlineData("DELETE", "/mcp", "HttpDelete None")]
    public void A_post_to_its_path_in_whatever_spelling_is_a_message(string method, string path, string expected) =>
        Assert.StartsWith(expected + ":", Judge("""{"jsonrpc":"2.0","id":1,"method":"ping"}""", method, path), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"drop"}}""", """{"jsonrpc":"2.0","id":7,"error":{"code":-32003,"message":"Refused by policy rule p/no: Ask.","data":{"rule":"p/no","hint":"Ask."}}}""")]
    [InlineData("""[{"jsonrpc":"2.0","id":"a","method":"ping"},{"jsonrpc":"2.0","method":"notifications/x"}]""", """[{"jsonrpc":"2.0","id":"a","error":{"code":-32003,"message":"Refused by policy rule p/no: Ask.","data":{"rule":"p/no","hint":"Ask."}}}]""")]
    public void A_refusal_by_policy_is_an_answer_to_each_request(string body, string expected)
    {
        var head = new HttpHead(4096, 32);
        byte[]? answer = new McpRefusal(Encoding.UTF8.GetBytes(body)).Write(new HttpRefusal(403, "p/no", "Ask."), head);
        Assert.Equal(expected, Encoding.UTF8.GetString(answer!));
        Assert.Equal("200", Encoding.ASCII.GetString(head.Value(":status"u8)));
        Assert.Equal("application/json", Encoding.ASCII.GetString(head.Value("content-type"u8)));
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"ping"}""", "")]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/x"}""", "p/no")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"result":{}}""", "p/no")]
    [InlineData("nonsense", "p/no")]
    public void Other_refusals_stay_problems_of_http(string body, string rule)
    {
        var head = new HttpHead(4096, 32);
        Assert.Null(new McpRefusal(Encoding.UTF8.GetBytes(body)).Write(new HttpRefusal(503, rule, "Later."), head));
        Assert.Equal(0, head.Count);
    }

    private string Judge(string body, string method = "POST", string path = "/mcp", string type = "application/json", string encoding = "")
    {
        var head = new HttpHead(8192, 64);
        head.TryAdd(":method"u8, Encoding.ASCII.GetBytes(method));
        head.TryAdd(":path"u8, Encoding.ASCII.GetBytes(path));
        head.TryAdd("content-type"u8, Encoding.ASCII.GetBytes(type));
        if (encoding.Length > 0)
            head.TryAdd("content-encoding"u8, Encoding.ASCII.GetBytes(encoding));
        ActionView view = _actions.View(head, new HttpRequest(Server, 0, false), Encoding.UTF8.GetBytes(body));
        List<string> effects = [];
        List<string> fields = [];
        foreach (ObjectRef part in view.Objects)
        {
            string qualifier = Encoding.UTF8.GetString(part.Qualifier(view.Names));
            string name = Encoding.UTF8.GetString(part.Name(view.Names));
            if (part.Verb != Verb.HttpDetail)
                effects.Add($"{part.Verb} {name}");
            else if (qualifier.StartsWith("field:", StringComparison.Ordinal))
                fields.Add($"{qualifier[6..]}={name}");
        }

        return $"{view.Verb} {view.Flags}: {string.Join(", ", effects)}: {string.Join(", ", fields)}";
    }
}
