using System.Buffers;
using System.Text;
using CsCheck;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Spdy;
using Sallyport.Protocols.Http2.Tests.Http1;
using Sallyport.Protocols.Http2.Tests.WebSockets;
using Sallyport.Protocols.Http2.WebSockets;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Spdy;

/// <summary>SPDY draft 3.1, 2.2 and 2.6: frames of both directions, of real peers and of hostile ones.</summary>
public sealed class SpdyFrameTests
{
    [Fact]
    public void The_dictionary_is_the_draft_s()
    {
        uint a = 1;
        uint b = 0;
        foreach (byte value in SpdyDictionary.Bytes)
        {
            a = (a + value) % 65521;
            b = (b + a) % 65521;
        }

        Assert.Equal((1423, 0xe3c6a7c2u), (SpdyDictionary.Bytes.Length, (b << 16) | a));
    }

    [Fact]
    public void Kubectl_exec_is_read()
    {
        Assert.Equal(
            "SYN_STREAM 1 0 streamtype=error|;SYN_STREAM 3 0 streamtype=stdin|;SYN_STREAM 5 0 streamtype=stdout|;SYN_STREAM 7 0 streamtype=stderr|;"
            + "DATA 3 12 hello stdin\n;DATA 3 0  FIN;RST_STREAM 5 5 ;RST_STREAM 7 5 ;RST_STREAM 1 5 ;GOAWAY 0 0 ;",
            SpdyDrive.Read(KubectlCapture.SpdyExecClient));
        Assert.Equal(
            "SYN_REPLY 1 0 ;SYN_REPLY 3 0 ;SYN_REPLY 5 0 ;SYN_REPLY 7 0 ;DATA 5 15 out of the pod\n;DATA 7 15 and its errors\n;DATA 5 0  FIN;DATA 7 0  FIN;"
            + "DATA 1 34 {\"metadata\":{},\"status\":\"Success\"} FIN;",
            SpdyDrive.Read(KubectlCapture.SpdyExecServer));
    }

    [Fact]
    public void Kubectl_port_forward_is_read()
    {
        const string Client = "SYN_STREAM 1 0 requestid=0|streamtype=error|port=80|;DATA 1 0  FIN;SYN_STREAM 3 0 streamtype=data|port=80|requestid=0|;DATA 3 18 GET / HTTP/1.0\r\n\r\n;RST_STREAM 3 5 ;";
        const string Server = "SYN_REPLY 1 0 ;SYN_REPLY 3 0 ;DATA 3 27 HTTP/1.0 204 No Content\r\n\r\n FIN;DATA 1 0  FIN;";
        Assert.Equal(Fields(Client + "PING 0 1 ;"), Fields(SpdyDrive.Read(KubectlCapture.SpdyPortForwardClient)));
        Assert.Equal(Server, SpdyDrive.Read(KubectlCapture.SpdyPortForwardServer));
        // The same through a WebSocket, whose frames are not the connection's.
        Assert.Equal(Fields(Client), Fields(SpdyDrive.Read(Payload(KubectlCapture.TunnelClient, fromClient: true))));
        Assert.Equal(Server, SpdyDrive.Read(Payload(KubectlCapture.TunnelServer, fromClient: false)));

        // A Go map has no order.
        static string Fields(string text) => string.Join(';', text.Split(';').Select(frame => string.Concat(frame.Split(' ', '|').Order(StringComparer.Ordinal))));
    }

