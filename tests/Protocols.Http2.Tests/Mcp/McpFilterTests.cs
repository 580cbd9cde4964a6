using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Mcp;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Mcp;

/// <summary>Masking what MCP servers say, wherever it is cut.</summary>
public sealed class McpFilterTests
{
    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"ring SECRET now"}]}}""", """{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"ring [x] now"}]}}""")]
    [InlineData("""{ "id" : "SECRET" , "result" : {"a":"\u0053ECRET\n\"é\"","nextCursor":"SECRET","b":{"nextCursor":"SECRET"}} }""", """{ "id" : "SECRET" , "result" : {"a":"[x]\n\"é\"","nextCursor":"SECRET","b":{"nextCursor":"[x]"}} }""")]
    [InlineData("""{"id":1,"result":{"structuredContent":{"SECRET":["SECRET",1e5,true]},"id":"SECRET"}}""", """{"id":1,"result":{"structuredContent":{"[x]":["[x]",1e5,true]},"id":"[x]"}}""")]
    [InlineData("""[{"id":"SECRET","result":{}},{"id":2,"error":{"message":"SECRET"}}]""", """[{"id":"SECRET","result":{}},{"id":2,"error":{"message":"[x]"}}]""")]
    [InlineData("""{"id":{"x":"SECRET"},"result":"SEC"}""", """{"id":{"x":"[x]"},"result":"SEC"}""")]
    [InlineData("""{"a":"\"{\\\"b\\\":\\\"SECRET\\\"}\""}""", """{"a":"\"{\\\"b\\\":\\\"[x]\\\"}\""}""")]
    [InlineData("""{"a":"SEC","b":"RET","SEC":"RET"}""", """{"a":"SEC","b":"RET","SEC":"RET"}""")]
    [InlineData("", "")]
    public void Texts_are_masked_and_all_else_stays(string message, string expected)
    {
        foreach (int cut in (int[])[int.MaxValue, 1, 7])
            Assert.Equal(expected, Run(new McpJsonFilter(new McpMask(() => new WordMask())), message, cut));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("<html>")]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("""{"a":1} {"b":"SECRET"}""")]
    public void What_is_no_json_is_given_up(string message) => Assert.Null(Run(new McpJsonFilter(new McpMask(() => new WordMask())), message, 3));

    [Fact]
    public void What_is_too_large_is_given_up() =>
        Assert.Null(Run(new McpJsonFilter(new McpMask(() => new WordMask())), $"\"{new string('x', McpMask.MostBytes)}\"", 1 << 16));

    [Theory]
    [InlineData("event: message\nid: 7\ndata: {\"id\":1,\"result\":\"SECRET\"}\n\n", "event: message\nid: 7\ndata: {\"id\":1,\"result\":\"[x]\"}\n\n")]
    [InlineData("data: {\"id\":1,\r\ndata:\"result\":\"SECRET\"}\r\n\r\n", "data: {\"id\":1,\ndata: \"result\":\"[x]\"}\n\n")]
    [InlineData("data: {\"a\":\rdata: 1}\r\rdata: [2]\r\r", "data: {\"a\":\ndata: 1}\n\ndata: [2]\n\n")]
    [InlineData(": SECRET ping\n\n", ":\n")]
    [InlineData("event: endpoint\ndata: /messages?sessionId=SECRET\n\n", "event: endpoint\ndata: /messages?sessionId=[x]\n\n")]
    [InlineData("retry: 5\nnonsense: SECRET\nid: 3\n\n", "retry: 5\nid: 3\n\n")]
    [InlineData("\uFEFFdata: {}\n\n", "data: {}\n\n")]
    [InlineData("data\n\n", "data: \n\n")]
    [InlineData("data: {\"result\":\"SECRET\"}\n", "")]
    public void Events_are_masked_one_by_one(string events, string expected)
    {
        foreach (int cut in (int[])[int.MaxValue, 1, 5])
            Assert.Equal(expected, Run(new McpEventFilter(new McpMask(() => new WordMask())), events, cut));
    }

    [Fact]
    public void An_event_goes_on_with_its_empty_line_and_not_later()
    {
        var filter = new McpEventFilter(new McpMask(() => new WordMask()));
        Assert.Equal("", Encoding.UTF8.GetString(filter.Take("data: {\"a\":1}\n"u8, false, out _)));
        Assert.Equal("data: {\"a\":1}\n\n", Encoding.UTF8.GetString(filter.Take("\n"u8, false, out _)));
        Assert.Equal(":\n", Encoding.UTF8.GetString(filter.Take(": ping\n"u8, false, out _)));
    }

    [Theory]
    [InlineData("data: {\"a\":\n\n")]
    [InlineData("data: {\"a\":1}\ndata: {\"b\":2}\n\n")]
    public void An_event_that_is_no_json_is_given_up(string events) => Assert.Null(Run(new McpEventFilter(new McpMask(() => new WordMask())), events, 4));

    [Fact]
    public void An_event_without_an_end_is_given_up() =>
        Assert.Null(Run(new McpEventFilter(new McpMask(() => new WordMask())), string.Concat(Enumerable.Repeat($"data: {new string('x', 1 << 16)}\n", 65)), 1 << 16));

    private static string? Run(IBodyFilter filter, string text, int cut)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        var output = new StringBuilder();
        var decoder = Encoding.UTF8.GetDecoder();
        for (int at = 0; at <= bytes.Length; at += cut == int.MaxValue ? bytes.Length + 1 : cut)
        {
            int length = Math.Min(cut, bytes.Length - at);
            ReadOnlySpan<byte> shown = filter.Take(bytes.AsSpan(at, length), at + length == bytes.Length && length < cut, out HttpRefusal? refusal);
            if (refusal is not null)
                return null;
            char[] characters = new char[shown.Length];
            output.Append(characters.AsSpan(0, decoder.GetChars(shown, characters, flush: false)));
        }

        return output.ToString();
    }

    /// <summary>Finds one word, and holds back all that it is told until it is flushed.</summary>
    private sealed class WordMask : IStreamMask
    {
        private readonly List<byte> _held = [];

        public int MaxLength(int length) => _held.Count + length;

        public int Mask(ReadOnlySpan<byte> input, Span<byte> destination, bool flush)
        {
            _held.AddRange(input);
            if (!flush)
                return 0;
            byte[] masked = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString([.. _held]).Replace("SECRET", "[x]", StringComparison.Ordinal));
            _held.Clear();
            masked.CopyTo(destination);
            return masked.Length;
        }
    }
}
