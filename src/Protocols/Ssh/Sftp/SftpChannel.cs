using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>
/// SFTP version 3 (draft-ietf-secsh-filexfer-02) with OpenSSH's extensions, judged operation by operation. What is refused is answered here and never reaches the
/// target, so that it does not even say whether a file exists; the session goes on. The answers to other requests are followed by <see cref="SftpReplies"/>.
/// The client learns the version only once the home directory is known, which the target is asked for behind SSH_FXP_INIT.
/// </summary>
internal sealed class SftpChannel : ISshStreamFilter
{
    /// <summary>Of the question for the home directory; a client that uses it before it knows the version breaks the protocol.</summary>
    public const uint HomeQuestion = 0xFFFF_FFFE;

    private readonly SftpState _state = new();
    private readonly SftpPaths _paths = new();
    private readonly SftpJudge _judge;
    private readonly FileManifest _manifest;
    private readonly SftpReplies _replies;
    private readonly ArrayBufferWriter<byte> _rest = new();
    private byte[] _head = new byte[512];
    private int _have;
    private int _passing;
    private int _dropping;
    private FileProgress? _writing;
    private long _writeOffset;
    private bool _begun;
    private bool _mustWait;
    private string? _ended;

    private enum Decision : byte
    {
        Forward,
        Replaced,
        Refused,
        Hold,
        End,
    }

    /// <param name="channel">The channel's number in the recording.</param>
    public SftpChannel(SessionContext context, TimeProvider time, int channel)
    {
        _judge = new SftpJudge(context);
        _manifest = new FileManifest(context, time, channel, "sftp");
        _replies = new SftpReplies(_state, _paths, _manifest);
    }

    public SshPendingAction? Pending { get; private set; }

    public SshFilterStep FromClient(ReadOnlySpan<byte> data, IBufferWriter<byte> toTarget, IBufferWriter<byte> toClient, out bool unchanged)
    {
        _mustWait = false;
        var piece = new SftpPiece(data, toTarget, changed: false);
        SshFilterStep step = Run(ref piece, toTarget, toClient);
        if (step.Outcome != SshFilterOutcome.Done)
            piece.Change();
        unchanged = !piece.Changed;
        return step;
    }

    public SshFilterStep Resolve(HoldOutcome outcome, IBufferWriter<byte> toTarget, IBufferWriter<byte> toClient)
    {
        if (Pending is not { } pending)
            return new SshFilterStep(SshFilterOutcome.Done);
        Pending = null;
        _mustWait = false;
        ReadOnlySpan<byte> packet = _head.AsSpan(0, _have);
        byte[] rest = _rest.WrittenSpan.ToArray();
        _rest.ResetWrittenCount();
        uint id = BinaryPrimitives.ReadUInt32BigEndian(packet[5..]);
        SftpOperation op = SftpOperations.Read(packet[4], packet[SftpPackets.Header..], _paths);
        Decision decision = outcome.Approved
            ? Go(packet, id, op, pending.Verdict, toTarget, toClient)
            : Refuse(toClient, id, op, SftpJudge.Message(pending.Verdict, outcome));
        if (decision == Decision.Forward)
            toTarget.Write(packet);
        _have = 0;
        var piece = new SftpPiece(rest, toTarget, changed: true);
        return decision == Decision.End ? End() : Run(ref piece, toTarget, toClient);
    }

    public SshFilterStep FromTarget(ReadOnlySpan<byte> data, IBufferWriter<byte> toClient, out bool unchanged) => _replies.Take(data, toClient, out unchanged);

    public void Finish()
    {
        foreach (SftpHandle handle in _state.TakeAll())
            SftpReplies.Close(handle, _manifest, "partial");
    }

