using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>Messages of the SSH connection protocol (RFC 4254) by hand.</summary>
internal static class SshMsg
{
    public const uint Window = 1 << 20;
    public const uint MaxPacket = 32 << 10;

    public static byte[] Open(uint sender, string type = "session", byte[]? rest = null, uint window = Window, uint maxPacket = MaxPacket) =>
        New(SshMessageNumber.ChannelOpen).String(type).UInt32(sender).UInt32(window).UInt32(maxPacket).Raw(rest).ToArray();

    public static byte[] OpenTcp(uint sender, string host, uint port, uint window = Window) =>
        Open(sender, "direct-tcpip", new SshWriter().String(host).UInt32(port).String("127.0.0.1").UInt32(4000).ToArray(), window);

    public static byte[] Confirm(uint recipient, uint sender, uint window = Window, uint maxPacket = MaxPacket) =>
        New(SshMessageNumber.ChannelOpenConfirmation).UInt32(recipient).UInt32(sender).UInt32(window).UInt32(maxPacket).ToArray();

    public static byte[] OpenFailure(uint recipient, uint reason = 1, string description = "no") =>
        New(SshMessageNumber.ChannelOpenFailure).UInt32(recipient).UInt32(reason).String(description).String("").ToArray();

    public static byte[] Adjust(uint channel, uint bytes) => New(SshMessageNumber.ChannelWindowAdjust).UInt32(channel).UInt32(bytes).ToArray();

    public static byte[] Data(uint channel, string text) => Data(channel, Encoding.UTF8.GetBytes(text));

    public static byte[] Data(uint channel, byte[] bytes) => New(SshMessageNumber.ChannelData).UInt32(channel).String(bytes).ToArray();

    public static byte[] Error(uint channel, string text) => New(SshMessageNumber.ChannelExtendedData).UInt32(channel).UInt32(1).String(text).ToArray();

    public static byte[] Eof(uint channel) => New(SshMessageNumber.ChannelEof).UInt32(channel).ToArray();

    public static byte[] Close(uint channel) => New(SshMessageNumber.ChannelClose).UInt32(channel).ToArray();

    public static byte[] Success(uint channel) => New(SshMessageNumber.ChannelSuccess).UInt32(channel).ToArray();

    public static byte[] Failure(uint channel) => New(SshMessageNumber.ChannelFailure).UInt32(channel).ToArray();

    public static byte[] Request(uint channel, string type, bool wantReply, byte[]? rest = null) =>
        New(SshMessageNumber.ChannelRequest).UInt32(channel).String(type).Boolean(wantReply).Raw(rest).ToArray();

    public static byte[] Exec(uint channel, string command, bool wantReply = true) => Request(channel, "exec", wantReply, Text(command));

    public static byte[] Env(uint channel, string name, bool wantReply = true) => Request(channel, "env", wantReply, [.. Text(name), .. Text("value")]);

    public static byte[] Pty(uint channel, bool wantReply = true) =>
        Request(channel, "pty-req", wantReply, new SshWriter().String("xterm").UInt32(80).UInt32(24).UInt32(0).UInt32(0).String([0]).ToArray());

    public static byte[] ExitStatus(uint channel, uint status) => Request(channel, "exit-status", false, UInt32(status));

    public static byte[] Global(string type, bool wantReply, byte[]? rest = null) => New(SshMessageNumber.GlobalRequest).String(type).Boolean(wantReply).Raw(rest).ToArray();

    public static byte[] TcpipForward(string address, uint port, bool wantReply = true) => Global("tcpip-forward", wantReply, [.. Text(address), .. UInt32(port)]);

    public static byte[] Text(string text) => new SshWriter().String(text).ToArray();

    public static byte[] UInt32(uint value) => new SshWriter().UInt32(value).ToArray();

    /// <summary>The number at a place of a message.</summary>
    public static uint Field(byte[] message, int at) => BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(at));

    /// <summary>A message as a failed test shows it.</summary>
    public static string Shown(byte[] message) =>
        message.Length == 0 ? "nothing" : $"{message[0].ToString(CultureInfo.InvariantCulture)} {Convert.ToHexString(message.AsSpan(1, Math.Min(message.Length - 1, 60)))} ({message.Length} bytes)";

    private static SshWriter New(byte number) => new SshWriter().Byte(number);

    private static SshWriter Raw(this SshWriter writer, byte[]? rest) => writer.Raw(rest.AsSpan());
}
