using System.Buffers;
using System.Text;
using CsCheck;
using Sallyport.Protocols.Http2.WebSockets;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.WebSockets;

/// <summary>RFC 6455 5: frames of both directions.</summary>
public sealed class WebSocketFrameTests
{
    [Theory]
    // The examples of RFC 6455 5.7.
    [InlineData("810548656c6c6f", false, "Text:Hello;")]
    [InlineData("818537fa213d7f9f4d5158", true, "Text:Hello;")]
    [InlineData("010348656c80026c6f", false, "Text:Hello;")]
    [InlineData("890548656c6c6f", false, "Ping:Hello;")]
    [InlineData("8a8537fa213d7f9f4d5158", true, "Pong:Hello;")]
    [InlineData("8200", false, "Binary:;")]
    [InlineData("828000000000", true, "Binary:;")]
    [InlineData("02008200", false, "1002 A message begins within another, or goes on without having begun.")]
    [InlineData("02000000000080017a", false, "Binary:z;")]
    // A control frame between the frames of a message.
    [InlineData("01034865" + "6c" + "890161" + "80026c6f", false, "Ping:a;Text:Hello;")]
    [InlineData("880203e8", false, "Close:\u0003\u00e8;")]
    [InlineData("8800", false, "Close:;")]
    [InlineData("81", false, "more")]
    [InlineData("0103486560", false, "more")]
    public void RFC_6455_5_frames_are_read(string hex, bool fromClient, string expected) => Assert.Equal(expected, WebSocketDrive.Read(Convert.FromHexString(hex), fromClient));

    [Theory]
    [InlineData("810548656c6c6f", true, 1002)] // not masked
    [InlineData("818537fa213d7f9f4d5158", false, 1002)] // masked
    [InlineData("c100", false, 1002)] // RSV1: compressed
    [InlineData("a100", false, 1002)]
    [InlineData("9100", false, 1002)]
    [InlineData("8300", false, 1002)] // reserved opcodes
    [InlineData("8700", false, 1002)]
    [InlineData("8b00", false, 1002)]
    [InlineData("8f00", false, 1002)]
    [InlineData("8000", false, 1002)] // a continuation of nothing
    [InlineData("0900", false, 1002)] // a fragmented ping
    [InlineData("0800", false, 1002)]
    [InlineData("897e0100", false, 1002)] // a long ping
    [InlineData("897f", false, 1002)]
    [InlineData("827e007d", false, 1002)] // lengths longer than they need be
    [InlineData("827f000000000000ffff", false, 1002)]
    [InlineData("827f8000000000000000", false, 1009)]
    [InlineData("827fffffffffffffffff", false, 1009)]
    [InlineData("880103", false, 1002)] // close codes
    [InlineData("88020000", false, 1002)]
    [InlineData("880203ed", false, 1002)]
    [InlineData("880203ee", false, 1002)]
    [InlineData("880203f7", false, 1002)]
    [InlineData("88020bb7", false, 1002)]
    [InlineData("88021388", false, 1002)]
    [InlineData("880303e8ff", false, 1007)]
    [InlineData("8800" + "8200", false, 1002)] // behind Close
    [InlineData("8101ff", false, 1007)] // texts
    [InlineData("8102c080", false, 1007)]
    [InlineData("8103eda080", false, 1007)]
    [InlineData("8104f4908080", false, 1007)]
    [InlineData("8102e282", false, 1007)]
    [InlineData("0102e282" + "800141", false, 1007)]
    [InlineData("810180", false, 1007)]
    public void RFC_6455_5_a_frame_that_is_not_legal_ends_the_connection(string hex, bool fromClient, int code) =>
        Assert.Contains($"{code} ", WebSocketDrive.Read(Convert.FromHexString(hex), fromClient), StringComparison.Ordinal);

    [Fact]
    public void RFC_6455_8_1_a_character_may_be_split_anywhere()
    {
        byte[] text = Encoding.UTF8.GetBytes("aé€𐍈z𐍈");
        for (int first = 0; first <= text.Length; first++)
        {
            for (int second = first; second <= text.Length; second++)
            {
                byte[] frames = [0x01, (byte)first, .. text[..first], 0x00, (byte)(second - first), .. text[first..second], 0x80, (byte)(text.Length - second), .. text[second..]];
                Assert.Equal($"Text:{Encoding.Latin1.GetString(text)};", WebSocketDrive.Read(frames, fromClient: false));
            }
        }
    }

    [Fact]
    public void Messages_and_fragments_are_bounded()
    {
        var limits = new WebSocketLimits { Message = 5, Fragments = 3 };
        Assert.Equal("Binary:aabbb;Binary:aabbb;", WebSocketDrive.Read(Convert.FromHexString("020261618003626262" + "020261618003626262"), false, limits));
        Assert.StartsWith("1009", WebSocketDrive.Read(Convert.FromHexString("02026161800462626262"), false, limits), StringComparison.Ordinal);
        Assert.StartsWith("1009", WebSocketDrive.Read(Convert.FromHexString("0200000000000000"), false, limits), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_is_read_back() =>
        Gen.Select(Gen.Bool, Gen.Byte.Array[0, 300].Array[1, 4], Gen.Bool).Sample((asClient, pieces, isLong) =>
        {
            if (isLong)
                pieces[0] = [.. Enumerable.Repeat(pieces[0], 250).SelectMany(p => p)];
            var writer = new WebSocketFrameWriter(asClient);
            var to = new ArrayBufferWriter<byte>();
            for (int i = 0; i < pieces.Length; i++)
                writer.Write(to, i == 0 ? WebSocketOpcode.Binary : WebSocketOpcode.Continuation, pieces[i], i == pieces.Length - 1);
            writer.WriteClose(to, 1000);
            var back = new List<byte>();
            WebSocketDrive.Each(to.WrittenSpan.ToArray(), asClient, 1000, slice => back.AddRange(slice.Payload));
            Assert.Equal(pieces.SelectMany(p => p), back);
        }, iter: 20);

    [Fact]
    public void RFC_6455_5_3_a_client_s_key_is_new_in_every_frame()
    {
        var to = new ArrayBufferWriter<byte>();
        var writer = new WebSocketFrameWriter(asClient: true);
        for (int i = 0; i < 50; i++)
            writer.Write(to, WebSocketOpcode.Binary, default);
        Assert.Equal(50, Enumerable.Range(0, 50).Select(i => Convert.ToHexString(to.WrittenSpan.Slice((i * 6) + 2, 4))).Distinct().Count());
        Assert.Throws<ArgumentException>(() => writer.Write(to, WebSocketOpcode.Ping, new byte[126]));
    }

    [Fact]
    public void Frames_are_read_without_allocating()
    {
        var to = new ArrayBufferWriter<byte>();
        new WebSocketFrameWriter(asClient: true).Write(to, WebSocketOpcode.Text, new byte[5000]);
        byte[] bytes = to.WrittenSpan.ToArray();
        byte[] scratch = new byte[1000];
        var reader = new WebSocketFrameReader(fromClient: true, WebSocketLimits.Default);
        Read();
        long before = GC.GetAllocatedBytesForCurrentThread();
        int total = Read();
        Assert.Equal((5000, 0L), (total, GC.GetAllocatedBytesForCurrentThread() - before));

        int Read()
        {
            int length = 0;
            ReadOnlySpan<byte> rest = bytes;
            while (reader.Read(rest, scratch, out int consumed, out WebSocketSlice slice, out _) == WebSocketPart.Data)
            {
                length += slice.Payload.Length;
                rest = rest[consumed..];
            }

            return length;
        }
    }
}
