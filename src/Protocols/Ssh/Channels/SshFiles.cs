using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Shell;

namespace Sallyport.Protocols.Ssh.Channels;

internal sealed class SshFiles
{
    public bool Speaks { get; init; }

    public static SshFiles? For(SshShared shared, SshChannel channel, string type, byte[] text, ShellScanner scanner, Verdict verdict) => null;

    public ValueTask FromClientAsync(Memory<byte> message, Memory<byte> data, CancellationToken cancel) => default;

    public bool FromTarget(ReadOnlySpan<byte> data, bool isError) => true;

    public ValueTask EofAsync(Memory<byte> message, Func<ValueTask> pass) => pass();

    public void Finish()
    {
    }
}
