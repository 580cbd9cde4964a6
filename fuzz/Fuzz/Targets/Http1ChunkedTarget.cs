using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;

namespace Sallyport.Fuzz.Targets;

/// <summary>A chunked body: byte by byte it is what it is whole, and it has no more bytes than came.</summary>
internal sealed class Http1ChunkedTarget : ITarget
{
    public string Name => "Http1Chunked";

    public long MaxAllocation(int inputLength) => (1 << 20) + (64L * inputLength);

    public void Run(ReadOnlySpan<byte> input)
    {
        var whole = new HttpHead(1 << 16, 100);
        var bytes = new HttpHead(1 << 16, 100);
        (ChunkedPart Part, int Consumed, uint Body, HttpViolation? Violation) first = Read(input, input.Length, whole);
        (ChunkedPart Part, int Consumed, uint Body, HttpViolation? Violation) second = Read(input, 1, bytes);
        OracleException.Require(first == second, $"whole {first}, in bytes {second}");
        OracleException.Require(first.Part != ChunkedPart.End || whole.Count == bytes.Count, "other trailers");
    }

    private static (ChunkedPart Part, int Consumed, uint Body, HttpViolation? Violation) Read(ReadOnlySpan<byte> input, int step, HttpHead trailers)
    {
        var decoder = new ChunkedDecoder(H1Limits.Default);
        int at = 0;
        uint body = 0;
        for (int end = Math.Min(step, input.Length); ; end = Math.Min(end + step, input.Length))
        {
            ChunkedPart part;
            do
            {
                part = decoder.Read(input[at..end], trailers, out int consumed, out ReadOnlySpan<byte> data, out HttpViolation? violation);
                OracleException.Require(consumed <= end - at && data.Length <= consumed && (part == ChunkedPart.Data) == !data.IsEmpty, $"{data.Length} bytes of {consumed}");
                foreach (byte b in data)
                    body = (body * 31) + b;
                if (part == ChunkedPart.Malformed)
                    return (part, 0, body, violation);
                at += consumed;
            }
            while (part == ChunkedPart.Data);

            if (part == ChunkedPart.End)
                return (part, at, body, null);
            // What is left of trailers that are not whole is the buffer's.
            if (end == input.Length)
                return (part, at, body, null);
        }
    }
}
