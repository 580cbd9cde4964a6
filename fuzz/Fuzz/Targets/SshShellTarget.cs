using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Shell;

namespace Sallyport.Fuzz.Targets;

/// <summary>Commands as an exec carries them.</summary>
internal sealed class SshShellTarget : ITarget
{
    private readonly ShellScanner _scanner = new();

    public string Name => "SshShell";

    public long MaxAllocation(int inputLength) => (4 << 20) + 512L * inputLength;

    public void Run(ReadOnlySpan<byte> input)
    {
        _scanner.Scan(input);
        foreach (ref readonly ObjectRef effect in _scanner.Objects)
        {
            OracleException.Require(effect.Start >= 0 && effect.Length >= 0 && effect.Start + effect.Length <= _scanner.Names.Length, "a name from nowhere");
            OracleException.Require(effect.QualifierLength <= effect.Length, "a qualifier longer than its name");
        }

        ActionView view = _scanner.View(input);
        OracleException.Require(view.Text.SequenceEqual(input), "another text than was scanned");
    }
}
