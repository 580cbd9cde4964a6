using System.Text;
using Sallyport.Protocols.Http2.WebSockets;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.WebSockets;

/// <summary>Frames through the reader whole, split in two at every place, and byte by byte: the messages must be the same.</summary>
internal static class WebSocketDrive
{
    /// <summary>"opcode:payload;" of each message and control frame, and then "CODE words" if it ended so.</summary>
    public static string Read(byte[] bytes, bool fromClient, WebSocketLimits? limits = null)
    {
        string whole = Run(bytes, [bytes.Length], fromClient, limits, 4096);
        Assert.Equal(whole, Run(bytes, [bytes.Length], fromClient, limits, 1));
        Assert.Equal(whole, Run(bytes, [.. Enumerable.Range(1, bytes.Length)], fromClient, limits, 3));
        for (int split = 1; split < Math.Min(bytes.Length, 400); split++)
            Assert.Equal(whole, Run(bytes, [split, bytes.Length], fromClient, limits, 7));
        return whole;
    }

    /// <summary>Calls <paramref name="take"/> with every slice of messages; bytes come in pieces of <paramref name="step"/>.</summary>
    public static void Each(byte[] bytes, bool fromClient, int step, SliceAction take)
    {
        var reader = new WebSocketFrameReader(fromClient, WebSocketLimits.Default);
        byte[] scratch = new byte[1024];
        for (int at = 0, end = Math.Min(step, bytes.Length); ; end = Math.Min(end + step, bytes.Length))
        {
            WebSocketPart part;
            while ((part = reader.Read(bytes.AsSpan(at..end), scratch, out int consumed, out WebSocketSlice slice, out _)) != WebSocketPart.None)
            {
                Assert.NotEqual(WebSocketPart.Malformed, part);
                at += consumed;
                if (part == WebSocketPart.Data)
                    take(slice);
            }

            at = end;
            if (end == bytes.Length)
                return;
        }
    }

    private static string Run(byte[] bytes, int[] ends, bool fromClient, WebSocketLimits? limits, int scratchLength)
    {
        var reader = new WebSocketFrameReader(fromClient, limits ?? WebSocketLimits.Default);
        byte[] scratch = new byte[scratchLength];
        var text = new StringBuilder();
        var message = new StringBuilder();
        int at = 0;
        foreach (int end in ends)
        {
            while (true)
            {
                WebSocketPart part = reader.Read(bytes.AsSpan(at..end), scratch, out int consumed, out WebSocketSlice slice, out WebSocketViolation? violation);
                at += consumed;
                if (part == WebSocketPart.Malformed)
                    return $"{text}{violation!.CloseCode} {violation.Message}";
                if (part == WebSocketPart.None)
                    break;
                if (part == WebSocketPart.Control)
                {
                    text.Append($"{slice.Opcode}:{Encoding.Latin1.GetString(slice.Payload)};");
                    continue;
                }

                Assert.Equal(slice.Begins, message.Length == 0);
                if (slice.Begins)
                    message.Append(slice.Opcode).Append(':');
                message.Append(Encoding.Latin1.GetString(slice.Payload));
                if (slice.Ends)
                {
                    text.Append(message).Append(';');
                    message.Clear();
                }
            }

            Assert.Equal(end, at);
        }

        return text + (reader.IsBetweenMessages ? "" : "more");
    }

    internal delegate void SliceAction(WebSocketSlice slice);
}