    [Theory]
    [InlineData("8003000600000004" + "00000007", "PING 0 7 ;")]
    [InlineData("800300040100000c" + "00000001" + "0000000700010000", "SETTINGS 0 0 ;")]
    [InlineData("8003000900000008" + "00000003" + "00010000", "WINDOW_UPDATE 3 65536 ;")]
    [InlineData("8003000900000008" + "00000000" + "00010000", "WINDOW_UPDATE 0 65536 ;")]
    [InlineData("8003000300000008" + "00000003" + "00000003", "RST_STREAM 3 3 ;")]
    [InlineData("00000001", "more")]
    [InlineData("0000000100000005" + "6162", "DATA 1 5 abmore")]
    [InlineData("0000000001000000", "! A data frame")]
    [InlineData("0000000102000000", "! A data frame")]
    [InlineData("8002000600000004" + "00000007", "! A control frame is not of version")]
    [InlineData("8003000a00000000", "! A control frame is malformed")]
    [InlineData("8003000500000000", "! A control frame is malformed")]
    [InlineData("8003000000000000", "! A control frame is malformed")]
    [InlineData("8003000600000005" + "0000000700", "! A control frame is malformed")]
    [InlineData("8003000601000004" + "00000007", "! A control frame is malformed")]
    [InlineData("8003000300000008" + "00000000" + "00000003", "! A control frame is malformed")]
    [InlineData("8003000300000007" + "00000003" + "000000", "! A control frame is malformed")]
    [InlineData("800300040000000c" + "20000001" + "0000000700010000", "! A control frame is malformed")]
    [InlineData("800300040000000c" + "00000002" + "0000000700010000", "! A control frame is malformed")]
    [InlineData("800300010000000a" + "00000001" + "00000000" + "0000", "! A control frame is malformed")]
    [InlineData("8003000200000004" + "00000001", "! A control frame is malformed")]
    [InlineData("8003000100ffffff", "! A control frame is too long")]
    public void SPDY_2_6_frames_are_read_or_refused(string hex, string expected) => Assert.StartsWith(expected, SpdyDrive.Read(Convert.FromHexString(hex)), StringComparison.Ordinal);

    [Theory]
    [InlineData("00000001" + "0000000161" + "0000000162", "SYN_REPLY 1 0 a=b|;")]
    [InlineData("00000001" + "000000023a61" + "0000000162", "SYN_REPLY 1 0 :a=b|;")]
    [InlineData("00000001" + "0000000161" + "00000000", "SYN_REPLY 1 0 a=|;")]
    [InlineData("00000001" + "0000000141" + "0000000162", "!")] // upper case
    [InlineData("00000001" + "00000000" + "0000000162", "!")]
    [InlineData("00000001" + "000000013a" + "0000000162", "!")]
    [InlineData("00000001" + "0000000161" + "00000003620063", "!")] // several values
    [InlineData("00000001" + "0000000161" + "000000020d0a", "!")]
    [InlineData("00000002" + "0000000161" + "0000000162" + "0000000161" + "0000000163", "!")] // twice
    [InlineData("00000002" + "0000000161" + "0000000162", "!")] // fewer than it says
    [InlineData("00000001" + "0000000161" + "0000000162" + "00", "!")] // more
    [InlineData("00000001" + "ffffffff61" + "0000000162", "!")]
    [InlineData("ffffffff", "!")]
    [InlineData("000000", "!")]
    [InlineData("", "!")]
    public void SPDY_2_6_10_a_block_is_read_or_refused(string hex, string expected) =>
        Assert.StartsWith(expected, SpdyDrive.Read(Reply(Stored(Convert.FromHexString(hex)))), StringComparison.Ordinal);

    [Fact]
    public void SPDY_2_6_10_what_is_no_zlib_is_refused()
    {
        Assert.StartsWith("!", SpdyDrive.Read(Reply([1, 2, 3, 4])), StringComparison.Ordinal);
        // Another dictionary than the draft's.
        byte[] other = [.. KubectlCapture.SpdyExecClient.AsSpan(0, 8 + 0x29)];
        other[20] ^= 1;
        Assert.StartsWith("!", SpdyDrive.Read(other), StringComparison.Ordinal);
        // The end of the zlib stream.
        Assert.StartsWith("!", SpdyDrive.Read(Reply(Convert.FromHexString("789c63606060000000040001"))), StringComparison.Ordinal);
    }

