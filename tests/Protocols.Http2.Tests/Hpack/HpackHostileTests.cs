using System.Text;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Hpack;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Hpack;

/// <summary>Blocks that are not legal, and legal ones that want too much.</summary>
public sealed class HpackHostileTests
{
    [Theory]
    [InlineData("80", "6.1 index 0")]
    [InlineData("be", "2.3.3 the first index behind the static table, of an empty dynamic one")]
    [InlineData("ff8001", "2.3.3 index 255")]
    [InlineData("ffffffffff07", "2.3.3 index 2^31 - 1 + 127, beyond an int")]
    [InlineData("7f00", "2.3.3 a name's index that is not there")]
    [InlineData("ff", "5.1 no end")]
    [InlineData("ff80808080", "5.1 no end")]
    [InlineData("ff808080808000", "5.1 six continuation bytes, all zero")]
    [InlineData("ffffffffffff7f", "5.1 more than 32 bits")]
    [InlineData("00", "5.2 no name")]
    [InlineData("000161", "5.2 no value")]
    [InlineData("00016105", "5.2 a value shorter than its length")]
    [InlineData("00017fffffffff07", "5.2 a length of two gigabytes")]
    [InlineData("00016181ff", "5.2 padding of eight ones alone")]
    [InlineData("0001618207ff", "5.2 padding longer than 7 bits")]
    [InlineData("00016184ffffffff", "5.2 EOS")]
    [InlineData("00016185fffffffffe", "5.2 EOS within a string")]
    [InlineData("0001618118", "5.2 padding that is not ones")]
    [InlineData("3fe21f", "6.3 a table of 4097")]
    [InlineData("8220", "4.2 a change of size behind a field")]
    [InlineData("20203fe11f", "4.2 three changes of size")]
    [InlineData("3f", "6.3 a size without end")]
    public void Illegal_blocks_end_the_connection_with_COMPRESSION_ERROR(string hex, string why)
    {
        var decoder = new HpackDecoder();
        HttpHead head = HpackText.Empty();
        Assert.True(decoder.Decode(HpackText.Hex(hex), head) == HpackStatus.Failed, why);
        Assert.Equal(H2ErrorCode.COMPRESSION_ERROR, decoder.Violation!.Code);
        Assert.Equal(HpackStatus.Failed, decoder.Decode([0x82], head));
    }

    [Fact]
    public void Two_changes_of_size_are_legal_and_empty_the_table()
    {
        var decoder = new HpackDecoder();
        HttpHead head = HpackText.Empty();
        Assert.Equal(HpackStatus.Done, decoder.Decode(HpackText.Hex("4001610162"), head));
        Assert.Equal(34, decoder.TableSize);
        Assert.Equal(HpackStatus.Done, decoder.Decode(HpackText.Hex("203fe11f82"), head));
        Assert.Equal(0, decoder.TableSize);
        Assert.Equal(HpackStatus.Done, decoder.Decode([], head));
    }

    [Fact]
    public void A_table_must_shrink_in_the_block_behind_the_acknowledgement()
    {
        HttpHead head = HpackText.Empty();
        var decoder = new HpackDecoder();
        decoder.LimitTable(100);
        Assert.Equal(HpackStatus.Failed, decoder.Decode([0x82], head));

        decoder = new HpackDecoder();
        decoder.LimitTable(100);
        Assert.Equal(HpackStatus.Done, decoder.Decode(HpackText.Hex("3f4582"), head));
        Assert.Equal(HpackStatus.Done, decoder.Decode([0x82], head));
    }

    [Fact]
    public void A_line_larger_than_the_table_empties_it_and_is_a_field_all_the_same()
    {
        var decoder = new HpackDecoder();
        HttpHead head = HpackText.Empty();
        byte[] block = [0x40, 1, (byte)'a', 1, (byte)'b', .. Literal(0x40, "large", new string('x', 5000))];
        Assert.Equal(HpackStatus.Done, decoder.Decode(block, head));
        Assert.Equal((2, 0), (head.Count, decoder.TableSize));
    }

