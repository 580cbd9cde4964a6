using System.Buffers.Binary;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Replay.Tests.Ssh;

/// <summary>
/// Writes what a recording of SSH holds (docs/recording-format.md, "SSH"): messages of RFC 4254, each behind its length, both channel numbers the gateway's own. By
/// hand from the RFC, so that it can stand against what the engine records.
/// </summary>
internal sealed class SshScript
{
    private readonly Action<Direction, byte[]> _write;

    public SshScript(Action<Direction, byte[]> write) => _write = write;

    /// <summary>Writes into a recording.</summary>
    public static SshScript Into(ISessionRecorder session) => new((direction, bytes) => session.Data(direction, bytes));

    /// <summary>SSH_MSG_CHANNEL_OPEN (RFC 4254 5.1) and what the other side says; <paramref name="extra"/>: fields of the type.</summary>
    public SshScript Open(uint channel, string type = "session", bool fromTarget = false, params byte[][] extra) => Add(
            fromTarget ? Direction.ToClient : Direction.FromClient, [90, .. Text(type), .. Int(channel), .. Int(2 << 20), .. Int(32 << 10), .. extra.SelectMany(field => field)])
        .Add(fromTarget ? Direction.FromClient : Direction.ToClient, [91, .. Int(channel), .. Int(channel), .. Int(2 << 20), .. Int(32 << 10)]);

    public SshScript OpenRefused(uint channel, string type, string why, params byte[][] extra) =>
        Add(Direction.FromClient, [90, .. Text(type), .. Int(channel), .. Int(2 << 20), .. Int(32 << 10), .. extra.SelectMany(field => field)])
        .Add(Direction.ToClient, [92, .. Int(channel), .. Int(1), .. Text(why), .. Text("")]);

    /// <summary>SSH_MSG_CHANNEL_REQUEST (RFC 4254 5.4) of the client, and the answer when one is wanted.</summary>
    public SshScript Request(uint channel, string name, bool? answer, params byte[][] fields)
    {
        Add(Direction.FromClient, [98, .. Int(channel), .. Text(name), (byte)(answer is null ? 0 : 1), .. fields.SelectMany(field => field)]);
        return answer is null ? this : Add(Direction.ToClient, [(byte)(answer.Value ? 99 : 100), .. Int(channel)]);
    }

    public SshScript Pty(uint channel, string term, uint columns, uint rows) =>
        Request(channel, "pty-req", true, Text(term), Int(columns), Int(rows), Int(0), Int(0), Text("\0"));

    public SshScript Env(uint channel, string name, string value) => Request(channel, "env", null, Text(name), Text(value));

    public SshScript Shell(uint channel) => Request(channel, "shell", true);

    public SshScript Exec(uint channel, string command, bool answer = true) => Request(channel, "exec", answer, Text(command));

    public SshScript Subsystem(uint channel, string name) => Request(channel, "subsystem", true, Text(name));

    public SshScript Resize(uint channel, uint columns, uint rows) => Request(channel, "window-change", null, Int(columns), Int(rows), Int(0), Int(0));

    public SshScript Keys(uint channel, string text) => Add(Direction.FromClient, [94, .. Int(channel), .. Text(text)]);

    public SshScript Output(uint channel, string text) => Output(channel, Encoding.UTF8.GetBytes(text));

    public SshScript Output(uint channel, byte[] bytes) => Add(Direction.ToClient, [94, .. Int(channel), .. Int((uint)bytes.Length), .. bytes]);

    public SshScript Error(uint channel, string text) => Add(Direction.ToClient, [95, .. Int(channel), .. Int(1), .. Text(text)]);

    public SshScript Exit(uint channel, uint status) => Add(Direction.ToClient, [98, .. Int(channel), .. Text("exit-status"), 0, .. Int(status)]);

    public SshScript Killed(uint channel, string signal) =>
        Add(Direction.ToClient, [98, .. Int(channel), .. Text("exit-signal"), 0, .. Text(signal), 0, .. Text(""), .. Text("")]);

    /// <summary>EOF and CLOSE of both sides.</summary>
    public SshScript Close(uint channel) => Add(Direction.ToClient, [96, .. Int(channel)])
        .Add(Direction.ToClient, [97, .. Int(channel)]).Add(Direction.FromClient, [97, .. Int(channel)]);

    public SshScript Global(string name, params byte[][] fields) =>
        Add(Direction.FromClient, [80, .. Text(name), 1, .. fields.SelectMany(field => field)]).Add(Direction.ToClient, [81]);

    /// <summary>Any message.</summary>
    public SshScript Add(Direction direction, byte[] message)
    {
        _write(direction, [.. Int((uint)message.Length), .. message]);
        return this;
    }

    public static byte[] Int(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    public static byte[] Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return [.. Int((uint)bytes.Length), .. bytes];
    }
}
