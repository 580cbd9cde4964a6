using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Wire;

namespace Sallyport.Fuzz.Targets;

/// <summary>A receive buffer of HTTP/2 frames, as a listener and as a client of a target would take it apart.</summary>
internal sealed class H2FramesTarget : ITarget
{
    private const int MaxFrame = H2Settings.LeastFrame;

    public string Name => "H2Frames";

    public long MaxAllocation(int inputLength) => 4 << 10;

    public void Run(ReadOnlySpan<byte> input)
    {
        var settings = new H2Settings();
        while (true)
        {
            ParseStatus status = H2Frames.TryRead(input, MaxFrame, out H2FrameHeader header, out ReadOnlySpan<byte> payload, out H2Fault? fault);
            OracleException.Require(status == ParseStatus.Malformed == fault is not null, "a fault is what is malformed");
            if (fault?.Scope == H2FaultScope.Connection || status == ParseStatus.NeedMore || input.Length < header.TotalLength)
                return;

            OracleException.Require(header.Length <= MaxFrame && header.StreamId >= 0, "a header beyond its bounds");
            if (fault is null)
                Take(header, payload, ref settings);
            input = input[header.TotalLength..];
        }
    }

    private static void Take(H2FrameHeader header, ReadOnlySpan<byte> payload, ref H2Settings settings)
    {
        ReadOnlySpan<byte> content = default;
        switch (header.Type)
        {
            case H2FrameType.DATA:
                _ = H2Payloads.TryReadData(header, payload, out content);
                break;
            case H2FrameType.HEADERS:
                _ = H2Payloads.TryReadHeaders(header, payload, out content);
                break;
            case H2FrameType.PRIORITY:
                _ = H2Payloads.TryReadPriority(header, payload);
                break;
            case H2FrameType.RST_STREAM:
                _ = H2Payloads.ReadResetCode(payload);
                break;
            case H2FrameType.SETTINGS:
                H2Settings before = settings;
                if (H2Settings.TryApply(payload, fromServer: (header.Flags & 0x80) != 0, ref settings) is not null)
                    OracleException.Require(settings == before, "settings that were refused and stay");
                OracleException.Require(settings.InitialWindowSize >= 0 && settings.MaxFrameSize is >= H2Settings.LeastFrame and <= H2Settings.MostFrame, "settings out of range");
                break;
            case H2FrameType.GOAWAY:
                H2Payloads.ReadGoAway(payload, out int last, out _);
                OracleException.Require(last >= 0, "a stream below 0");
                break;
            case H2FrameType.WINDOW_UPDATE:
                OracleException.Require(H2Payloads.TryReadWindowUpdate(header, payload, out int increment) is null == increment > 0, "credit of nothing");
                break;
        }

        OracleException.Require(content.Length <= payload.Length, "more content than payload");
    }
}
