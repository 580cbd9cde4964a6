using System.Buffers;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>
/// rsync and git: their commands were judged with the paths they name; here it is counted what moves. Single files cannot be told apart, so each path has
/// one line in the manifest, with the bytes of its direction and without a hash.
/// </summary>
internal sealed class TransferObserver(SessionContext context, TimeProvider time, int channel, string by, IReadOnlyList<string> paths, bool uploads) : ISshStreamFilter
{
    private readonly FileManifest _manifest = new(context, time, channel, by);
    private readonly long _started = time.GetTimestamp();
    private long _fromClient;
    private long _fromTarget;

    public SshPendingAction? Pending => null;

    public SshFilterStep FromClient(ReadOnlySpan<byte> data, IBufferWriter<byte> toTarget, IBufferWriter<byte> toClient, out bool unchanged)
    {
        Interlocked.Add(ref _fromClient, data.Length);
        unchanged = true;
        return new SshFilterStep(SshFilterOutcome.Done);
    }

    public SshFilterStep Resolve(HoldOutcome outcome, IBufferWriter<byte> toTarget, IBufferWriter<byte> toClient) => new(SshFilterOutcome.Done);

    public SshFilterStep FromTarget(ReadOnlySpan<byte> data, IBufferWriter<byte> toClient, out bool unchanged)
    {
        Interlocked.Add(ref _fromTarget, data.Length);
        unchanged = true;
        return new SshFilterStep(SshFilterOutcome.Done);
    }

    public void Finish()
    {
        foreach (string path in paths)
            _manifest.Counted(path, uploads, Interlocked.Read(ref uploads ? ref _fromClient : ref _fromTarget), _started);
    }
}
