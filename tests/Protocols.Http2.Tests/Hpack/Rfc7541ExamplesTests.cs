using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Hpack;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Hpack;

/// <summary>Every example of RFC 7541, appendix C.</summary>
public sealed class Rfc7541ExamplesTests
{
    // A table of 256 bytes, as C.5 and C.6 assume it.
    private const string TableOf256 = "3fe101";

    private static readonly string[] First = [":status: 302", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT", "location: https://www.example.com"];
    private static readonly string[] Second = [":status: 307", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT", "location: https://www.example.com"];

    private static readonly string[] Third =
        [
            ":status: 200", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:22 GMT", "location: https://www.example.com", "content-encoding: gzip",
            "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
        ];

    [Theory]
    [InlineData("C.1.1", 10, 5, "0a")]
    [InlineData("C.1.2", 1337, 5, "1f9a0a")]
    [InlineData("C.1.3", 42, 8, "2a")]
    public void C_1_integers(string _, int value, int prefix, string hex)
    {
        byte[] written = new byte[HpackInteger.MostBytes];
        int length = HpackInteger.Write(written, 0, prefix, value);
        Assert.Equal(hex, Convert.ToHexStringLower(written.AsSpan(0, length)));
        int at = 0;
        Assert.True(HpackInteger.TryRead(written.AsSpan(0, length), ref at, prefix, out int read));
        Assert.Equal((value, length), (read, at));
    }

    [Theory]
    [InlineData("400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key: custom-header", 55)]
    [InlineData("040c2f73616d706c652f70617468", ":path: /sample/path", 0)]
    [InlineData("100870617373776f726406736563726574", "!password: secret", 0)]
    [InlineData("82", ":method: GET", 0)]
    public void C_2_representations(string hex, string field, int tableSize)
    {
        var decoder = new HpackDecoder();
        Decodes(decoder, hex, [field]);
        Assert.Equal(tableSize, decoder.TableSize);
    }

    [Theory]
    [InlineData("828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865", "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565")]
    [InlineData("828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf")]
    public void C_3_and_C_4_requests_without_and_with_Huffman(string first, string second, string third)
    {
        var decoder = new HpackDecoder();
        Decodes(decoder, first, [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"]);
        Assert.Equal(57, decoder.TableSize);
        Decodes(decoder, second, [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", "cache-control: no-cache"]);
        Assert.Equal(110, decoder.TableSize);
        Decodes(decoder, third, [":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com", "custom-key: custom-value"]);
        Assert.Equal(164, decoder.TableSize);
    }

    [Theory]
    [InlineData(
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31")]
    [InlineData(
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007")]
    public void C_5_and_C_6_responses_without_and_with_Huffman(string first, string second, string third)
    {
        var decoder = new HpackDecoder();
        Decodes(decoder, TableOf256 + first, First);
        Assert.Equal(222, decoder.TableSize);
        Decodes(decoder, second, Second);
        Assert.Equal(222, decoder.TableSize);
        Decodes(decoder, third, Third);
        Assert.Equal(215, decoder.TableSize);
    }

    private static void Decodes(HpackDecoder decoder, string hex, string[] expected)
    {
        HttpHead head = HpackText.Empty();
        Assert.Equal(HpackStatus.Done, decoder.Decode(HpackText.Hex(hex), head));
        Assert.Equal(expected, HpackText.Lines(head));
    }
}
