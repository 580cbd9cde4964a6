using Sallyport.Protocols.Ssh.Terminal;

namespace Sallyport.Fuzz.Targets;

/// <summary>A terminal's output (and, behind each zero byte, keys and sizes) through the screen model and the detector of commands.</summary>
internal sealed class SshTerminalTarget : ITarget
{
    public string Name => "SshTerminal";

    public long MaxAllocation(int inputLength) => (8 << 20) + 2048L * inputLength;

    public void Run(ReadOnlySpan<byte> input)
    {
        var detector = new CommandDetector(80, 24);
        while (!input.IsEmpty)
        {
            int end = input.IndexOf((byte)0);
            ReadOnlySpan<byte> shown = end < 0 ? input : input[..end];
            detector.FromTarget(shown);
            input = end < 0 ? [] : input[(end + 1)..];
            if (input.Length >= 2 && input[0] < 8)
                detector.Resize(1 + input[0], 1 + input[1] % 50);
            else if (!input.IsEmpty)
                detector.FromClient(input[..1]);
            while (detector.TryTake(out string command))
                OracleException.Require(command.Length <= 64 << 10, "a command out of all proportion");
        }
    }
}
