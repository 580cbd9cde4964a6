using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Mcp;

/// <summary>Whether a request may continue the MCP session that it names: only the identity that the server gave it to.</summary>
internal static class McpGuard
{
    /// <summary>The field of a session (MCP, Streamable HTTP).</summary>
    public static ReadOnlySpan<byte> SessionField => "mcp-session-id"u8;

    private static readonly HttpRefusal NoSession = new(404, "", "There is no such session, or it is not yours: begin a new one.");

    private static readonly HttpRefusal Ambiguous = new(400, "", "The request names its session in two ways: name it once, in the field Mcp-Session-Id.");

    private static readonly HttpRefusal NotResumed = new(400, "", "A stream can be resumed only in a session: the field Last-Event-ID needs Mcp-Session-Id beside it.");

    private static readonly HttpRefusal Upgraded = new(400, "", "This is the path of an MCP server, whose messages are judged one by one: it takes no upgrade and no CONNECT.");

    /// <returns>Null: it may.</returns>
    public static HttpRefusal? Check(HttpHead head, HttpRequest request, HttpScope scope)
    {
        if (request.Target.McpPaths.Count == 0)
            return null;
        if ((request.IsUpgrade || head.Has(":protocol"u8)) && McpPaths.Has(request, head))
            return Upgraded;
        int session = -1;
        for (int i = 0; i < head.Count; i++)
        {
            ReadOnlySpan<byte> name = head[i].Name;
            if (!ForbiddenFields.AreAlike(name, SessionField))
                continue;
            // Some servers read an underscore as a hyphen.
            if (session >= 0 || !name.SequenceEqual(SessionField))
                return Ambiguous;
            session = i;
        }

        // Without a session nothing says whose stream it is.
        if (session < 0)
            return head.Has("last-event-id"u8) && McpPaths.Has(request, head) ? NotResumed : null;
        if (scope.McpSessions.Has(request.Target.Info.Name, scope.Context.Facts.Identity, head[session].Value))
            return null;
        scope.Context.Event("mcp-session-refused", "not given to this identity");
        return NoSession;
    }
}
