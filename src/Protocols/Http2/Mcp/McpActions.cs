using System.Text;
using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Mcp;

/// <summary>
/// Messages to an MCP server as an action: each is an effect, a tool that is called or the method of whatever else is asked for; a response to the server is the method
/// <c>rpc.response</c>. Their parameters are fields.
/// </summary>
internal static class McpActions
{
    /// <summary>The name of a response, which has no method; those that begin so are nobody else's (JSON-RPC 2.0, 4.3).</summary>
    private static ReadOnlySpan<byte> Response => "rpc.response"u8;

    /// <summary>Begins the action of a POST.</summary>
    /// <param name="path">With its query.</param>
    public static void Describe(HttpActions actions, HttpHead head, ReadOnlySpan<byte> path, ReadOnlyMemory<byte> body)
    {
        using McpMessages? messages = IsJson(head) ? McpMessages.Parse(body) : null;
        if (messages is null)
        {
            actions.Http(head.Value(":method"u8), path);
            actions.Flag(ActionFlags.Unparsed);
            return;
        }

        actions.Begin(McpMessages.Tool(messages.Messages[0]) is null ? Verb.McpMethod : Verb.McpTool, head.Value(":method"u8), path);
        int parametrised = 0;
        var fields = new McpFields();
        foreach (JsonElement message in messages.Messages)
        {
            string? tool = McpMessages.Tool(message);
            if (tool is not null)
                actions.Effect(Verb.McpTool, [], 0, Encoding.UTF8.GetBytes(tool));
            else if (McpMessages.Method(message) is { } method)
                actions.Effect(Verb.McpMethod, [], 0, Encoding.UTF8.GetBytes(method));
            else
                actions.Effect(Verb.McpMethod, [], 0, Response);
            JsonElement parameters = McpMessages.Parameters(message);
            if (parameters.ValueKind == JsonValueKind.Undefined)
                continue;
            parametrised++;
            fields.Add(parameters, isToolCall: tool is not null);
        }

        fields.Tell(actions);
        // Fields of several messages could not be told apart: what one of them has would stand for all.
        if (parametrised > 1)
            actions.Flag(ActionFlags.Unparsed);
    }

    // UTF-8 whatever is said of it (RFC 8259 8.1), and nothing that a server would have to unpack first.
    private static bool IsJson(HttpHead head)
    {
        int at = head.IndexOf("content-type"u8);
        if (at < 0 || head.IndexOf("content-type"u8, at + 1) >= 0 || head.Has("content-encoding"u8))
            return false;
        ReadOnlySpan<byte> value = head[at].Value;
        int end = value.IndexOf((byte)';');
        ReadOnlySpan<byte> type = (end < 0 ? value : value[..end]).Trim(" \t"u8);
        ReadOnlySpan<byte> parameter = end < 0 ? default : value[(end + 1)..].Trim(" \t"u8);
        return FieldRules.EqualsIgnoringCase(type, "application/json"u8)
            && (parameter.IsEmpty || FieldRules.EqualsIgnoringCase(parameter, "charset=utf-8"u8) || FieldRules.EqualsIgnoringCase(parameter, "charset=\"utf-8\""u8));
    }
}
