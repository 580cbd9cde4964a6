using Sallyport.Contract;
using Sallyport.Protocols.Http2;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Mcp;

namespace Sallyport.Fuzz.Targets;

/// <summary>What is posted to an MCP server: its action is bounded, and the same when it is read again.</summary>
internal sealed class McpMessageTarget : ITarget
{
    public string Name => "McpMessage";

    public long MaxAllocation(int inputLength) => (8 << 20) + (4096L * inputLength);

    public void Run(ReadOnlySpan<byte> input)
    {
        var head = new HttpHead(1 << 12, 10);
        head.TryAdd(":method"u8, "POST"u8);
        head.TryAdd("content-type"u8, "application/json"u8);
        byte[] body = input.ToArray();
        var actions = new HttpActions();
        (Verb Verb, ActionFlags Flags, int Count, int Names) first = Read(actions, head, body);
        OracleException.Require(first == Read(actions, head, body), "another action the second time");
        OracleException.Require(first.Count <= HttpActionArena.MostObjects && first.Names <= HttpActionArena.MostBytes, $"{first.Count} objects, {first.Names} bytes");
    }

    private static (Verb Verb, ActionFlags Flags, int Count, int Names) Read(HttpActions actions, HttpHead head, byte[] body)
    {
        McpActions.Describe(actions, head, "/mcp"u8, body);
        ActionView view = actions.View();
        return (view.Verb, view.Flags, view.Objects.Length, view.Names.Length);
    }
}
