using System.Buffers;
using System.Text;
using System.Text.Json;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Mcp;

/// <summary>
/// What policy refuses, as an error of JSON-RPC in a response of status 200: an agent reads why, and its session with the server goes on. With any other status clients show their
/// agent a number at most, and some take the server for lost. What failed otherwise is a problem of HTTP, and stays one: a 401 begins a login, a 503 is tried again.
/// </summary>
/// <param name="body">The whole of the request's.</param>
internal sealed class McpRefusal(ReadOnlyMemory<byte> body) : IRefusalForm
{
    /// <summary>In the range that is a server's own (JSON-RPC 2.0, 5.1); -32000 to -32002 have meanings in SDKs of MCP: connection closed, timeout, no such resource.</summary>
    public const int Code = -32003;

    /// <inheritdoc/>
    public byte[]? Write(HttpRefusal refusal, HttpHead head)
    {
        if (refusal.RuleId.Length == 0)
            return null;
        using McpMessages? messages = McpMessages.Parse(body);
        JsonElement[] ids = [.. messages?.Messages.Where(m => McpMessages.Method(m) is not null && m.TryGetProperty("id"u8, out _)).Select(m => m.GetProperty("id"u8)) ?? []];
        // Nobody waits for answers to notifications and responses.
        if (ids.Length == 0)
            return null;
        var output = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(output))
        {
            if (messages!.IsBatch)
                json.WriteStartArray();
            foreach (JsonElement id in ids)
                Write(json, id, refusal);
            if (messages.IsBatch)
                json.WriteEndArray();
        }

        head.TryAdd(":status"u8, "200"u8);
        head.TryAdd("content-type"u8, "application/json"u8);
        head.TryAdd("content-length"u8, Encoding.ASCII.GetBytes($"{output.WrittenCount}"));
        head.TryAdd("cache-control"u8, "no-store"u8);
        return output.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, JsonElement id, HttpRefusal refusal)
    {
        json.WriteStartObject();
        json.WriteString("jsonrpc"u8, "2.0"u8);
        json.WritePropertyName("id"u8);
        id.WriteTo(json);
        json.WriteStartObject("error"u8);
        json.WriteNumber("code"u8, Code);
        json.WriteString("message"u8, HttpProblem.Detail(refusal));
        json.WriteStartObject("data"u8);
        json.WriteString("rule"u8, HttpRefusal.Plain(refusal.RuleId));
        if (refusal.Message.Length > 0)
            json.WriteString("hint"u8, HttpRefusal.Plain(refusal.Message));
        if (refusal.ApprovalUrl is { } url)
            json.WriteString("approval"u8, HttpRefusal.Plain(url));
        if (refusal.RetryAfterSeconds > 0)
            json.WriteNumber("retry-after"u8, refusal.RetryAfterSeconds);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
