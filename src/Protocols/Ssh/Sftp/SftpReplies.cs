using System.Buffers;
using System.Buffers.Binary;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>
/// Follows what the target answers (draft-ietf-secsh-filexfer-02, section 7). Answers go on as they came, but for SSH_FXP_VERSION, which waits for the home
/// directory; the answer to our own question for it; and data from behind what may be read.
/// </summary>
internal sealed class SftpReplies(SftpState state, SftpPaths paths, FileManifest manifest)
{
    private const int MostVersion = 16 << 10;
    private const int DataHeader = 13;
    private readonly ArrayBufferWriter<byte> _version = new();
    private byte[] _head = new byte[512];
    private int _have;
    private int _passing;
    private int _dropping;
    private FileProgress? _reading;
    private long _readOffset;
    private bool _mustWait;
    private volatile bool _ready;
    private string? _ended;

    /// <summary>True once the client was told the version.</summary>
    public bool IsReady => _ready;

    /// <summary>Writes down what was moved by a handle that is closed.</summary>
    /// <returns>False: the recording is behind.</returns>
    public static bool Close(SftpHandle handle, FileManifest manifest, string status)
    {
        bool ready = true;
        if (handle.Download is { } down)
            ready &= manifest.End(down, down.Failed ? "failed" : status);
        if (handle.Upload is { } up)
            ready &= manifest.End(up, up.Failed ? "failed" : status);
        handle.Download = handle.Upload = null;
        return ready;
    }

    public SshFilterStep Take(ReadOnlySpan<byte> data, IBufferWriter<byte> toClient, out bool unchanged)
    {
        _mustWait = false;
        var piece = new SftpPiece(data, toClient, changed: false);
        while (_ended is null && !piece.Rest.IsEmpty)
        {
            if (_passing > 0)
                Pass(ref piece);
            else if (_dropping > 0)
                Drop(ref piece);
            else
                Next(ref piece, toClient);
        }

        if (_ended is not null)
            piece.Change();
        unchanged = !piece.Changed;
        return _ended is null ? new SshFilterStep(SshFilterOutcome.Done, _mustWait) : new SshFilterStep(SshFilterOutcome.End, _mustWait, _ended);
    }

    private void Pass(ref SftpPiece piece)
    {
        int count = Math.Min(piece.Rest.Length, _passing);
        _reading?.Add(_readOffset, piece.Rest[..count]);
        _readOffset += count;
        _passing -= count;
        piece.Pass(count);
    }

    private void Drop(ref SftpPiece piece)
    {
        int count = Math.Min(piece.Rest.Length, _dropping);
        _dropping -= count;
        piece.Drop(count);
    }

    private void Next(ref SftpPiece piece, IBufferWriter<byte> toClient)
    {
        int count = piece.Rest.Length;
        ReadOnlySpan<byte> seen = _have > 0 ? _head.AsSpan(0, _have) : piece.Rest;
        int need = Need(seen);
        if (need < 0)
        {
            _ended = "the target sent an sftp packet that is malformed";
            return;
        }

        bool inPlace = _have == 0 && need <= count;
        if (!inPlace)
        {
            Collect(ref piece, Math.Min(count, need - _have));
            if (_have < need || Need(_head.AsSpan(0, _have)) != need)
                return;
            seen = _head.AsSpan(0, _have);
        }

        ReadOnlySpan<byte> packet = seen[..need];
        int behind = 4 + BinaryPrimitives.ReadInt32BigEndian(packet) - need;
        bool shown = Answer(packet, behind, ref piece, toClient);
        _have = 0;
        if (shown)
            _passing = behind;
        else
            _dropping = behind;
        if (_ended is not null)
            return;
        if (shown && inPlace)
            piece.Pass(need);
        else if (shown)
            toClient.Write(packet);
        else if (inPlace)
            piece.Drop(need);
    }

    private void Collect(ref SftpPiece piece, int count)
    {
        if (_head.Length < _have + count)
            Array.Resize(ref _head, Math.Max(_head.Length * 2, _have + count));
        piece.Rest[..count].CopyTo(_head.AsSpan(_have));
        _have += count;
        piece.Drop(count);
    }

    /// <summary>Bytes of a reply that must be seen before it goes on; -1: it is none.</summary>
    private int Need(ReadOnlySpan<byte> seen)
    {
        if (seen.Length < 5)
            return 5;
        uint length = BinaryPrimitives.ReadUInt32BigEndian(seen);
        // What OpenSSH's client takes: data as long as it asked for may stand behind the header.
        if (length < 5 || length > SftpLimits.Packet + 1024)
            return -1;
        if (seen[4] == SftpType.Version)
            return length <= MostVersion ? (int)length + 4 : -1;
        switch (seen[4])
        {
            case SftpType.Handle:
                return length <= 9 + SftpLimits.Handle ? (int)length + 4 : -1;
            case SftpType.Status or SftpType.Data:
                return length >= 9 ? DataHeader : -1;
            case SftpType.Name when !_ready:
                return length <= SftpLimits.Request ? (int)length + 4 : -1;
            default:
                return SftpPackets.Header;
        }
    }

