using CsCheck;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Hpack;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Hpack;

/// <summary>What is encoded is decoded, over whole connections, and what that costs.</summary>
public sealed class HpackRoundTripTests
{
    private static readonly Gen<int>[] Sizes = [Gen.Const(0), Gen.Const(31), Gen.Const(32), Gen.Const(100), Gen.Const(500), Gen.Const(4096), Gen.Const(9000)];

    private static readonly Gen<string> Names = Gen.OneOf(
        AnyOf(":path", ":status", ":method", "cookie", "set-cookie", "authorization", "accept", "user-agent", "content-length", "x-api-key", "x-a", "x-b", "date"),
        Gen.Char['a', 'z'].Array[1, 20].Select(c => new string(c)));

    private static readonly Gen<string> Values = Gen.OneOf(
        AnyOf("", "GET", "200", "/", "a", "gzip, deflate", "the same value again and again", new string('x', 1500), new string('y', 3000)),
        Gen.Char[(char)0, (char)255].Array[0, 60].Select(c => new string(c)));

    private static readonly Gen<string> Lines = Gen.Select(Names, Values, Gen.Int[0, 9], (name, value, never) => $"{(never == 0 ? "!" : "")}{name}: {value}");

    // A head, or (negative) a size that the peer's SETTINGS give the table.
    private static readonly Gen<(string[] Head, int Size)> Steps = Gen.Select(Lines.Array[0, 20], Gen.Frequency((5, Gen.Const(-1)), (1, Gen.OneOf(Sizes))));

    [Fact]
    public void What_is_encoded_decodes_to_itself_and_both_tables_agree() =>
        Steps.Array[1, 12].Sample(
            steps =>
            {
                var encoder = new HpackEncoder();
                var decoder = new HpackDecoder();
                HttpHead into = HpackText.Empty();
                foreach ((string[] lines, int size) in steps)
                {
                    if (size >= 0)
                    {
                        encoder.LimitTable((uint)size);
                        decoder.LimitTable(size);
                    }

                    HttpHead head = HpackText.Head(lines);
                    byte[] block = new byte[HpackEncoder.MostEncoded(head)];
                    int length = encoder.Encode(head, block);
                    Assert.Equal(HpackStatus.Done, decoder.Decode(block.AsSpan(0, length), into));
                    Assert.Equal(lines.Select(l => l.TrimStart('!')), HpackText.Lines(into).Select(l => l.TrimStart('!')));
                    Assert.All(lines.Zip(HpackText.Lines(into)), pair => Assert.True(!pair.First.StartsWith('!') || pair.Second.StartsWith('!'), "never-indexed is kept"));
                    Assert.Equal(encoder.TableSize, decoder.TableSize);
                }
            },
            iter: 500);

    [Fact]
    public void Huffman_strings_of_every_octet_decode_to_themselves() =>
        Gen.Byte.Array[0, 200].Sample(text =>
        {
            byte[] encoded = new byte[Huffman.EncodedLength(text)];
            Huffman.Encode(text, encoded);
            byte[] decoded = new byte[Huffman.MostDecoded(encoded.Length)];
            int length = Huffman.Decode(encoded, decoded);
            Assert.Equal(text, decoded[..length]);
        });

    [Fact]
    public void Integers_read_as_they_were_written() =>
        Gen.Select(Gen.OneOf(Gen.Int[0, 600], Gen.Int[0, int.MaxValue]), Gen.Int[4, 7]).Sample((value, prefix) =>
        {
            byte[] written = new byte[HpackInteger.MostBytes];
            int length = HpackInteger.Write(written, 0, prefix, value), at = 0;
            Assert.True(HpackInteger.TryRead(written.AsSpan(0, length), ref at, prefix, out int read));
            Assert.Equal((value, length), (read, at));
        });

