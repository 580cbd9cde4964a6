using System.Text;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;
using Sallyport.Protocols.Wire;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Http1;

/// <summary>Messages through the parsers whole, split in two at every place, and byte by byte: what is said of them must be the same.</summary>
internal static class H1Drive
{
    private delegate ParseStatus Parse(ReadOnlySpan<byte> buffer, out int consumed, out string facts, out HttpViolation? violation);

    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    public static string Dump(HttpHead head)
    {
        var text = new StringBuilder();
        for (int i = 0; i < head.Count; i++)
            text.Append(Encoding.Latin1.GetString(head[i].Name)).Append('=').Append(Encoding.Latin1.GetString(head[i].Value)).Append('|');
        return text.ToString();
    }

    /// <summary>"400 words", "more", or "CONSUMED head facts".</summary>
    public static string Request(string text, bool secure = true, H1Limits? limits = null, int mostFields = 100) => EverySplit(Bytes(text), () =>
    {
        var parser = new H1RequestParser(limits ?? H1Limits.Default, secure);
        var head = new HttpHead(1 << 16, mostFields);
        return (ReadOnlySpan<byte> buffer, out int consumed, out string facts, out HttpViolation? violation) =>
        {
            ParseStatus status = parser.TryParse(buffer, head, out consumed, out H1RequestFacts f, out violation);
            facts = $"{Dump(head)} {f.Form} {f.Minor} {f.Framing.Body}:{f.Framing.Length} {(f.KeepAlive ? "keep" : "close")}{(f.ExpectContinue ? " expect" : "")} {f.Upgrade}";
            return status;
        };
    });

    public static string Response(string text, H1Asked asked = default) => EverySplit(Bytes(text), () =>
    {
        var parser = new H1ResponseParser(H1Limits.Default);
        var head = new HttpHead(1 << 16, 100);
        return (ReadOnlySpan<byte> buffer, out int consumed, out string facts, out HttpViolation? violation) =>
        {
            ParseStatus status = parser.TryParse(buffer, asked, head, out consumed, out H1ResponseFacts f, out violation);
            facts = $"{Dump(head)} {f.Framing.Body}:{f.Framing.Length} {(f.KeepAlive ? "keep" : "close")} {f.Upgrade}";
            return status;
        };
    });

    /// <summary>"body|trailers|rest", or "STATUS words", or "more", behind the body so far.</summary>
    public static string Chunked(string text, H1Limits? limits = null)
    {
        byte[] bytes = Bytes(text);
        string whole = Chunked(bytes, [bytes.Length], limits);
        Assert.Equal(whole, Chunked(bytes, [.. Enumerable.Range(1, bytes.Length)], limits));
        for (int split = 1; split < bytes.Length; split++)
            Assert.Equal(whole, Chunked(bytes, [split, bytes.Length], limits));
        return whole;
    }

    private static string Chunked(byte[] bytes, int[] ends, H1Limits? limits)
    {
        var decoder = new ChunkedDecoder(limits ?? H1Limits.Default);
        var trailers = new HttpHead(1 << 16, 20);
        var body = new StringBuilder();
        int at = 0;
        foreach (int end in ends)
        {
            while (true)
            {
                ChunkedPart part = decoder.Read(bytes.AsSpan(at..end), trailers, out int consumed, out ReadOnlySpan<byte> data, out HttpViolation? violation);
                at += part == ChunkedPart.Malformed ? 0 : consumed;
                body.Append(Encoding.Latin1.GetString(data));
                if (part == ChunkedPart.Malformed)
                    return $"{body} {violation!.Status} {violation.Message}";
                if (part == ChunkedPart.End)
                    return $"{body}|{Dump(trailers)}|{Encoding.Latin1.GetString(bytes.AsSpan(at))}";
                if (part == ChunkedPart.None)
                    break;
            }
        }

        return $"{body} more";
    }

    private static string EverySplit(byte[] bytes, Func<Parse> make)
    {
        string whole = Run(bytes, [bytes.Length], make());
        Assert.Equal(whole, Run(bytes, [.. Enumerable.Range(1, bytes.Length)], make()));
        // Long inputs are about bounds: their ends are what matters.
        for (int split = Math.Max(1, bytes.Length - 600); split < bytes.Length; split++)
            Assert.Equal(whole, Run(bytes, [split, bytes.Length], make()));
        return whole;
    }

    private static string Run(byte[] bytes, int[] ends, Parse parse)
    {
        foreach (int end in ends)
        {
            ParseStatus status = parse(bytes.AsSpan(0, end), out int consumed, out string facts, out HttpViolation? violation);
            Assert.Equal(status == ParseStatus.Malformed, violation is not null);
            if (status == ParseStatus.Malformed)
                return $"{violation!.Status} {violation.Message}";
            if (status == ParseStatus.Done)
                return $"{consumed} {facts}";
            Assert.Equal(0, consumed);
        }

        return "more";
    }
}
