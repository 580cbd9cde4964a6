using System.Text;
using Sallyport.Protocols.Http2.Spdy;
using Sallyport.Protocols.Http2.Tests.Http1;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Spdy;

/// <summary>Frames through the reader whole, split in two at every place, and byte by byte: they must be the same.</summary>
internal static class SpdyDrive
{
    /// <summary>"TYPE stream …;" of each frame, then the fault or "more" if there is one.</summary>
    public static string Read(byte[] bytes, SpdyLimits? limits = null)
    {
        string whole = Run(bytes, [bytes.Length], limits);
        Assert.Equal(whole, Run(bytes, [.. Enumerable.Range(1, bytes.Length)], limits));
        for (int split = 1; split < Math.Min(bytes.Length, 60); split++)
            Assert.Equal(whole, Run(bytes, [split, bytes.Length], limits));
        return whole;
    }

    /// <summary>Calls <paramref name="take"/> with every frame and piece of data.</summary>
    public static void Each(byte[] bytes, FrameAction take, SpdyLimits? limits = null)
    {
        var reader = new SpdyFrameReader(limits ?? SpdyLimits.Default);
        SpdyPart part;
        int at = 0;
        while ((part = reader.Read(bytes.AsSpan(at), out int consumed, out SpdyFrame frame, out string? violation)) != SpdyPart.None)
        {
            Assert.Null(violation);
            Assert.NotEqual(SpdyPart.Malformed, part);
            at += consumed;
            take(frame);
        }
    }

    private static string Run(byte[] bytes, int[] ends, SpdyLimits? limits)
    {
        var reader = new SpdyFrameReader(limits ?? SpdyLimits.Default);
        var text = new StringBuilder();
        int at = 0;
        foreach (int end in ends)
        {
            SpdyPart part;
            while ((part = reader.Read(bytes.AsSpan(at..end), out int consumed, out SpdyFrame frame, out string? violation)) != SpdyPart.None)
            {
                at += consumed;
                if (part == SpdyPart.Malformed)
                    return $"{text}! {violation}";
                if (frame.Type != SpdyFrameType.DATA)
                {
                    text.Append($"{frame.Type} {frame.StreamId}{(frame.IsFinal ? " FIN" : "")}{(frame.IsUnidirectional ? " UNI" : "")} {frame.Number} {(frame.Headers is null ? "" : H1Drive.Dump(frame.Headers))};");
                    continue;
                }

                if (frame.Begins && (frame.Bytes.Length > 0 || frame.FrameLength == 0))
                    text.Append($"DATA {frame.StreamId} {frame.FrameLength} ");
                text.Append(Encoding.Latin1.GetString(frame.Bytes));
                if (frame.IsFinal)
                    text.Append(" FIN");
                if (reader.IsBetweenFrames)
                    text.Append(';');
            }

            at = end;
        }

        return text + (reader.IsBetweenFrames ? "" : "more");
    }

    internal delegate void FrameAction(SpdyFrame frame);
}
