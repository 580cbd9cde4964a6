using System.Text;
using CsCheck;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Hpack;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Hpack;

/// <summary>Long values that are not indexed are what was sent, whatever was sent before them on the same connection.</summary>
public sealed class RepeatedStringTests
{
    private const string Token = "Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6IjV4In0.eyJzdWIiOiJhbGljZSIsImdyb3VwcyI6WyJkZXYiXX0.c2lnbmF0dXJlLXRoYXQtaXMtbm90LW9uZQ";

    // Two that differ in the last octet, ones that begin alike, short ones, one that is longer than is kept, one of long codes, and the shortest that are kept.
    private static readonly string[] Pool =
        [Token, Token[..^1] + "R", Token + Token, Token[..70], "short", "", new string('x', 9000), new string('\u00ff', 80), new string('a', RepeatedString.Least * 8 / 5), new string('a', (RepeatedString.Least * 8 / 5) + 1)];

    private static readonly Gen<(int Value, int Pattern)> Fields = Gen.Select(Gen.Int[0, Pool.Length - 1], Gen.OneOf(Gen.Const(0x00), Gen.Const(0x10), Gen.Const(0x40)));

    [Fact]
    public void Values_in_any_order_are_what_was_sent() =>
        Fields.Array[1, 6].Array[1, 8].Sample(blocks =>
        {
            var decoder = new HpackDecoder();
            HttpHead into = HpackText.Empty();
            foreach ((int Value, int Pattern)[] fields in blocks)
            {
                byte[] block = [.. fields.SelectMany(field => Literal((byte)field.Pattern, Pool[field.Value]))];
                Assert.Equal(HpackStatus.Done, decoder.Decode(block, into));
                Assert.Equal(fields.Select(field => (field.Pattern == 0x10 ? "!" : "") + "x-token: " + Pool[field.Value]), HpackText.Lines(into));
            }
        });

    [Fact]
    public void What_is_no_code_is_refused_behind_one_that_is()
    {
        var decoder = new HpackDecoder();
        HttpHead into = HpackText.Empty();
        byte[] right = Literal(0x10, Token);
        Assert.Equal(HpackStatus.Done, decoder.Decode(right, into));
        // EOS is no string's (RFC 7541 5.2).
        byte[] wrong = [.. right[..^4], 0xff, 0xff, 0xff, 0xff];
        Assert.Equal(HpackStatus.Failed, decoder.Decode(wrong, into));
    }

    /// <summary>What is small on the wire does not get round the bound of what it stands for.</summary>
    [Fact]
    public void A_repeated_value_counts_as_any_other()
    {
        var decoder = new HpackDecoder(mostDecoded: 10_000);
        byte[] field = Literal(0x10, new string('a', 6000));
        Assert.Equal(HpackStatus.Done, decoder.Decode(field, HpackText.Empty()));
        Assert.Equal(HpackStatus.Failed, decoder.Decode([.. field, .. field], HpackText.Empty()));
    }

    [Fact]
    public void A_token_that_comes_again_and_again_allocates_nothing()
    {
        var decoder = new HpackDecoder();
        HttpHead into = HpackText.Empty();
        byte[] block = Literal(0x10, Token);
        decoder.Decode(block, into);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            decoder.Decode(block, into);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>They come with every request, and the code costs time at both ends. Short ones go as all others.</summary>
    [Fact]
    public void Long_values_that_are_never_indexed_are_not_coded()
    {
        Assert.EndsWith(Token, Encoded($"!authorization: {Token}"), StringComparison.Ordinal);
        Assert.DoesNotContain("Bearer", Encoded("!authorization: Bearer short"), StringComparison.Ordinal);
        Assert.DoesNotContain("Bearer", Encoded($"x-plain: {Token}"), StringComparison.Ordinal);
    }

    private static string Encoded(string line)
    {
        HttpHead head = HpackText.Head(line);
        byte[] block = new byte[HpackEncoder.MostEncoded(head)];
        return Encoding.Latin1.GetString(block.AsSpan(0, new HpackEncoder().Encode(head, block)));
    }

    private static byte[] Literal(byte pattern, string value)
    {
        byte[] name = "x-token"u8.ToArray();
        byte[] text = Encoding.Latin1.GetBytes(value);
        byte[] coded = new byte[Huffman.EncodedLength(text)];
        Huffman.Encode(text, coded);
        byte[] length = new byte[HpackInteger.MostBytes];
        int size = HpackInteger.Write(length, 0x80, 7, coded.Length);
        return [pattern, (byte)name.Length, .. name, .. length.AsSpan(0, size), .. coded];
    }
}
