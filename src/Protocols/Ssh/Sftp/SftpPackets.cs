using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>draft-ietf-secsh-filexfer-02, section 3.</summary>
internal static class SftpType
{
    public const byte Init = 1;
    public const byte Version = 2;
    public const byte Open = 3;
    public const byte Close = 4;
    public const byte Read = 5;
    public const byte Write = 6;
    public const byte LStat = 7;
    public const byte FStat = 8;
    public const byte SetStat = 9;
    public const byte FSetStat = 10;
    public const byte OpenDir = 11;
    public const byte ReadDir = 12;
    public const byte Remove = 13;
    public const byte MkDir = 14;
    public const byte RmDir = 15;
    public const byte RealPath = 16;
    public const byte Stat = 17;
    public const byte Rename = 18;
    public const byte ReadLink = 19;
    public const byte SymLink = 20;
    public const byte Status = 101;
    public const byte Handle = 102;
    public const byte Data = 103;
    public const byte Name = 104;
    public const byte Attrs = 105;
    public const byte Extended = 200;
    public const byte ExtendedReply = 201;
}

/// <summary>draft-ietf-secsh-filexfer-02, section 7.</summary>
internal enum SftpStatus : uint
{
    Ok = 0,
    Eof = 1,
    PermissionDenied = 3,
    Failure = 4,
    OpUnsupported = 8,
}

/// <summary>pflags of SSH_FXP_OPEN (6.3).</summary>
[Flags]
internal enum SftpOpenFlags : uint
{
    Read = 1,
    Write = 2,
    Append = 4,
    Create = 8,
    Truncate = 16,
    Exclusive = 32,
    Writes = Write | Append | Create | Truncate,
}

/// <summary>Bounds, as OpenSSH has them or wider.</summary>
internal static class SftpLimits
{
    /// <summary>SFTP_MAX_MSG_LENGTH: what a packet's length field may say.</summary>
    public const int Packet = 256 << 10;

    /// <summary>A packet that is read whole: two paths and attributes.</summary>
    public const int Request = 136 << 10;

    public const int Path = 64 << 10;

    /// <summary>Longest handle (section 4).</summary>
    public const int Handle = 256;

    public const int OpenHandles = 1024;

    public const int Outstanding = 4096;

    /// <summary>Handles and OPENs under way: names of open files are kept.</summary>
    public const long KeptNames = 4 << 20;
}

/// <summary>Packets that we write ourselves.</summary>
internal static class SftpPackets
{
    /// <summary>uint32 length, byte type, uint32 id: what every request and reply begins with.</summary>
    public const int Header = 9;

    public static void WriteInit(IBufferWriter<byte> to)
    {
        Span<byte> packet = to.GetSpan(9);
        BinaryPrimitives.WriteUInt32BigEndian(packet, 5);
        packet[4] = SftpType.Init;
        BinaryPrimitives.WriteUInt32BigEndian(packet[5..], 3);
        to.Advance(9);
    }

    /// <summary>SSH_FXP_REALPATH of <c>.</c>.</summary>
    public static void WriteHomeQuestion(IBufferWriter<byte> to, uint id)
    {
        Span<byte> packet = to.GetSpan(14);
        BinaryPrimitives.WriteUInt32BigEndian(packet, 10);
        packet[4] = SftpType.RealPath;
        BinaryPrimitives.WriteUInt32BigEndian(packet[5..], id);
        BinaryPrimitives.WriteUInt32BigEndian(packet[9..], 1);
        packet[13] = (byte)'.';
        to.Advance(14);
    }

    /// <summary>SSH_FXP_STATUS (section 7).</summary>
    public static void WriteStatus(IBufferWriter<byte> to, uint id, SftpStatus code, string message)
    {
        int text = Encoding.UTF8.GetByteCount(message), length = 1 + 4 + 4 + 4 + text + 4;
        Span<byte> packet = to.GetSpan(4 + length);
        BinaryPrimitives.WriteInt32BigEndian(packet, length);
        packet[4] = SftpType.Status;
        BinaryPrimitives.WriteUInt32BigEndian(packet[5..], id);
        BinaryPrimitives.WriteUInt32BigEndian(packet[9..], (uint)code);
        BinaryPrimitives.WriteInt32BigEndian(packet[13..], text);
        Encoding.UTF8.GetBytes(message, packet[17..]);
        BinaryPrimitives.WriteUInt32BigEndian(packet[(17 + text)..], 0);
        to.Advance(4 + length);
    }
}

/// <summary>Fields of a packet's body; failure is sticky.</summary>
internal ref struct SftpReader(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;

    public bool Failed { get; private set; }

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public uint UInt32() => Take(4) is { Length: 4 } bytes ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : 0;

    public ulong UInt64() => Take(8) is { Length: 8 } bytes ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : 0;

    public ReadOnlySpan<byte> String(int most)
    {
        uint length = UInt32();
        if (length <= most)
            return Take((int)length);
        Failed = true;
        return default;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (Failed || count > _rest.Length)
        {
            Failed = true;
            return default;
        }

        ReadOnlySpan<byte> bytes = _rest[..count];
        _rest = _rest[count..];
        return bytes;
    }
}
