using System.Buffers;
using Sallyport.Protocols.Ssh.Sftp;
using Sallyport.Protocols.Ssh.Shell;

namespace Sallyport.Fuzz.Targets;

/// <summary>File protocols between two hostile peers: the first byte says which; then pieces, each a byte (odd: the target's), a uint16 length and so many bytes.</summary>
internal sealed class SshFilesTarget : ITarget
{
    private readonly ArrayBufferWriter<byte> _toTarget = new();
    private readonly ArrayBufferWriter<byte> _toClient = new();

    public string Name => "SshFiles";

    public long MaxAllocation(int inputLength) => (4 << 20) + 512L * inputLength;

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
            return;
        var session = new SshQuiet();
        ISshStreamFilter filter = (input[0] % 5) switch
        {
            0 or 1 => new SftpChannel(session.Context, TimeProvider.System, 0),
            2 => new ScpObserver(session.Context, TimeProvider.System, 0, "/tmp", uploads: true, intoDirectory: true),
            3 => new ScpObserver(session.Context, TimeProvider.System, 0, "/tmp", uploads: false, intoDirectory: false),
            _ => new TransferObserver(session.Context, TimeProvider.System, 0, new FileTransfer(FileTransferKind.Git, Uploads: true), ["/tmp"], 0),
        };
        input = input[1..];
        while (input.Length >= 4)
        {
            int length = Math.Clamp((input[1] << 8) | input[2], 1, input.Length - 3);
            ReadOnlySpan<byte> piece = input.Slice(3, length);
            SshFilterStep step = (input[0] & 1) != 0
                ? filter.FromTarget(piece, _toClient, out bool unchanged)
                : filter.FromClient(piece, _toTarget, _toClient, out unchanged);
            OracleException.Require(step.Outcome != SshFilterOutcome.Hold, "a hold that nobody asked for");
            OracleException.Require(_toTarget.WrittenCount + _toClient.WrittenCount <= (1 << 20) + 64 * length, "an answer out of all proportion");
            _toTarget.ResetWrittenCount();
            _toClient.ResetWrittenCount();
            input = input[(3 + length)..];
            if (step.Outcome == SshFilterOutcome.End)
                break;
        }

        filter.Finish();
    }
}
