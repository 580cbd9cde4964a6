using System.Buffers;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Shell;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>
/// rsync and git: their commands were judged with the paths they name; here it is counted what moves. Single files cannot be told apart, so each path has
/// one line in the manifest, with the bytes of its direction and without a hash; of a push the refs are told besides (<see cref="GitPush"/>). What does not begin as the protocol does is something else, of which nothing would
/// be recorded, and ends.
/// </summary>
internal sealed class TransferObserver : ISshStreamFilter
{
    private readonly FileManifest _manifest;
    private readonly IReadOnlyList<string> _paths;
    private readonly FileTransfer _transfer;
    private readonly long _maxBytes;
    private readonly long _started;
    private readonly GitPush? _push;
    private TransferGreeting _client;
    private TransferGreeting _target;
    private long _fromClient;
    private long _fromTarget;
    private volatile string? _ended;

    /// <param name="maxBytes">Most bytes that may move, all files together; 0: any number.</param>
    public TransferObserver(SessionContext context, TimeProvider time, int channel, FileTransfer transfer, IReadOnlyList<string> paths, long maxBytes)
    {
        _manifest = new FileManifest(context, time, channel, transfer.By);
        _paths = paths;
        _transfer = transfer;
        _maxBytes = maxBytes;
        _started = time.GetTimestamp();
        _push = transfer is { Kind: FileTransferKind.Git, Uploads: true } ? new GitPush(context, (uint)channel, paths.Count > 0 ? paths[0] : "") : null;
    }

    public SshPendingAction? Pending => null;

    public SshFilterStep FromClient(ReadOnlySpan<byte> data, IBufferWriter<byte> toTarget, IBufferWriter<byte> toClient, out bool unchanged)
    {
        SshFilterStep step = Take(data, ref _client, ref _fromClient, _transfer.Uploads, out unchanged);
        return unchanged && _push?.Take(data) == false ? step with { MustWait = true } : step;
    }

    public SshFilterStep Resolve(HoldOutcome outcome, IBufferWriter<byte> toTarget, IBufferWriter<byte> toClient) => new(SshFilterOutcome.Done);

    public SshFilterStep FromTarget(ReadOnlySpan<byte> data, IBufferWriter<byte> toClient, out bool unchanged) =>
        Take(data, ref _target, ref _fromTarget, !_transfer.Uploads, out unchanged);

    public void Finish()
    {
        _push?.Finish();
        long bytes = Interlocked.Read(ref _transfer.Uploads ? ref _fromClient : ref _fromTarget);
        foreach (string path in _paths)
            _manifest.Counted(path, _transfer.Uploads, bytes, _started, _ended is null ? "complete" : "refused");
    }

    private SshFilterStep Take(ReadOnlySpan<byte> data, ref TransferGreeting greeting, ref long bytes, bool moves, out bool unchanged)
    {
        if (!greeting.TryTake(_transfer.Kind, data))
            _ended ??= $"this is not how {_transfer.By} begins";
        else if (moves && _maxBytes > 0 && Interlocked.Read(ref bytes) + data.Length > _maxBytes)
            _ended ??= $"refused by policy: {_transfer.By} may move at most {_maxBytes} bytes here";
        unchanged = _ended is null;
        if (_ended is { } reason)
            return new SshFilterStep(SshFilterOutcome.End, Reason: reason);
        Interlocked.Add(ref bytes, data.Length);
        return new SshFilterStep(SshFilterOutcome.Done);
    }
}
