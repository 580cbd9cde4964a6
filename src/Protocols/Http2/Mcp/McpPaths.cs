using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Mcp;

/// <summary>Which requests are to an MCP server: those on the paths that its target's configuration names.</summary>
internal static class McpPaths
{
    /// <summary>True for every method on such a path. Whatever spelling of it some server may take for it is it, in whatever case.</summary>
    public static bool Has(HttpRequest request, HttpHead head)
    {
        if (request.Target.McpPaths.Count == 0)
            return false;
        QueryReader.Of(request.Path(head), out ReadOnlySpan<byte> path);
        Span<byte> normal = path.Length <= 1024 ? stackalloc byte[1024] : new byte[path.Length];
        HttpPath.Normalise(path, normal, out int length);
        foreach (string mcp in request.Target.McpPaths)
        {
            if (System.Text.Ascii.EqualsIgnoreCase(normal[..length], mcp))
                return true;
        }

        return false;
    }

    /// <summary>True for what carries messages of the client.</summary>
    public static bool IsPost(HttpHead head) => head.Value(":method"u8).SequenceEqual("POST"u8);
}
