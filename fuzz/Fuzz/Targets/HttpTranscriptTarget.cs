using Sallyport.Contract;
using Sallyport.Protocols.Http2.Transcript;

namespace Sallyport.Fuzz.Targets;

/// <summary>Recorded bytes of HTTP as a reader of recordings gets them: pieces, each a byte (odd: to the client), a uint16 length and so many bytes. Fed once as they are and once byte by byte, which must tell the same.</summary>
internal sealed class HttpTranscriptTarget : ITarget
{
    public string Name => "HttpTranscript";

    public long MaxAllocation(int inputLength) => (8 << 20) + 4096L * inputLength;

    public void Run(ReadOnlySpan<byte> input)
    {
        (long, long, int, int) whole = Read(input, most: int.MaxValue);
        OracleException.Require(whole == Read(input, most: 1), "cut otherwise it is another transcript");
    }

    private static (long Body, long Tunnel, int Steps, int Faults) Read(ReadOnlySpan<byte> input, int most)
    {
        var transcript = new HttpTranscript();
        (long Body, long Tunnel, int Steps, int Faults) seen = default;
        while (input.Length >= 4)
        {
            int length = Math.Clamp((input[1] << 8) | input[2], 1, input.Length - 3);
            Direction direction = (input[0] & 1) != 0 ? Direction.ToClient : Direction.FromClient;
            for (int at = 0; at < length; at += Math.Min(most, length - at))
                transcript.Feed(direction, input.Slice(3 + at, Math.Min(most, length - at)), DateTimeOffset.UnixEpoch);
            if ((input[0] & 2) != 0)
                transcript.Decided("GET /", VerdictKind.Deny, "rule", null, masked: false);
            input = input[(3 + length)..];
            Drain(transcript, ref seen);
        }

        transcript.End(DateTimeOffset.UnixEpoch);
        Drain(transcript, ref seen);
        return seen;
    }

    private static void Drain(HttpTranscript transcript, ref (long Body, long Tunnel, int Steps, int Faults) seen)
    {
        while (transcript.TryTake(out HttpTranscriptEntry? entry))
        {
            switch (entry)
            {
                case HttpBodyEntry body: seen.Body += body.Bytes.Length; break;
                case HttpTunnelEntry tunnel: seen.Tunnel += tunnel.Bytes.Length; break;
                case HttpMalformedEntry: seen.Faults++; break;
                default: seen.Steps++; break;
            }
        }
    }
}
