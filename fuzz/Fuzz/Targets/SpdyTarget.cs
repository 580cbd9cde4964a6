using System.Buffers;
using Sallyport.Protocols.Http2.Spdy;

namespace Sallyport.Fuzz.Targets;

/// <summary>
/// One direction of SPDY/3.1 (the first byte says which, and of what): byte by byte it is what it is whole, streams keep their bound, and what was understood
/// is, written anew, understood.
/// </summary>
internal sealed class SpdyTarget : ITarget
{
    public string Name => "Spdy";

    // Three inflaters, each with a window and a block.
    public long MaxAllocation(int inputLength) => (4 << 20) + (1024L * inputLength);

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
            return;
        bool fromClient = (input[0] & 1) != 0;
        bool isPortForward = (input[0] & 2) != 0;
        input = input[1..];
        var written = new ArrayBufferWriter<byte>();
        (SpdyPart Part, ulong Digest) whole = Read(input, Math.Max(1, input.Length), fromClient, isPortForward, written);
        (SpdyPart Part, ulong Digest) bytes = Read(input, 1, fromClient, isPortForward, null);
        OracleException.Require(whole == bytes, $"whole {whole}, in bytes {bytes}");
        (SpdyPart part, ulong digest) = Read(written.WrittenSpan, Math.Max(1, written.WrittenCount), fromClient, isPortForward, null);
        OracleException.Require(part == SpdyPart.None && digest == whole.Digest, $"written anew {part}");
    }

    private static (SpdyPart Part, ulong Digest) Read(ReadOnlySpan<byte> input, int step, bool fromClient, bool isPortForward, ArrayBufferWriter<byte>? written)
    {
        var limits = new SpdyLimits { Streams = 8 };
        var reader = new SpdyFrameReader(limits);
        var streams = new KubeSpdyStreams(limits, isPortForward);
        var writer = new SpdyWriter();
        ulong digest = 0;
        int at = 0;
        for (int end = Math.Min(step, input.Length); ; end = Math.Min(end + step, input.Length))
        {
            SpdyPart part;
            while ((part = reader.Read(input[at..end], out int consumed, out SpdyFrame frame, out string? violation)) != SpdyPart.None)
            {
                OracleException.Require((part == SpdyPart.Malformed) == (violation is not null) && consumed <= end - at, "a fault without words");
                if (part == SpdyPart.Malformed)
                    return (part, digest);
                at += consumed;
                Add(ref digest, frame);
                streams.TryTake(frame, fromClient, out _, out _);
                OracleException.Require(streams.Count <= limits.Streams, "too many streams");
                if (written is null)
                    continue;
                if (part == SpdyPart.Data && frame.Begins)
                    SpdyWriter.DataHeader(frame.StreamId, frame.FrameLength, frame.IsFinal, written);
                writer.Copy(frame, written);
            }

            // What is not whole yet is the reader's.
            at = end;
            if (end == input.Length)
                return (part, digest);
        }
    }

    private static void Add(ref ulong digest, SpdyFrame frame)
    {
        foreach (byte b in frame.Type == SpdyFrameType.DATA ? frame.Bytes : default)
            digest = (digest * 31) + b;
        if (frame.Type != SpdyFrameType.DATA || frame.IsFinal)
            digest = (digest * 31) + frame.StreamId + (ulong)frame.Type + (frame.IsFinal ? 7u : 0);
        for (int i = 0; i < (frame.Headers?.Count ?? 0); i++)
        {
            foreach (byte b in frame.Headers![i].Value)
                digest = (digest * 31) + b;
        }
    }
}
