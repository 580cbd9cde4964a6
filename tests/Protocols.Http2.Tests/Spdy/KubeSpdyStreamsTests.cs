using System.Buffers;
using System.Text;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Spdy;
using Sallyport.Protocols.Http2.Tests.WebSockets;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Spdy;

/// <summary>Streams of Kubernetes over SPDY, told apart by what they were opened with.</summary>
public sealed class KubeSpdyStreamsTests
{
    [Fact]
    public void Kubectl_exec_is_taken_apart()
    {
        var streams = new KubeSpdyStreams(SpdyLimits.Default, isPortForward: false);
        var text = new StringBuilder();
        // The server answers before the client has ended.
        byte[] client = KubectlCapture.SpdyExecClient;
        int opened = Length(client, frames: 6);
        Take(streams, client[..opened], true, text);
        Take(streams, KubectlCapture.SpdyExecServer, false, text);
        Assert.Equal("Stdin:hello stdin\n|Stdin:|Stdout:out of the pod\n|Stderr:and its errors\n|Stdout:|Stderr:|Error:{\"metadata\":{},\"status\":\"Success\"}|", text.ToString());
        Assert.Equal(4, streams.Count);
    }

    [Fact]
    public void Kubectl_port_forward_is_taken_apart()
    {
        var streams = new KubeSpdyStreams(SpdyLimits.Default, isPortForward: true);
        var text = new StringBuilder();
        Take(streams, KubectlCapture.SpdyPortForwardClient[..Length(KubectlCapture.SpdyPortForwardClient, frames: 4)], true, text);
        Assert.Equal(2, streams.Count);
        Take(streams, KubectlCapture.SpdyPortForwardServer, false, text);
        Assert.Equal(1, streams.Count);
        Assert.Equal("Error:|Data:GET / HTTP/1.0\r\n\r\n|Data:HTTP/1.0 204 No Content\r\n\r\n|Error:|", text.ToString());
    }

    [Theory]
    [InlineData(false, "1 streamtype=stdin;3 streamtype=stdin", false)]
    [InlineData(false, "1 streamtype=data", false)]
    [InlineData(false, "1 streamtype=", false)]
    [InlineData(false, "1 x=y", false)]
    [InlineData(false, "2 streamtype=stdin", false)]
    [InlineData(false, "3 streamtype=stdin;1 streamtype=stdout", false)]
    [InlineData(false, "3 streamtype=stdin;3 streamtype=stdout", false)]
    [InlineData(false, "1 streamtype=error;3 streamtype=resize;9 streamtype=stdout", true)]
    [InlineData(true, "1 streamtype=stdin,port=80,requestid=0", false)]
    [InlineData(true, "1 streamtype=error,requestid=0", false)]
    [InlineData(true, "1 streamtype=error,port=0", false)]
    [InlineData(true, "1 streamtype=error,port=65536", false)]
    [InlineData(true, "1 streamtype=error,port=+80", false)]
    [InlineData(true, "1 streamtype=error,port=080", false)]
    [InlineData(true, "1 streamtype=error,port=80,requestid=0;3 streamtype=data,port=22,requestid=0", false)] // judged the one, dialled the other
    [InlineData(true, "1 streamtype=error,port=80;3 streamtype=data,port=22", false)] // the same without requestid
    [InlineData(true, "1 streamtype=error,port=80;3 streamtype=data,port=80", true)]
    [InlineData(true, "1 streamtype=error,port=80;3 streamtype=error,port=22;5 streamtype=data,port=22", true)]
    [InlineData(true, "1 streamtype=data,port=80,requestid=0;3 streamtype=data,port=80,requestid=0", false)]
    [InlineData(true, "1 streamtype=error,port=80,requestid=0;3 streamtype=error,port=22,requestid=1;5 streamtype=data,port=22,requestid=1;7 streamtype=data,port=80,requestid=0", true)]
    public void A_stream_is_opened_or_refused(bool isPortForward, string opened, bool isLegal)
    {
        var streams = new KubeSpdyStreams(SpdyLimits.Default, isPortForward);
        bool all = true;
        SpdyDrive.Each(Opened(opened), frame => all &= streams.TryTake(frame, fromClient: true, out _, out _));
        Assert.Equal(isLegal, all);
    }

