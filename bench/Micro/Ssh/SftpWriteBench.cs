using System.Buffers;
using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using Sallyport.Protocols.Ssh;
using Sallyport.Protocols.Ssh.Sftp;

namespace Sallyport.Micro.Ssh;

/// <summary>One SSH_FXP_WRITE of 32 KiB through the filter, hashed for the manifest, and its SSH_FXP_STATUS back. 0 bytes.</summary>
public class SftpWriteBench
{
    private const int Data = 32 << 10;
    private const byte Init = 1, Version = 2, Open = 3, Write = 6, Status = 101, Handle = 102, Name = 104;

    /// <summary>uint32 length, byte type, uint32 id, string handle of one byte; then uint64 offset.</summary>
    private const int OffsetAt = 4 + 1 + 4 + 4 + 1;

    private readonly ArrayBufferWriter<byte> _toTarget = new(Data * 2);
    private readonly ArrayBufferWriter<byte> _toClient = new(Data * 2);
    private byte[] _write = [];
    private byte[] _status = [];
    private SftpChannel _channel = null!;
    private SshSample _sample = null!;
    private ulong _offset;

    [GlobalSetup]
    public void Setup()
    {
        _sample = new SshSample();
        _channel = new SftpChannel(_sample.Context, TimeProvider.System, 0);
        FromClient(Packet(new SshWriter().Byte(Init).UInt32(3)));
        FromTarget(Packet(new SshWriter().Byte(Version).UInt32(3)));
        FromTarget(Packet(new SshWriter().Byte(Name).UInt32(SftpChannel.HomeQuestion).UInt32(1).String("/srv/deploy").String("").UInt32(0)));
        const uint create = 0x1a;
        FromClient(Packet(new SshWriter().Byte(Open).UInt32(1).String("/srv/shop/release.tar").UInt32(create).UInt32(0)));
        FromTarget(Packet(new SshWriter().Byte(Handle).UInt32(1).String("h")));
        _write = Packet(new SshWriter().Byte(Write).UInt32(2).String("h").UInt64(0).String(new byte[Data]));
        _status = Packet(new SshWriter().Byte(Status).UInt32(2).UInt32(0).String("").String(""));
        Sample.Require(WriteAndStatus(), "a write that is allowed goes on as it is");
    }

    [GlobalCleanup]
    public void Cleanup() => _sample.Dispose();

    [Benchmark]
    public bool WriteAndStatus()
    {
        BinaryPrimitives.WriteUInt64BigEndian(_write.AsSpan(OffsetAt), _offset);
        _offset += Data;
        return FromClient(_write) & FromTarget(_status);
    }

    private bool FromClient(byte[] data)
    {
        SshFilterStep step = _channel.FromClient(data, _toTarget, _toClient, out bool unchanged);
        _toTarget.ResetWrittenCount();
        bool answered = _toClient.WrittenCount > 0;
        _toClient.ResetWrittenCount();
        if (step.MustWait)
            _sample.Wait();
        return unchanged && !answered;
    }

    private bool FromTarget(byte[] data)
    {
        SshFilterStep step = _channel.FromTarget(data, _toClient, out bool unchanged);
        _toClient.ResetWrittenCount();
        if (step.MustWait)
            _sample.Wait();
        return unchanged;
    }

    private static byte[] Packet(SshWriter body) => new SshWriter().String(body.Written).ToArray();
}