    [Fact]
    public void SPDY_2_6_10_a_block_that_swells_is_refused()
    {
        byte[] zeros = new byte[4 << 20];
        using var bomb = new MemoryStream();
        using (var zlib = new System.IO.Compression.ZLibStream(bomb, System.IO.Compression.CompressionLevel.SmallestSize, leaveOpen: true))
            zlib.Write(zeros);
        Assert.True(bomb.Length < 16 * 1024);
        byte[] reply = Reply(bomb.ToArray());
        Assert.StartsWith("!", SpdyDrive.Read(reply), StringComparison.Ordinal);
        var reader = new SpdyFrameReader(SpdyLimits.Default);
        long before = GC.GetAllocatedBytesForCurrentThread();
        reader.Read(reply, out _, out _, out _);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 256 * 1024);
    }

    [Fact]
    public void What_is_written_is_read_back() =>
        Gen.Select(Gen.String[Gen.Char["ab:; 0é"], 0, 30].Select(s => s.Trim()).Array[0, 6].Array[1, 5], Gen.Byte.Array[0, 50], Gen.Bool).Sample((blocks, data, isFinal) =>
        {
            var writer = new SpdyWriter();
            var to = new ArrayBufferWriter<byte>();
            var expected = new StringBuilder();
            for (uint i = 0; i < blocks.Length; i++)
            {
                HttpHead head = Head(blocks[i].Select((value, n) => ($"name{n}", value)));
                uint id = (2 * i) + 1;
                writer.SynStream(id, head, isFinal, to);
                writer.SynReply(id, head, isFinal, to);
                writer.Headers(id, head, isFinal, to);
                foreach (string type in new[] { "SYN_STREAM", "SYN_REPLY", "HEADERS" })
                    expected.Append($"{type} {id}{(isFinal ? " FIN" : "")} 0 {H1Drive.Dump(head)};");
                SpdyWriter.Data(id, data, isFinal, to);
                expected.Append($"DATA {id} {data.Length} {Encoding.Latin1.GetString(data)}{(isFinal ? " FIN" : "")};");
                SpdyWriter.RstStream(id, SpdyStatus.REFUSED_STREAM, to);
                expected.Append($"RST_STREAM {id} 3 ;");
            }

            SpdyWriter.GoAway(9, 0, to);
            Assert.Equal(expected + "GOAWAY 0 9 ;", SpdyDrive.Read(to.WrittenSpan.ToArray()));
        }, iter: 10);

    [Fact]
    public void A_direction_can_be_written_anew()
    {
        foreach (byte[] capture in new[] { KubectlCapture.SpdyExecClient, KubectlCapture.SpdyExecServer, KubectlCapture.SpdyPortForwardClient })
        {
            var writer = new SpdyWriter();
            var to = new ArrayBufferWriter<byte>();
            SpdyDrive.Each(capture, frame =>
            {
                if (frame.Type == SpdyFrameType.DATA && frame.Begins)
                    SpdyWriter.DataHeader(frame.StreamId, frame.FrameLength, frame.IsFinal, to);
                writer.Copy(frame, to);
            });
            Assert.Equal(SpdyDrive.Read(capture), SpdyDrive.Read(to.WrittenSpan.ToArray()));
        }
    }

    [Fact]
    public void Data_is_read_without_allocating()
    {
        var to = new ArrayBufferWriter<byte>();
        SpdyWriter.Data(1, new byte[50_000], isFinal: false, to);
        byte[] bytes = to.WrittenSpan.ToArray();
        var reader = new SpdyFrameReader(SpdyLimits.Default);
        reader.Read(bytes, out _, out _, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            reader.Read(bytes, out _, out _, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>The payloads of all messages.</summary>
    private static byte[] Payload(byte[] frames, bool fromClient)
    {
        var all = new List<byte>();
        WebSocketDrive.Each(frames, fromClient, 1000, (WebSocketSlice slice) => all.AddRange(slice.Payload));
        return [.. all];
    }

    private static byte[] Reply(byte[] block) => [0x80, 0x03, 0, 2, 0, (byte)((block.Length + 4) >> 16), (byte)((block.Length + 4) >> 8), (byte)(block.Length + 4), 0, 0, 0, 1, .. block];

    private static byte[] Stored(byte[] block) => [0x78, 0x01, 0, (byte)block.Length, 0, (byte)~block.Length, 0xff, .. block, 0, 0, 0, 0xff, 0xff];

    private static HttpHead Head(IEnumerable<(string Name, string Value)> fields)
    {
        var head = new HttpHead(1 << 16, 100);
        foreach ((string name, string value) in fields)
            Assert.True(head.TryAdd(Encoding.Latin1.GetBytes(name), Encoding.Latin1.GetBytes(value)));
        return head;
    }
}