    [Fact]
    public void What_a_side_may_not_do_is_refused()
    {
        Assert.False(Taken(isFromClient: false, to => to.Write(Opened("1 streamtype=stdin"))));
        Assert.False(Taken(isFromClient: true, to => SpdyWriter.Data(9, "x"u8, false, to)));
        Assert.False(Taken(isFromClient: false, to => SpdyWriter.Data(9, "x"u8, false, to)));
        Assert.False(Taken(isFromClient: true, to => new SpdyWriter().SynReply(1, new HttpHead(100, 1), false, to)));
        Assert.False(Taken(isFromClient: true, to =>
        {
            SpdyWriter.Data(1, "x"u8, isFinal: true, to);
            SpdyWriter.Data(1, "x"u8, isFinal: false, to);
        }));
        Assert.True(Taken(isFromClient: true, to =>
        {
            SpdyWriter.RstStream(1, SpdyStatus.CANCEL, to);
            SpdyWriter.Data(1, "x"u8, isFinal: false, to);
        }));
    }

    [Fact]
    public void Streams_are_bounded_and_free_again_once_they_have_ended()
    {
        var streams = new KubeSpdyStreams(new SpdyLimits { Streams = 2 }, isPortForward: true);
        var to = new ArrayBufferWriter<byte>();
        to.Write(Opened("1 streamtype=error,port=80,requestid=0;3 streamtype=data,port=80,requestid=0"));
        SpdyWriter.RstStream(3, SpdyStatus.CANCEL, to);
        Take(streams, to.WrittenSpan.ToArray(), true, new StringBuilder());
        Assert.Equal(1, streams.Count);
        var results = new List<bool>();
        SpdyDrive.Each(Opened("5 streamtype=error,port=80,requestid=1;7 streamtype=data,port=80,requestid=1"), frame => results.Add(streams.TryTake(frame, true, out _, out _)));
        Assert.Equal([true, false], results);
    }

    [Fact]
    public void A_refused_stream_takes_what_its_client_sends_until_it_ends()
    {
        var streams = new KubeSpdyStreams(SpdyLimits.Default, isPortForward: true);
        SpdyDrive.Each(Opened("1 streamtype=data,port=22,requestid=0"), frame =>
        {
            Assert.True(streams.TryTake(frame, true, out KubeSpdyStream? stream, out _));
            Assert.Equal(new KubeSpdyStream(1, KubeStreamKind.Data, 22, "0"), stream);
            streams.Refuse(stream!);
        });
        var to = new ArrayBufferWriter<byte>();
        SpdyWriter.Data(1, "dropped"u8, isFinal: false, to);
        SpdyWriter.Data(1, default, isFinal: true, to);
        SpdyDrive.Each(to.WrittenSpan.ToArray(), frame =>
        {
            Assert.True(streams.TryTake(frame, true, out KubeSpdyStream? stream, out _));
            Assert.True(stream!.IsRefused);
        });
        Assert.Equal(0, streams.Count);
    }

    private static bool Taken(bool isFromClient, Action<ArrayBufferWriter<byte>> write)
    {
        var streams = new KubeSpdyStreams(SpdyLimits.Default, isPortForward: false);
        Take(streams, Opened("1 streamtype=stderr"), true, new StringBuilder());
        var to = new ArrayBufferWriter<byte>();
        write(to);
        bool all = true;
        SpdyDrive.Each(to.WrittenSpan.ToArray(), frame => all &= streams.TryTake(frame, isFromClient, out _, out _));
        return all;
    }

    private static void Take(KubeSpdyStreams streams, byte[] bytes, bool fromClient, StringBuilder text) =>
        SpdyDrive.Each(bytes, frame =>
        {
            Assert.True(streams.TryTake(frame, fromClient, out KubeSpdyStream? stream, out string? violation), violation);
            if (frame.Type == SpdyFrameType.DATA)
                text.Append($"{stream!.Kind}:{Encoding.Latin1.GetString(frame.Bytes)}|");
        });

    /// <summary>Bytes of the first frames.</summary>
    private static int Length(byte[] bytes, int frames)
    {
        int at = 0;
        for (int i = 0; i < frames; i++)
            at += 8 + ((bytes[at + 5] << 16) | (bytes[at + 6] << 8) | bytes[at + 7]);
        return at;
    }

    /// <summary>"ID name=value,…;…" as SYN_STREAM frames.</summary>
    private static byte[] Opened(string streams)
    {
        var writer = new SpdyWriter();
        var to = new ArrayBufferWriter<byte>();
        foreach (string stream in streams.Split(';'))
        {
            string[] parts = stream.Split(' ');
            var head = new HttpHead(1 << 16, 100);
            foreach (string[] field in parts[1].Split(',').Select(f => f.Split('=')))
                Assert.True(head.TryAdd(Encoding.ASCII.GetBytes(field[0]), Encoding.ASCII.GetBytes(field[1])));
            writer.SynStream(uint.Parse(parts[0]), head, isFinal: false, to);
        }

        return to.WrittenSpan.ToArray();
    }
}