    private SshFilterStep Run(ref SftpPiece piece, IBufferWriter<byte> toTarget, IBufferWriter<byte> toClient)
    {
        while (_ended is null && !piece.Rest.IsEmpty)
        {
            int count = piece.Rest.Length;
            if (_passing > 0)
            {
                count = Math.Min(count, _passing);
                _writing?.Add(_writeOffset, piece.Rest[..count]);
                _writeOffset += count;
                _passing -= count;
                piece.Pass(count);
                continue;
            }

            if (_dropping > 0)
            {
                count = Math.Min(count, _dropping);
                _dropping -= count;
                piece.Drop(count);
                continue;
            }

            // Packets are read where they lie; one that is split is put together aside.
            ReadOnlySpan<byte> seen = _have > 0 ? _head.AsSpan(0, _have) : piece.Rest;
            int need = Need(seen);
            if (need < 0)
                return End("the client sent an sftp packet that is malformed");
            if (_have > 0 || need > count)
            {
                Collect(ref piece, Math.Min(count, need - _have));
                if (_have < need || Need(_head.AsSpan(0, _have)) != need)
                    continue;
                seen = _head.AsSpan(0, _have);
            }

            bool inPlace = _have == 0;
            ReadOnlySpan<byte> packet = seen[..need];
            int behind = 4 + BinaryPrimitives.ReadInt32BigEndian(packet) - need;
            if (inPlace && !MayPass(packet))
                piece.Change();
            Decision decision = Decide(packet, behind, ref piece, toTarget, toClient);
            if (decision == Decision.Hold)
                return Keep(ref piece, packet, inPlace);
            if (decision == Decision.End)
                return End();
            if (decision == Decision.Forward)
                _passing = behind;
            else
                _dropping = behind;
            if (decision == Decision.Forward && inPlace)
                piece.Pass(need);
            else if (decision == Decision.Forward)
                toTarget.Write(packet);
            else if (inPlace)
                piece.Drop(need);
            _have = 0;
        }

        return _ended is null ? new SshFilterStep(SshFilterOutcome.Done, _mustWait) : End();
    }

    /// <summary>SSH_FXP_INIT is never passed as it is.</summary>
    private static bool MayPass(ReadOnlySpan<byte> packet) => packet[4] != SftpType.Init;

    /// <summary>Bytes of the packet that must be seen before it is decided on; -1: it is none.</summary>
    private static int Need(ReadOnlySpan<byte> seen)
    {
        if (seen.Length < 5)
            return 5;
        uint length = BinaryPrimitives.ReadUInt32BigEndian(seen);
        byte type = seen[4];
        if (length < 5 || length > SftpLimits.Packet)
            return -1;
        if (type != SftpType.Write)
            return length <= SftpLimits.Request ? (int)length + 4 : -1;
        if (seen.Length < 13)
            return length >= 9 ? 13 : -1;
        uint handle = BinaryPrimitives.ReadUInt32BigEndian(seen[9..]);
        return handle <= SftpLimits.Handle && 4 + length >= 25 + handle ? 25 + (int)handle : -1;
    }

    private void Collect(ref SftpPiece piece, int count)
    {
        if (_head.Length < _have + count)
            Array.Resize(ref _head, Math.Max(_head.Length * 2, _have + count));
        piece.Rest[..count].CopyTo(_head.AsSpan(_have));
        _have += count;
        piece.Drop(count);
    }

    private SshFilterStep Keep(ref SftpPiece piece, ReadOnlySpan<byte> packet, bool inPlace)
    {
        if (inPlace)
            Collect(ref piece, packet.Length);
        _rest.Write(piece.Rest);
        piece.Drop(piece.Rest.Length);
        return new SshFilterStep(SshFilterOutcome.Hold, _mustWait);
    }

