using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Sftp;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Sftp;

/// <summary>A real sftp-server behind an <see cref="SftpChannel"/>, both ways cut into pieces as told.</summary>
internal sealed class SftpServer : IDisposable
{
    private const string Program = "/usr/lib/openssh/sftp-server";
    private readonly Process _process;
    private readonly Func<int, int> _cut;
    private readonly ArrayBufferWriter<byte> _toTarget = new();
    private readonly ArrayBufferWriter<byte> _toClient = new();
    private readonly List<byte> _shown = [];
    private uint _id;

    /// <param name="cut">How much of so many bytes is the next piece.</param>
    public SftpServer(FileSession session, string folder, Func<int, int> cut)
    {
        _cut = cut;
        Channel = new SftpChannel(session.Context, TimeProvider.System, 7);
        _process = Process.Start(new ProcessStartInfo(Program) { RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = folder })!;
        Send(new Packet(1).UInt32(3));
        Packet version = Next();
        Assert.Equal(2, version.Type);
    }

    public static bool IsThere => File.Exists(Program);

    public SftpChannel Channel { get; }

    /// <summary>True once all that was sent went on as it was.</summary>
    public bool LastUnchanged { get; private set; }

    /// <summary>Sends a request, and gives its reply.</summary>
    public Packet Ask(byte type, Func<Packet, Packet> body)
    {
        Send(body(new Packet(type).UInt32(++_id)));
        Packet reply = Next();
        Assert.Equal(_id, reply.ReadUInt32());
        return reply;
    }

    public uint Status(byte type, Func<Packet, Packet> body)
    {
        Packet reply = Ask(type, body);
        Assert.Equal(101, reply.Type);
        return reply.ReadUInt32();
    }

    public byte[] Open(string path, uint flags)
    {
        Packet reply = Ask(3, p => p.Text(path).UInt32(flags).UInt32(0));
        Assert.Equal(102, reply.Type);
        return reply.ReadBytes();
    }

    public void Resolve(bool approved)
    {
        Channel.Resolve(new HoldOutcome(approved, "a1", approved ? "approved" : "denied", "no"), _toTarget, _toClient);
        Flush();
    }

    public SshFilterStep Send(Packet packet)
    {
        ReadOnlySpan<byte> rest = packet.ToArray();
        SshFilterStep step = default;
        LastUnchanged = true;
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> piece = rest[.._cut(rest.Length)];
            rest = rest[piece.Length..];
            step = Channel.FromClient(piece, _toTarget, _toClient, out bool unchanged);
            if (unchanged)
            {
                Assert.Equal(0, _toTarget.WrittenCount);
                _process.StandardInput.BaseStream.Write(piece);
            }

            LastUnchanged &= unchanged;
            Flush();
        }

        return step;
    }

    public Packet Next()
    {
        byte[] buffer = new byte[40_000];
        while (_shown.Count < 4 || _shown.Count < 4 + BinaryPrimitives.ReadInt32BigEndian(_shown.Take(4).ToArray()))
        {
            int count = _process.StandardOutput.BaseStream.Read(buffer, 0, _cut(buffer.Length));
            Assert.NotEqual(0, count);
            SshFilterStep step = Channel.FromTarget(buffer.AsSpan(0, count), _toClient, out bool unchanged);
            Assert.True(step.Outcome == SshFilterOutcome.Done, step.Reason);
            if (unchanged)
                _shown.AddRange(buffer.AsSpan(0, count));
            Flush();
        }

        int length = 4 + BinaryPrimitives.ReadInt32BigEndian(_shown.Take(4).ToArray());
        byte[] packet = [.. _shown.Take(length)];
        _shown.RemoveRange(0, length);
        return Packet.Of(packet);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private void Flush()
    {
        _process.StandardInput.BaseStream.Write(_toTarget.WrittenSpan);
        _process.StandardInput.BaseStream.Flush();
        _shown.AddRange(_toClient.WrittenSpan);
        _toTarget.ResetWrittenCount();
        _toClient.ResetWrittenCount();
    }
}

/// <summary>A packet of sftp, written field by field and read the same way.</summary>
internal sealed class Packet
{
    private readonly List<byte> _body = [];
    private int _at;

    public Packet(byte type) => Type = type;

    public byte Type { get; }

    public static Packet Of(byte[] bytes)
    {
        var packet = new Packet(bytes[4]);
        packet._body.AddRange(bytes.AsSpan(5));
        return packet;
    }

    public Packet UInt32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        _body.AddRange(bytes);
        return this;
    }

    public Packet UInt64(ulong value) => UInt32((uint)(value >> 32)).UInt32((uint)value);

    public Packet Text(string text) => Bytes(Encoding.UTF8.GetBytes(text));

    public Packet Bytes(ReadOnlySpan<byte> bytes)
    {
        UInt32((uint)bytes.Length);
        _body.AddRange(bytes);
        return this;
    }

    public uint ReadUInt32()
    {
        uint value = BinaryPrimitives.ReadUInt32BigEndian([.. _body.Skip(_at).Take(4)]);
        _at += 4;
        return value;
    }

    public byte[] ReadBytes()
    {
        int length = (int)ReadUInt32();
        byte[] bytes = [.. _body.Skip(_at).Take(length)];
        _at += length;
        return bytes;
    }

    public string ReadText() => Encoding.UTF8.GetString(ReadBytes());

    public byte[] ToArray()
    {
        byte[] packet = new byte[5 + _body.Count];
        BinaryPrimitives.WriteInt32BigEndian(packet, 1 + _body.Count);
        packet[4] = Type;
        _body.CopyTo(packet, 5);
        return packet;
    }
}