    [Theory]
    [InlineData("authorization: Bearer eyJ0")]
    [InlineData("proxy-authorization: Basic YQ==")]
    [InlineData("set-cookie: session=0123456789012345678901234567890123456789")]
    [InlineData("cookie: short=1")]
    [InlineData("x-auth-token: 1234")]
    [InlineData("x-api-key: 1234")]
    [InlineData("client-secret: 1234")]
    public void Secrets_are_never_indexed(string line)
    {
        var encoder = new HpackEncoder();
        HttpHead head = HpackText.Head(line), into = HpackText.Empty();
        byte[] block = new byte[HpackEncoder.MostEncoded(head)];
        for (int i = 0; i < 4; i++)
        {
            int length = encoder.Encode(head, block);
            Assert.Equal(0x10, block[0] & 0xf0);
            Assert.Equal(HpackStatus.Done, new HpackDecoder().Decode(block.AsSpan(0, length), into));
            Assert.Equal("!" + line, Assert.Single(HpackText.Lines(into)));
        }

        Assert.Equal(0, encoder.TableSize);
    }

    [Fact]
    public void A_field_that_came_never_indexed_leaves_so_though_a_table_has_its_line()
    {
        var encoder = new HpackEncoder();
        byte[] block = new byte[200];
        encoder.Encode(HpackText.Head("accept: text/plain"), block);
        Assert.Equal(1, encoder.Encode(HpackText.Head("accept: text/plain"), block));
        Assert.True(encoder.Encode(HpackText.Head("!accept: text/plain"), block) > 5);
        Assert.Equal(0x10, block[0] & 0xf0);
    }

    [Fact]
    public void What_is_often_unique_enters_the_table_the_second_time()
    {
        var encoder = new HpackEncoder();
        byte[] block = new byte[200];
        HttpHead head = HpackText.Head(":path: /api/v1/pods?watch=1");
        Assert.True(encoder.Encode(head, block) > 10);
        Assert.Equal(0, encoder.TableSize);
        Assert.True(encoder.Encode(head, block) > 10);
        Assert.NotEqual(0, encoder.TableSize);
        Assert.Equal(1, encoder.Encode(head, block));
    }

    [Fact]
    public void The_smallest_and_the_last_size_are_signalled()
    {
        var encoder = new HpackEncoder();
        encoder.LimitTable(0);
        encoder.LimitTable(100);
        byte[] block = new byte[200];
        int length = encoder.Encode(HpackText.Head(":method: GET"), block);
        Assert.Equal("203f4582", Convert.ToHexStringLower(block.AsSpan(0, length)));
        Assert.Equal(1, encoder.Encode(HpackText.Head(":method: GET"), block));
    }

    [Fact]
    public void Encoding_and_decoding_the_same_heads_allocates_nothing()
    {
        var encoder = new HpackEncoder();
        var decoder = new HpackDecoder();
        HttpHead head = HpackText.Head(
            ":method: GET", ":scheme: https", ":authority: api.example.com", ":path: /api/v1/namespaces/shop/pods?limit=500", "user-agent: kubectl/v1.30", "accept: application/json",
            "!authorization: Bearer " + new string('a', 600), "x-request-id: 0123");
        HttpHead into = HpackText.Empty();
        byte[] block = new byte[HpackEncoder.MostEncoded(head)];
        int turn = 0;
        HttpHead[] others = [.. Enumerable.Range(0, 64).Select(i => HpackText.Head($"x-request-id: {i}", $"user-agent: number {i}", ":path: /" + i))];
        long allocated = Allocation.Least(500, () =>
        {
            foreach (HttpHead each in (ReadOnlySpan<HttpHead>)[head, others[turn++ % others.Length]])
            {
                if (decoder.Decode(block.AsSpan(0, encoder.Encode(each, block)), into) != HpackStatus.Done)
                    throw new InvalidOperationException();
            }
        });
        Assert.Equal(0, allocated);
        Assert.Equal(HpackText.Lines(others[(turn - 1) % others.Length]), HpackText.Lines(into));
    }

    private static Gen<string> AnyOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);
}
