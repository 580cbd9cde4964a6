using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Sallyport.EndToEnd.Tests.Http;

/// <summary>
/// A small MCP server over streamable HTTP, with sessions that it does not check against anybody. Answers come as JSON, those of the tool <c>lookup</c> as a stream of events.
/// </summary>
public sealed class McpServer
{
    private readonly ConcurrentDictionary<string, bool> _sessions = new();

    /// <summary>Methods and tools that were asked for, in order.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Method != HttpMethods.Post)
        {
            context.Response.StatusCode = context.Request.Method == HttpMethods.Delete ? StatusCodes.Status200OK : StatusCodes.Status405MethodNotAllowed;
            return;
        }

        JsonNode request = (await JsonNode.ParseAsync(context.Request.Body))!;
        string method = request["method"]?.GetValue<string>() ?? "";
        Asked.Enqueue(method == "tools/call" ? $"tools/call {request["params"]!["name"]}" : method);
        if (method == "initialize")
        {
            string id = Guid.NewGuid().ToString("N");
            _sessions[id] = true;
            context.Response.Headers["Mcp-Session-Id"] = id;
        }
        else if (!_sessions.ContainsKey(context.Request.Headers["Mcp-Session-Id"].ToString()))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (request["id"] is not { } number)
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            return;
        }

        var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = number.DeepClone(), ["result"] = Result(method, request["params"]) };
        if (request["params"]?["name"]?.GetValue<string>() != "lookup")
        {
            await context.Response.WriteAsJsonAsync(answer);
            return;
        }

        context.Response.ContentType = "text/event-stream";
        var progress = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["method"] = "notifications/message",
            ["params"] = new JsonObject { ["level"] = "info", ["data"] = "asking jane@example.com" },
        };
        foreach (JsonObject message in (JsonObject[])[progress, answer])
        {
            // In pieces, so that whoever looks for something in it finds it cut.
            string text = $"event: message\ndata: {message.ToJsonString()}\n\n";
            foreach (char[] piece in text.Chunk(11))
            {
                await context.Response.WriteAsync(new string(piece));
                await context.Response.Body.FlushAsync();
            }
        }
    }

    private static JsonNode Result(string method, JsonNode? parameters) => method switch
    {
        "initialize" => new JsonObject
        {
            ["protocolVersion"] = parameters!["protocolVersion"]!.DeepClone(),
            ["capabilities"] = new JsonObject { ["tools"] = new JsonObject() },
            ["serverInfo"] = new JsonObject { ["name"] = "test", ["version"] = "1" },
        },
        "tools/list" => new JsonObject { ["tools"] = new JsonArray([.. ((string[])["greet", "lookup", "query", "drop"]).Select(Tool)]) },
        "tools/call" => new JsonObject
        {
            ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = $"{parameters!["name"]}: {{\"mail\":\"jane@example.com\"}}" }),
            ["structuredContent"] = new JsonObject { ["jane@example.com"] = new JsonArray("jane\u0040example.com", 7) },
        },
        _ => new JsonObject(),
    };

    private static JsonNode Tool(string name) => new JsonObject { ["name"] = name, ["inputSchema"] = new JsonObject { ["type"] = "object" } };
}