    private Decision Decide(ReadOnlySpan<byte> packet, int behind, ref SftpPiece piece, IBufferWriter<byte> toTarget, IBufferWriter<byte> toClient)
    {
        byte type = packet[4];
        uint id = BinaryPrimitives.ReadUInt32BigEndian(packet[5..]);
        if (!_begun || type == SftpType.Init)
            return Begin(type, toTarget);
        if (packet.Length < SftpPackets.Header)
            return Fault("the client sent an sftp request without an id");
        if (!_replies.IsReady)
            return Refuse(toClient, id, default, "wait for SSH_FXP_VERSION");
        if (type == SftpType.Write)
            return Write(packet, behind, id, toClient);

        SftpOperation op = SftpOperations.Read(type, packet[SftpPackets.Header..], _paths);
        switch (op.Kind)
        {
            case SftpOperationKind.Malformed:
                return Fault("the client sent an sftp request that is malformed");
            case SftpOperationKind.Unsupported:
                SftpPackets.WriteStatus(toClient, id, SftpStatus.OpUnsupported, "not supported by this gateway");
                return Decision.Refused;
            case SftpOperationKind.Free:
                return Ask(id, new SftpRequest(type, null));
            case SftpOperationKind.Handle:
                return ByHandle(packet, id, op, ref piece, toTarget, toClient);
            case SftpOperationKind.Copy:
                return Copy(type, id, op, toClient);
            case SftpOperationKind.HandlePath when _state.Find(op.Handle) is { } handle:
                _paths.Add(op.Verb, Encoding.UTF8.GetBytes(handle.Path));
                break;
            case SftpOperationKind.HandlePath:
                return NoHandle(toClient, id);
        }

        Verdict verdict = _judge.Judge(op.Verb, op.Name, _paths, op.Unclear, out bool wait);
        _mustWait |= wait;
        if (verdict.Kind == VerdictKind.Hold && !op.Unclear)
        {
            Pending = new SshPendingAction(verdict, _judge.Held(op.Verb, op.Name, _paths, packet));
            return Decision.Hold;
        }

        if (verdict.Kind != VerdictKind.Allow || op.Unclear)
            return Refuse(toClient, id, op, op.Unclear ? "its path cannot be judged" : SftpJudge.Message(verdict));
        if (_paths.Folded)
            piece.Change();
        return Go(packet, id, op, verdict, toTarget, toClient);
    }

    private Decision Begin(byte type, IBufferWriter<byte> toTarget)
    {
        if (_begun || type != SftpType.Init)
            return Fault("the client did not begin with one SSH_FXP_INIT");
        _begun = true;
        SftpPackets.WriteInit(toTarget);
        _state.Ask(HomeQuestion, new SftpRequest(SftpType.RealPath, null));
        SftpPackets.WriteHomeQuestion(toTarget, HomeQuestion);
        return Decision.Replaced;
    }

    /// <summary>An operation on paths that may be done.</summary>
    private Decision Go(ReadOnlySpan<byte> packet, uint id, SftpOperation op, in Verdict verdict, IBufferWriter<byte> toTarget, IBufferWriter<byte> toClient)
    {
        byte type = packet[4];
        SftpHandle? handle = null;
        if (type is SftpType.Open or SftpType.OpenDir)
        {
            string path = Encoding.UTF8.GetString(_paths[0]);
            if (!_state.TryReserve(path.Length))
            {
                SftpPackets.WriteStatus(toClient, id, SftpStatus.Failure, "too many open files");
                return Decision.Refused;
            }

            bool writes = (op.Open & SftpOpenFlags.Writes) != 0;
            bool reads = type == SftpType.Open && ((op.Open & SftpOpenFlags.Read) != 0 || !writes);
            handle = new SftpHandle(path) { IsDirectory = type == SftpType.OpenDir, Writes = writes, Reads = reads, MaxBytes = verdict.MaxBytes };
            if (writes)
                handle.Upload = _manifest.Begin(path, upload: true);
            else if (reads)
                handle.Download = _manifest.Begin(path, upload: false);
        }

        if (Ask(id, new SftpRequest(type, handle)) == Decision.End)
            return Decision.End;
        if (!_paths.Folded || op.PathCount == 0)
            return Decision.Forward;
        Fold(packet, id, op, toTarget);
        return Decision.Replaced;
    }

    /// <summary>Sends a request with the paths that were judged in the place of those with <c>..</c> in them.</summary>
    private void Fold(ReadOnlySpan<byte> packet, uint id, SftpOperation op, IBufferWriter<byte> to)
    {
        int length = 5 + op.Prefix + op.Rest.Length;
        for (int i = 0; i < op.PathCount; i++)
            length += 4 + _paths[i].Length;
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, length);
        to.Write(number);
        to.Write(packet[4..5]);
        BinaryPrimitives.WriteUInt32BigEndian(number, id);
        to.Write(number);
        to.Write(packet.Slice(SftpPackets.Header, op.Prefix));
        for (int i = 0; i < op.PathCount; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(number, _paths[i].Length);
            to.Write(number);
            to.Write(_paths[i]);
        }

