using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Http1;

/// <summary>RFC 9112 7.1.</summary>
public sealed class ChunkedDecoderTests
{
    [Theory]
    [InlineData("5\r\nhello\r\n0\r\n\r\nGET", "hello||GET")]
    [InlineData("5\r\nhello\r\n00A\r\n, world!!!\r\n000\r\n\r\n", "hello, world!!!||")]
    [InlineData("0\r\n\r\n", "||")]
    [InlineData("0000000000000001\r\nx\r\n0\r\n\r\n", "x||")]
    [InlineData("1;a\r\nx\r\n1;a=b;c=\"d;\\\"\u00e9\t\"\r\ny\r\n0;z\r\n\r\n", "xy||")]
    [InlineData("2\r\n\r\n\r\n0\r\n\r\n", "\r\n||")]
    [InlineData("1\r\nx\r\n0\r\nGrpc-Status: 0\r\nX: y\r\n\r\nrest", "x|grpc-status=0|x=y||rest")]
    [InlineData("5\r\nhel", "hel more")]
    [InlineData("1\r\nx\r\n0\r\nA: b\r\n", "x more")]
    public void RFC_9112_7_1_a_body_is_read(string text, string expected) => Assert.Equal(expected, H1Drive.Chunked(text));

    [Theory]
    [InlineData("0x5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("-5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("+5\r\nhello\r\n0\r\n\r\n")]
    [InlineData(" 5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5 \r\nhello\r\n0\r\n\r\n")]
    [InlineData("5\t\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5_0\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5.\r\nhello\r\n0\r\n\r\n")]
    [InlineData("g\r\nhello\r\n0\r\n\r\n")]
    [InlineData("\r\nhello\r\n0\r\n\r\n")]
    [InlineData("\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5\nhello\r\n0\r\n\r\n")]
    [InlineData("5\rhello\r\n0\r\n\r\n")]
    [InlineData("5\r\rhello\r\n0\r\n\r\n")]
    [InlineData("5\u0000\r\nhello\r\n0\r\n\r\n")]
    [InlineData("8000000000000000\r\n")]
    [InlineData("ffffffffffffffff\r\n")]
    [InlineData("10000000000000005\r\nhello\r\n")]
    [InlineData("00000000000000005\r\nhello\r\n")]
    [InlineData("\u0665\r\nhello\r\n0\r\n\r\n")]
    public void RFC_9112_7_1_a_size_that_is_not_one_is_refused(string text) => Assert.StartsWith(" 400 A chunk size", H1Drive.Chunked(text), StringComparison.Ordinal);

    [Theory]
    // CVE-2025-55315 and its kin: an extension whose end two parsers see in different places.
    [InlineData("5;\nxxhello\r\n0\r\n\r\n")]
    [InlineData("5;\rxxhello\r\n0\r\n\r\n")]
    [InlineData("5;a\nb\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;a=b\nc\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;a=\"b\nc\"\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;a=\"b\r\nc\"\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;a=\"b\\\r\nc\"\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;\u0000\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;;a\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;a;\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;a=\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;=b\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;a=b=c\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;a=\"b\"c\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5; a\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;a =b\r\nhello\r\n0\r\n\r\n")]
    [InlineData("0;\n\r\n\r\n")]
    public void RFC_9112_7_1_1_an_extension_that_is_not_one_is_refused(string text) => Assert.StartsWith(" 400 A chunk extension", H1Drive.Chunked(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("5;a\rX\r\nhello\r\n0\r\n\r\n", " 400 A chunk size")]
    [InlineData("5\r\nhello0\r\n\r\n", "hello 400 A chunk does not")]
    [InlineData("5\r\nhello\n0\r\n\r\n", "hello 400 A chunk does not")]
    [InlineData("5\r\nhello\r0\r\n\r\n", "hello 400 A chunk does not")]
    [InlineData("5\r\nhelloXX0\r\n\r\n", "hello 400 A chunk does not")]
    [InlineData("0\r\nImpersonate-User: root\r\n\r\n", " 400 A trailer")]
    [InlineData("0\r\nX_Remote_User: root\r\n\r\n", " 400 A trailer")]
    [InlineData("0\r\nContent-Length: 5\r\n\r\n", " 400 A trailer")]
    [InlineData("0\r\nTransfer-Encoding: chunked\r\n\r\n", " 400 A trailer")]
    [InlineData("0\r\nX: y\r\nHOST: z\r\n\r\n", " 400 A trailer")]
    [InlineData("0\r\nAuthorization: z\r\n\r\n", " 400 A trailer")]
    [InlineData("0\r\nX : y\r\n\r\n", " 400 A field name")]
    [InlineData("0\r\n X: y\r\n\r\n", " 400 A field line")]
    [InlineData("0\r\nX: y\n\r\n", " 400 A line")]
    [InlineData("0\r\n\n", " 400 A line")]
    [InlineData("0\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", " 400 A field name")]
    public void RFC_9112_7_1_2_what_follows_a_chunk_is_exact(string text, string expected) => Assert.StartsWith(expected, H1Drive.Chunked(text), StringComparison.Ordinal);

    [Fact]
    public void Extensions_and_trailers_are_bounded()
    {
        var limits = new H1Limits { ChunkLine = 20, ChunkExtensions = 50, Head = 30 };
        Assert.Equal("x||", H1Drive.Chunked("1;" + new string('a', 18) + "\r\nx\r\n0\r\n\r\n", limits));
        Assert.StartsWith(" 400 A chunk extension", H1Drive.Chunked("1;" + new string('a', 19) + "\r\nx\r\n0\r\n\r\n", limits), StringComparison.Ordinal);
        Assert.StartsWith("xxxxx 400 A chunk extension", H1Drive.Chunked(string.Concat(Enumerable.Repeat("1;aaaaaaaaa\r\nx\r\n", 6)), limits), StringComparison.Ordinal);
        Assert.StartsWith(" 431", H1Drive.Chunked("0\r\n" + string.Concat(Enumerable.Repeat("a: b\r\n", 9)), limits), StringComparison.Ordinal);
    }

    [Fact]
    public void A_body_is_read_without_allocating()
    {
        byte[] bytes = H1Drive.Bytes("5;a=b\r\nhello\r\n5\r\nworld\r\n0\r\nx: y\r\n\r\n");
        var decoder = new ChunkedDecoder(H1Limits.Default);
        var trailers = new HttpHead(1024, 10);
        long total = 0;
        Read();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Read();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1010, total);

        void Read()
        {
            decoder.Reset();
            ReadOnlySpan<byte> rest = bytes;
            while (decoder.Read(rest, trailers, out int consumed, out ReadOnlySpan<byte> data, out _) == ChunkedPart.Data)
            {
                total += data.Length;
                rest = rest[consumed..];
            }
        }
    }
}
