using BenchmarkDotNet.Attributes;
using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Wire;

namespace Sallyport.Micro.Http2;

/// <summary>Ten frames of a receive buffer found and judged by their headers. 0 bytes.</summary>
public class FrameBench
{
    private const int Frames = 10;

    private readonly byte[] _buffer = new byte[Frames * (H2FrameHeader.Size + 20)];

    [GlobalSetup]
    public void Setup()
    {
        for (int i = 0; i < Frames; i++)
            H2FrameWriter.FrameHeaders(_buffer.AsSpan(i * (H2FrameHeader.Size + 20)), 20, (2 * i) + 1, endStream: true, H2Settings.LeastFrame);
        Sample.Require(Find() == Frames * 20, "every frame is found");
    }

    [Benchmark]
    public int Find()
    {
        int content = 0;
        for (ReadOnlySpan<byte> rest = _buffer; H2Frames.TryRead(rest, H2Settings.LeastFrame, out H2FrameHeader header, out ReadOnlySpan<byte> payload, out _) == ParseStatus.Done; rest = rest[header.TotalLength..])
        {
            if (H2Payloads.TryReadHeaders(header, payload, out ReadOnlySpan<byte> fragment) is null)
                content += fragment.Length;
        }

        return content;
    }
}