        to.Write(op.Rest);
    }

    private Decision ByHandle(ReadOnlySpan<byte> packet, uint id, SftpOperation op, ref SftpPiece piece, IBufferWriter<byte> toTarget, IBufferWriter<byte> toClient)
    {
        byte type = packet[4];
        if (_state.Find(op.Handle) is not { } handle)
            return NoHandle(toClient, id);
        if (type != SftpType.Read)
            return Ask(id, new SftpRequest(type, handle));
        if (!handle.Reads || op.ReadOffset < 0)
            return Refuse(toClient, id, default, "the file was not opened for reading");
        bool beyond = handle.MaxBytes > 0 && op.ReadOffset >= handle.MaxBytes;
        if (Ask(id, new SftpRequest(type, handle, op.ReadOffset, beyond)) == Decision.End)
            return Decision.End;
        if (handle.MaxBytes == 0 || op.ReadLength <= handle.MaxBytes - op.ReadOffset)
            return Decision.Forward;
        // No more than may be read; behind that one byte, to tell a longer file from one that ends here.
        piece.Change();
        uint length = beyond ? 1 : (uint)(handle.MaxBytes - op.ReadOffset);
        toTarget.Write(packet[..^4]);
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(number, length);
        toTarget.Write(number);
        return Decision.Replaced;
    }

    private Decision Write(ReadOnlySpan<byte> packet, int behind, uint id, IBufferWriter<byte> toClient)
    {
        var reader = new SftpReader(packet[SftpPackets.Header..]);
        ReadOnlySpan<byte> bytes = reader.String(SftpLimits.Handle);
        long offset = (long)reader.UInt64();
        if (reader.UInt32() != (uint)behind)
            return Fault("the client sent an SSH_FXP_WRITE whose lengths do not agree");
        if (_state.Find(bytes) is not { } handle)
            return NoHandle(toClient, id);
        if (!handle.Writes || offset < 0)
            return Refuse(toClient, id, default, "the file was not opened for writing");
        if (handle.MaxBytes > 0 && (behind > handle.MaxBytes - handle.Written || offset > handle.MaxBytes - behind))
        {
            handle.Upload!.Failed = true;
            return Refuse(toClient, id, default, $"refused by policy: at most {handle.MaxBytes} bytes of a file are allowed");
        }

        if (Ask(id, new SftpRequest(SftpType.Write, handle)) == Decision.End)
            return Decision.End;
        handle.Written += behind;
        _writing = handle.Upload;
        _writeOffset = offset;
        return Decision.Forward;
    }

    private Decision Copy(byte type, uint id, SftpOperation op, IBufferWriter<byte> toClient)
    {
        if (_state.Find(op.Handle) is not { } from || _state.Find(op.Second) is not { } to)
            return NoHandle(toClient, id);
        bool bounded = from.MaxBytes > 0 || to.MaxBytes > 0;
        long most = Math.Min(from.MaxBytes > 0 ? from.MaxBytes : long.MaxValue, to.MaxBytes > 0 ? to.MaxBytes : long.MaxValue);
        if (!from.Reads || !to.Writes || (bounded && (op.CopyEnd < 0 || op.CopyEnd > most)))
            return Refuse(toClient, id, default, "refused by policy: the files were not opened for this, or it is more than is allowed");
        to.Upload!.Forget();
        return Ask(id, new SftpRequest(type, to));
    }

    private Decision Ask(uint id, SftpRequest request) =>
        _state.Ask(id, request) ? Decision.Forward : Fault("the client has too many requests under way, or two with one id");

    private static Decision NoHandle(IBufferWriter<byte> toClient, uint id)
    {
        SftpPackets.WriteStatus(toClient, id, SftpStatus.Failure, "no such handle");
        return Decision.Refused;
    }

    private Decision Refuse(IBufferWriter<byte> toClient, uint id, SftpOperation op, string message)
    {
        SftpPackets.WriteStatus(toClient, id, SftpStatus.PermissionDenied, message);
        if (op.Verb is Verb.FileRead or Verb.FileWrite && !op.Unclear && _paths.Count > 0)
            _mustWait |= !_manifest.Refused(Encoding.UTF8.GetString(_paths[0]), op.Verb == Verb.FileWrite);
        return Decision.Refused;
    }

    private Decision Fault(string reason)
    {
        _ended = reason;
        return Decision.End;
    }

    private SshFilterStep End(string? reason = null)
    {
        _ended ??= reason;
        return new SshFilterStep(SshFilterOutcome.End, _mustWait, _ended);
    }
}
