using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Shell;

internal sealed class ShellScanner
{
    public ReadOnlySpan<byte> Names => default;

    public ReadOnlySpan<ObjectRef> Objects => default;

    public void Scan(ReadOnlySpan<byte> command)
    {
    }

    public ActionView View(ReadOnlySpan<byte> text) => new() { Kind = ActionKind.Command, Verb = Verb.Exec, Text = text };
}
