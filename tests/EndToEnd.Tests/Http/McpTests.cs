using System.Net;
using System.Net.Http.Headers;
using System.Text;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Http;

/// <summary>The official client of MCP, and one by hand, against an MCP server through the daemon.</summary>
[Collection(HttpGateways.Name)]
public sealed class McpTests(HttpFixture gateway)
{
    private const string Call = """{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"NAME","arguments":{"table":"TABLE"}}}""";

    [Fact]
    public async Task Tools_are_listed_called_masked_and_refused_and_the_session_goes_on()
    {
        await using McpClient client = await ConnectAsync();
        IList<McpClientTool> tools = await client.ListToolsAsync();
        Assert.Equal(["greet", "lookup", "query", "drop"], tools.Select(tool => tool.Name));
        Assert.Equal("greet: {\"mail\":\"[redacted]\"}", await TextAsync(client, "greet"));
        // By events, and behind a notification.
        Assert.Equal("lookup: {\"mail\":\"[redacted]\"}", await TextAsync(client, "lookup"));

        McpProtocolException refused = await Assert.ThrowsAsync<McpProtocolException>(() => TextAsync(client, "drop"));
        Assert.Contains("Refused by policy rule web/tables: Ask the owner.", refused.Message, StringComparison.Ordinal);
        Assert.Equal(-32003, (int)refused.ErrorCode);
        await Assert.ThrowsAsync<McpProtocolException>(() => TextAsync(client, "unknown"));
        Assert.DoesNotContain("tools/call drop", gateway.Server.Mcp.Asked);
        Assert.Equal("greet: {\"mail\":\"[redacted]\"}", await TextAsync(client, "greet"));
    }

    [Theory]
    [InlineData("query", "orders", "\"result\"")]
    [InlineData("query", "people", "\"error\":{\"code\":-32003,\"message\":\"No policy rule allows this request.\"")]
    [InlineData("drop", "orders", "\"error\":{\"code\":-32003,\"message\":\"Refused by policy rule web/tables: Ask the owner.\",\"data\":{\"rule\":\"web/tables\",\"hint\":\"Ask the owner.\"}}")]
    public async Task Arguments_are_judged(string tool, string table, string answer)
    {
        using HttpClient client = gateway.Client();
        string session = await BeginAsync(client);
        using HttpResponseMessage response = await PostAsync(client, Call.Replace("NAME", tool, StringComparison.Ordinal).Replace("TABLE", table, StringComparison.Ordinal), session);
        Assert.Equal((HttpStatusCode.OK, "application/json"), (response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        string body = await response.Content.ReadAsStringAsync();
        Assert.Contains("\"id\":5", body, StringComparison.Ordinal);
        Assert.Contains(answer, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_that_detectors_find_is_shown()
    {
        using HttpClient client = gateway.Client();
        string session = await BeginAsync(client);
        foreach (string tool in (string[])["greet", "lookup"])
        {
            client.DefaultRequestHeaders.AcceptEncoding.Clear();
            client.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
            using HttpResponseMessage response = await PostAsync(client, Call.Replace("NAME", tool, StringComparison.Ordinal), session);
            string body = await response.Content.ReadAsStringAsync();
            Assert.DoesNotContain("jane", body, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("""{"[redacted]":["[redacted]",7]}""", body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_session_is_nobody_elses()
    {
        // GHSA-953h-535j-jg2v.
        using HttpClient ada = gateway.Client();
        using HttpClient bob = gateway.Client(token: gateway.OtherToken);
        string session = await BeginAsync(ada);
        string call = Call.Replace("NAME", "greet", StringComparison.Ordinal);
        using HttpResponseMessage foreign = await PostAsync(bob, call, session);
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
        using HttpResponseMessage made = await PostAsync(bob, call, "made-up");
        Assert.Equal(HttpStatusCode.NotFound, made.StatusCode);
        using var listen = new HttpRequestMessage(HttpMethod.Get, "mcp") { Version = HttpVersion.Version20, Headers = { { "Mcp-Session-Id", session } } };
        using HttpResponseMessage resumed = await bob.SendAsync(listen);
        Assert.Equal(HttpStatusCode.NotFound, resumed.StatusCode);
        using var end = new HttpRequestMessage(HttpMethod.Delete, "mcp") { Version = HttpVersion.Version20, Headers = { { "Mcp-Session-Id", session } } };
        using HttpResponseMessage ended = await bob.SendAsync(end);
        Assert.Equal(HttpStatusCode.NotFound, ended.StatusCode);
        using var stream = new HttpRequestMessage(HttpMethod.Get, "mcp") { Version = HttpVersion.Version20, Headers = { { "Last-Event-ID", "7" } } };
        using HttpResponseMessage nobody = await bob.SendAsync(stream);
        Assert.Equal(HttpStatusCode.BadRequest, nobody.StatusCode);
        using HttpResponseMessage own = await PostAsync(ada, call, session);
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);

        // Of the same person over another connection it is the same session.
        using HttpClient again = gateway.Client(version: "1.1");
        using HttpResponseMessage other = await PostAsync(again, call, session);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet","name":"drop"}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"drop"}}""")]
    [InlineData("not json")]
    public async Task What_could_be_read_in_two_ways_goes_nowhere(string body)
    {
        using HttpClient client = gateway.Client();
        string session = await BeginAsync(client);
        int asked = gateway.Server.Mcp.Asked.Count;
        using HttpResponseMessage response = await PostAsync(client, body, session);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Contains("default-unparsed", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(asked, gateway.Server.Mcp.Asked.Count);
    }

    private async Task<McpClient> ConnectAsync()
    {
        var options = new HttpClientTransportOptions
        {
            Endpoint = new Uri($"https://localhost:{gateway.TlsPort}/http/app/mcp"),
            TransportMode = HttpTransportMode.StreamableHttp,
            AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = $"Bearer {gateway.Token}" },
        };
        return await McpClient.CreateAsync(new HttpClientTransport(options, new HttpClient(gateway.Handler()), ownsHttpClient: true));
    }

    private static async Task<string> TextAsync(McpClient client, string tool)
    {
        CallToolResult result = await client.CallToolAsync(tool, new Dictionary<string, object?> { ["table"] = "orders" });
        return ((TextContentBlock)result.Content.Single()).Text;
    }

    private static async Task<string> BeginAsync(HttpClient client)
    {
        using HttpResponseMessage response = await PostAsync(client, """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""", null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response.Headers.GetValues("Mcp-Session-Id").Single();
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string body, string? session)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "mcp")
        {
            Version = client.DefaultRequestVersion,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        if (session is not null)
            request.Headers.Add("Mcp-Session-Id", session);
        return await client.SendAsync(request);
    }
}