    /// <returns>True: the client is shown it.</returns>
    private bool Answer(ReadOnlySpan<byte> packet, int behind, ref SftpPiece piece, IBufferWriter<byte> toClient)
    {
        byte type = packet[4];
        _reading = null;
        if (type == SftpType.Version)
            return Version(packet);
        if (packet.Length < SftpPackets.Header)
            return Fault("the target sent an sftp reply without an id");
        uint id = BinaryPrimitives.ReadUInt32BigEndian(packet[5..]);
        if (!_ready)
            return Home(packet, id, ref piece, toClient);
        if (!state.Peek(id, out SftpRequest request))
            return Fault("the target answered what it was not asked");

        ReadOnlySpan<byte> handle = default;
        bool shown = true;
        switch (type)
        {
            case SftpType.Handle:
                var reader = new SftpReader(packet[SftpPackets.Header..]);
                handle = reader.String(SftpLimits.Handle);
                if (reader.Failed || handle.IsEmpty || request.Type is not (SftpType.Open or SftpType.OpenDir))
                    return Fault("the target sent a handle that is malformed or was not asked for");
                break;
            case SftpType.Data:
                if (request.Type != SftpType.Read || BinaryPrimitives.ReadUInt32BigEndian(packet[SftpPackets.Header..]) != (uint)behind)
                    return Fault("the target sent data that is malformed or was not asked for");
                shown = !request.Beyond;
                Data(request, id, ref piece, toClient);
                break;
            case SftpType.Status:
                Status(request, (SftpStatus)BinaryPrimitives.ReadUInt32BigEndian(packet[SftpPackets.Header..]));
                break;
            case SftpType.Name or SftpType.Attrs or SftpType.ExtendedReply:
                break;
            default:
                return Fault("the target sent an sftp packet of an unknown type");
        }

        if (!state.Answered(id, handle))
            return Fault("the target gave one handle twice");
        if (request.Type == SftpType.Close)
            _mustWait |= !Close(request.Handle!, manifest, "complete");
        return shown;
    }

    private bool Version(ReadOnlySpan<byte> packet)
    {
        if (_version.WrittenCount > 0 || _ready || BinaryPrimitives.ReadUInt32BigEndian(packet[5..]) != 3)
            return Fault("the target does not speak sftp version 3");
        _version.Write(packet);
        return false;
    }

    /// <summary>The home directory is known, or will not be: the client may begin.</summary>
    private bool Home(ReadOnlySpan<byte> packet, uint id, ref SftpPiece piece, IBufferWriter<byte> toClient)
    {
        if (id != SftpChannel.HomeQuestion || _version.WrittenCount == 0 || packet[4] is not (SftpType.Name or SftpType.Status))
            return Fault("the target answered before it was asked");
        if (packet[4] == SftpType.Name)
        {
            var reader = new SftpReader(packet[SftpPackets.Header..]);
            uint count = reader.UInt32();
            ReadOnlySpan<byte> home = reader.String(SftpLimits.Path);
            if (reader.Failed || count != 1)
                return Fault("the target sent a home directory that is malformed");
            if (home.StartsWith("/"u8) && System.Text.Unicode.Utf8.IsValid(home))
                paths.SetHome(home);
        }

        state.Answered(id, default);
        piece.Change();
        toClient.Write(_version.WrittenSpan);
        _ready = true;
        return false;
    }

    private void Data(SftpRequest request, uint id, ref SftpPiece piece, IBufferWriter<byte> toClient)
    {
        SftpHandle handle = request.Handle!;
        if (request.Beyond)
        {
            piece.Change();
            SftpPackets.WriteStatus(toClient, id, SftpStatus.PermissionDenied, $"refused by policy: at most {handle.MaxBytes} bytes of a file are allowed");
            if (handle.Download is { } cut)
                cut.Failed = true;
            return;
        }

        handle.Download ??= manifest.Begin(handle.Path, upload: false);
        _reading = handle.Download;
        _readOffset = request.Offset;
    }

    private static void Status(SftpRequest request, SftpStatus status)
    {
        if (status == SftpStatus.Ok || request.Handle is not { } handle)
            return;
        if (request.Type == SftpType.Write && handle.Upload is { } up)
            up.Failed = true;
        else if (request.Type == SftpType.Read && status != SftpStatus.Eof && handle.Download is { } down)
            down.Failed = true;
    }

    private bool Fault(string reason)
    {
        _ended = reason;
        return false;
    }
}
