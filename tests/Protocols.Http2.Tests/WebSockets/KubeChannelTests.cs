using System.Text;
using Sallyport.Protocols.Http2.WebSockets;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.WebSockets;

/// <summary>Channels of commands and ports over WebSocket.</summary>
public sealed class KubeChannelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(1000)]
    public void Kubectl_exec_is_taken_apart(int step)
    {
        Assert.Equal("Stdin:hello stdin\n;Close:[Stdin];", Channels(KubectlCapture.ExecClient, true, step));
        Assert.Equal("Stdout:out of the pod\n;Stderr:and its errors\n;Error:{\"metadata\":{},\"status\":\"Success\"};", Channels(KubectlCapture.ExecServer, false, step));
    }

    [Theory]
    [InlineData("82020061", true, "Stdin:a;")]
    [InlineData("8100", true, "Stdin:;")] // empty: of no channel
    [InlineData("820101", false, "Stdout:;")]
    [InlineData("0200" + "000101" + "80026162", false, "Stdout:ab;")]
    [InlineData("820101", true, "refused")] // a client does not write stdout
    [InlineData("820103", true, "refused")]
    [InlineData("820100", false, "refused")]
    [InlineData("820104", false, "refused")]
    [InlineData("820105", true, "refused")]
    [InlineData("8202ff00", false, "refused")]
    [InlineData("8202ff04", true, "Close:[Resize];")]
    [InlineData("8202ff01", true, "refused")]
    [InlineData("8201ff", true, "refused")]
    [InlineData("8203ff0000", true, "refused")]
    [InlineData("0201ff" + "000100" + "8000", true, "Close:[Stdin];")]
    [InlineData("0201ff" + "000100" + "800104", true, "refused")]
    public void A_channel_is_its_side_s_own(string hex, bool fromClient, string expected)
    {
        string all = Channels(Unmasked(hex, fromClient), fromClient, 1000);
        Assert.Equal(expected, all.EndsWith("refused", StringComparison.Ordinal) ? "refused" : all);
        if (hex.Contains("ff", StringComparison.Ordinal))
            Assert.EndsWith("refused", Channels(Unmasked(hex, fromClient), fromClient, 1000, KubeSubprotocol.V4), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(1000)]
    public void Ports_begin_with_their_number(int step)
    {
        // Ports 80 and 8443, a frame for each channel's number, then data of the second port split behind its channel.
        byte[] bytes = Convert.FromHexString("8203005000" + "8203015000" + "820302fb20" + "820303fb20" + "82050061626364" + "020102" + "80027879" + "8203036e6f");
        Assert.Equal("0:|0e:|1:|1e:|0:abcd|1:xy|1e:no|", Ports(bytes, fromClient: false, step));
        Assert.Equal("0:abcd|", Ports(Unmasked("82050061626364", true), fromClient: true, step));
    }

    [Theory]
    [InlineData("8203005100", false)] // another port
    [InlineData("8203005001", false)]
    [InlineData("820104", false)] // no such channel
    [InlineData("8202ff00", false)]
    [InlineData("82020161", true)] // an error text by the client
    public void A_port_that_was_not_asked_for_is_refused(string hex, bool fromClient) =>
        Assert.EndsWith("refused", Ports(Unmasked(hex, fromClient), fromClient, 1000), StringComparison.Ordinal);

    [Fact]
    public void Sizes_of_a_terminal_are_read()
    {
        var reader = new KubeResizeReader();
        Assert.False(reader.Take("{\"Width\":1"u8));
        Assert.True(reader.Take("20,\"Height\":40}\n{"u8));
        Assert.Equal((120, 40), (reader.Width, reader.Height));
        Assert.False(reader.Take("\"Width\":-1,\"Height\":5}"u8));
        Assert.False(reader.Take("{\"Width\":1e9,\"Height\":5}{]}{\"Height\":5}{\"Width\":{}}}"u8));
        Assert.False(reader.Take(Encoding.ASCII.GetBytes("{\"x\":\"" + new string('a', 300) + "\",\"Width\":1,\"Height\":2}")));
        Assert.Equal((120, 40), (reader.Width, reader.Height));
        Assert.True(reader.Take("{\"Height\":25,\"Width\":80}"u8));
        Assert.Equal((80, 25), (reader.Width, reader.Height));
    }

    [Theory]
    [InlineData("7B225C7564383030223A38302C22486569676874223A32347D")] // {"\ud800":80,"Height":24}
    [InlineData("7B2257696474685C7564633030223A38302C22486569676874223A32347D")] // {"Width\udc00":80,"Height":24}
    [InlineData("7B22576964746822FF3A38307D")]
    [InlineData("7B22FF223A38302C22486569676874223A32347D")]
    [InlineData("7B225769647468223A225C7564383030222C22486569676874223A32347D")] // {"Width":"\ud800","Height":24}
    public void A_size_that_is_no_text_is_none(string hex) => Assert.False(new KubeResizeReader().Take(Convert.FromHexString(hex)));

    [Theory]
    [InlineData("{\"metadata\":{},\"status\":\"Success\"}", true, 0)]
    [InlineData("{\"status\":\"Failure\",\"reason\":\"NonZeroExitCode\",\"details\":{\"causes\":[{\"reason\":\"x\"},{\"reason\":\"ExitCode\",\"message\":\"137\"}]}}", true, 137)]
    [InlineData("{\"status\":\"Failure\",\"reason\":\"InternalError\",\"message\":\"no\"}", true, null)]
    [InlineData("{\"status\":\"Failure\",\"reason\":\"NonZeroExitCode\",\"details\":{\"causes\":[5,{\"reason\":7,\"message\":1}]}}", true, null)]
    [InlineData("{\"status\":7}", false, null)]
    [InlineData("[]", false, null)]
    [InlineData("command terminated", false, null)]
    public void The_end_of_a_command_is_read(string json, bool isStatus, int? code)
    {
        Assert.Equal(isStatus, KubeExit.TryParse(Encoding.UTF8.GetBytes(json), out KubeExit exit));
        Assert.Equal(code, exit.Code);
    }

    /// <summary>Frames of a server, masked with zeros when a client sends them; each shorter than 126 bytes.</summary>
    private static byte[] Unmasked(string hex, bool fromClient)
    {
        byte[] bytes = Convert.FromHexString(hex);
        if (!fromClient)
            return bytes;
        var masked = new List<byte>();
        for (int at = 0; at < bytes.Length; at += 2 + bytes[at + 1])
            masked.AddRange([bytes[at], (byte)(bytes[at + 1] | 0x80), 0, 0, 0, 0, .. bytes.AsSpan(at + 2, bytes[at + 1])]);
        return [.. masked];
    }

    private static string Channels(byte[] bytes, bool fromClient, int step, KubeSubprotocol protocol = KubeSubprotocol.V5)
    {
        var reader = new KubeChannelReader(protocol, fromClient);
        var text = new StringBuilder();
        var message = new StringBuilder();
        WebSocketDrive.Each(bytes, fromClient, step, slice =>
        {
            if (!reader.TryRead(slice, out KubeChannel channel, out ReadOnlySpan<byte> payload, out KubeChannel? closed))
            {
                text.Append("refused");
                return;
            }

            message.Append(closed is { } c ? $"[{c}]" : Encoding.Latin1.GetString(payload));
            if (!slice.Ends)
                return;
            text.Append($"{channel}:{message};");
            message.Clear();
        });
        return text.ToString();
    }

    private static string Ports(byte[] bytes, bool fromClient, int step)
    {
        var reader = new KubePortReader([80, 8443], fromClient);
        var text = new StringBuilder();
        var message = new StringBuilder();
        WebSocketDrive.Each(bytes, fromClient, step, slice =>
        {
            if (!reader.TryRead(slice, out int port, out bool isError, out ReadOnlySpan<byte> payload))
            {
                text.Append("refused");
                return;
            }

            message.Append(Encoding.Latin1.GetString(payload));
            if (!slice.Ends)
                return;
            text.Append($"{port}{(isError ? "e" : "")}:{message}|");
            message.Clear();
        });
        return text.ToString();
    }

    [Fact]
    public void A_status_whose_text_is_no_UTF_8_is_none()
    {
        byte[] json = Encoding.Latin1.GetBytes("{'status':'Failure','reason':'NonZeroExitCode','details':{'causes':[{'reason':'ExitCode','message':'\u00c6'}]}}".Replace('\'', '"'));
        Assert.False(KubeExit.TryParse(json, out _));
    }
}
