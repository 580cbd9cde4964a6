using System.Text;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Hpack;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Hpack;

/// <summary>
/// Blocks that another encoder wrote (python3-hpack 4.0.0): twelve connections of six blocks with random fields, some never indexed, tables that change their size between blocks, with and without Huffman.
/// </summary>
public sealed class HpackVectorTests
{
    [Fact]
    public void Blocks_of_another_encoder_decode_to_what_it_was_given()
    {
        using Stream stream = typeof(HpackVectorTests).Assembly.GetManifestResourceStream("Hpack/vectors.txt")!;
        using var reader = new StreamReader(stream);
        string[] lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        HpackDecoder decoder = null!;
        HttpHead head = HpackText.Empty();
        int at = 0, blocks = 0;
        foreach (string[] words in lines.Select(line => line.Split(' ')))
        {
            switch (words[0])
            {
                case "#":
                    decoder = new HpackDecoder();
                    break;
                case "block":
                    Assert.Equal(head.Count, at);
                    Assert.Equal(HpackStatus.Done, decoder.Decode(Convert.FromHexString(words[1]), head));
                    at = 0;
                    blocks++;
                    break;
                default:
                    Assert.Equal(Text(words[1]), Encoding.Latin1.GetString(head[at].Name));
                    Assert.Equal(words[2] == "-" ? "" : Text(words[2]), Encoding.Latin1.GetString(head[at].Value));
                    Assert.Equal(words[0] == "never", head[at++].NeverIndexed);
                    break;
            }
        }

        Assert.Equal(head.Count, at);
        Assert.Equal(72, blocks);
    }

    private static string Text(string hex) => Encoding.Latin1.GetString(Convert.FromHexString(hex));
}