    [Fact]
    public void A_name_of_a_line_that_its_own_insertion_evicts_is_still_that_name()
    {
        var decoder = new HpackDecoder();
        HttpHead head = HpackText.Empty();
        string name = new('n', 2000);
        Assert.Equal(HpackStatus.Done, decoder.Decode(Literal(0x40, name, "first"), head));

        // Index 62 by its name, with a value that leaves no room for both; often, so that the table's buffer turns over.
        for (int i = 0; i < 50; i++)
        {
            string value = new((char)('a' + (i % 26)), 1500);
            Assert.Equal(HpackStatus.Done, decoder.Decode([0x7e, .. String(value)], head));
            Assert.Equal($"{name}: {value}", Assert.Single(HpackText.Lines(head)));
            Assert.Equal(HpackStatus.Done, decoder.Decode([0xbe], head));
            Assert.Equal($"{name}: {value}", Assert.Single(HpackText.Lines(head)));
        }

        // And with a head that takes no more, where the line is put together elsewhere.
        var small = new HttpHead(100, 10);
        Assert.Equal(HpackStatus.TooLarge, decoder.Decode([0x7e, .. String(new string('z', 1500))], small));
        Assert.Equal(HpackStatus.Done, decoder.Decode([0xbe], head));
        Assert.Equal($"{name}: {new string('z', 1500)}", Assert.Single(HpackText.Lines(head)));
    }

    [Fact]
    public void A_head_that_is_too_large_leaves_the_table_right()
    {
        var decoder = new HpackDecoder();
        var small = new HttpHead(200, 100);
        byte[] block = [.. Literal(0x40, "a", "1"), .. Literal(0x00, "b", new string('x', 300)), .. Literal(0x40, "c", "3"), 0xbe, 0xbf];
        Assert.Equal(HpackStatus.TooLarge, decoder.Decode(block, small));
        Assert.Equal(["a: 1"], HpackText.Lines(small));

        Assert.Equal(HpackStatus.Done, decoder.Decode([0xbe, 0xbf], small));
        Assert.Equal(["c: 3", "a: 1"], HpackText.Lines(small));
    }

    [Fact]
    public void A_block_that_stands_for_far_more_than_its_bytes_ends_the_connection_in_bounded_work()
    {
        // One line of four thousand bytes, then sixty thousand times its index: a quarter of a gigabyte.
        var decoder = new HpackDecoder();
        var head = new HttpHead(16 << 10, 100);
        byte[] block = [.. Literal(0x40, "bomb", new string('x', 4000)), .. Enumerable.Repeat((byte)0xbe, 60_000)];
        Assert.Equal(HpackStatus.Failed, decoder.Decode(block, head));
        Assert.Equal(H2ErrorCode.ENHANCE_YOUR_CALM, decoder.Violation!.Code);
        Assert.True(head.Size <= 16 << 10);
    }

    [Fact]
    public void A_name_inserted_again_and_again_stays_within_the_bound()
    {
        var decoder = new HpackDecoder();
        var head = new HttpHead(16 << 10, 100);
        var block = new List<byte>(Literal(0x40, new string('n', 4000), ""));
        for (int i = 0; i < 20_000; i++)
            block.AddRange([0x7e, 0x00]);
        Assert.Equal(HpackStatus.Failed, decoder.Decode(block.ToArray(), head));
        Assert.Equal(H2ErrorCode.ENHANCE_YOUR_CALM, decoder.Violation!.Code);
    }

    [Fact]
    public void Every_cut_of_a_block_is_legal_or_an_error_and_never_more()
    {
        byte[] block = HpackText.Hex("88c16196d07abe941054d444a8200595040b8166e084a62d1bff408825a849e95ba97d7f8925a849e95bb8e8b4bf100870617373776f726406736563726574");
        HttpHead head = HpackText.Empty();
        for (int cut = 0; cut <= block.Length; cut++)
        {
            var decoder = new HpackDecoder();
            decoder.Decode(HpackText.Hex("4001610162400163016440016501660f010139"), head);
            HpackStatus status = decoder.Decode(block.AsSpan(0, cut), head);
            Assert.Equal(status == HpackStatus.Failed, decoder.Violation is not null);
        }
    }

    private static byte[] Literal(byte pattern, string name, string value) => [pattern, .. String(name), .. String(value)];

    private static byte[] String(string text)
    {
        byte[] length = new byte[HpackInteger.MostBytes];
        return [.. length[..HpackInteger.Write(length, 0, 7, text.Length)], .. Encoding.ASCII.GetBytes(text)];
    }
}
