using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Hpack;

namespace Sallyport.Fuzz.Targets;

/// <summary>
/// Field blocks of one connection: two bytes of length (big-endian), then a block, again and again. What decodes is judged, copied, encoded, and must decode to itself, with both tables of one size.
/// </summary>
internal sealed class HpackTarget : ITarget
{
    private const int MostBytes = 8 << 10;

    public string Name => "Hpack";

    public long MaxAllocation(int inputLength) => (256 << 10) + (64L * inputLength);

    public void Run(ReadOnlySpan<byte> input)
    {
        var decoder = new HpackDecoder();
        var again = new HpackDecoder();
        var encoder = new HpackEncoder();
        HttpHead head = new(MostBytes, 200), copy = new(MostBytes, 200);
        byte[] block = new byte[MostBytes + 64];
        while (input.Length >= 2)
        {
            int length = Math.Min((input[0] << 8) | input[1], input.Length - 2);
            HpackStatus status = decoder.Decode(input.Slice(2, length), head);
            OracleException.Require(head.Size <= MostBytes && decoder.TableSize <= HpackDecoder.DefaultTableSize, "more than may be kept");
            OracleException.Require(status == HpackStatus.Failed == decoder.Violation is not null, "a violation is what fails");
            if (status == HpackStatus.Failed)
                return;
            input = input[(length + 2)..];
            if (status == HpackStatus.TooLarge)
                continue;

            _ = HeadRules.Request(head, HeadForm.ExtendedConnect, out _);
            _ = HeadRules.Response(head, HeadForm.Http2, out _);
            _ = HeadRules.Trailers(head, HeadForm.Http2);
            _ = ForwardedFields.CopyRequest(head, copy);
            int encoded = encoder.Encode(head, block);
            OracleException.Require(encoded <= HpackEncoder.MostEncoded(head), "longer than was promised");
            OracleException.Require(again.Decode(block.AsSpan(0, encoded), copy) == HpackStatus.Done, "a block of ours that is not legal");
            OracleException.Require(again.TableSize == encoder.TableSize && copy.Count == head.Count, "tables that differ");
            for (int i = 0; i < head.Count; i++)
                OracleException.Require(head[i].Name.SequenceEqual(copy[i].Name) && head[i].Value.SequenceEqual(copy[i].Value) && (copy[i].NeverIndexed || !head[i].NeverIndexed), "a field that is another");
        }
    }
}
