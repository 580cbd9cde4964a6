using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Shell;
using Sallyport.Protocols.Ssh.Terminal;
using Sallyport.Protocols.Ssh.Transcript;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// Follows what an interactive session shows: commands that are seen go into the recording, and one that a rule denies ends the session. An aid and not a
/// wall (<see cref="CommandDetector"/>). Both loops use it.
/// </summary>
internal sealed class SshTerminal(SshShared shared, SshChannel channel, uint columns, uint rows)
{
    /// <summary>480 columns and 136 rows, or 1000 and 65.</summary>
    private const int MostCells = 64 << 10;

    private readonly Lock _lock = new();
    private readonly CommandDetector _detector = new(Columns(columns), Rows(columns, rows));
    private readonly ShellScanner _scanner = new();

    /// <summary>Keys, before they are sent on.</summary>
    /// <returns>True when what is typed is not shown: a secret.</returns>
    public bool FromClient(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            bool secret = _detector.IsSecretPrompt;
            _detector.FromClient(data);
            return secret;
        }
    }

    /// <summary>What the client is shown.</summary>
    public void FromTarget(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            _detector.FromTarget(data);
            while (_detector.TryTake(out string command))
                Saw(command);
        }
    }

    public void Resize(uint width, uint height)
    {
        lock (_lock)
            _detector.Resize(Columns(width), Rows(width, height));
    }

    /// <summary>A size of zero says nothing (RFC 4254 6.2): programs take the usual one then.</summary>
    private static int Columns(uint asked) => asked == 0 ? 80 : (int)Math.Min(asked, (uint)TerminalScreen.MaxColumns);

    /// <summary>Not more than fit: a screen that is full is in memory whole, and there may be many.</summary>
    private static int Rows(uint columns, uint asked) => (int)Math.Min(asked == 0 ? 24 : asked, (uint)Math.Min(TerminalScreen.MaxRows, MostCells / Columns(columns)));

    private void Saw(string command)
    {
        shared.Context.Event(SshCommandEvent.Name, new SshCommandEvent(channel.Number, command).ToDetail());
        byte[] text = Encoding.UTF8.GetBytes(command);
        _scanner.Scan(text);
        ReadOnlySpan<ObjectRef> run = _scanner.Objects;
        Span<ObjectRef> seen = run.Length <= 64 ? stackalloc ObjectRef[run.Length] : new ObjectRef[run.Length];
        for (int i = 0; i < run.Length; i++)
            seen[i] = run[i].Verb == Verb.Exec ? run[i] with { Verb = Verb.TerminalCommand } : run[i];
        var action = new ActionView { Kind = ActionKind.Command, Verb = Verb.TerminalCommand, Text = text, Names = _scanner.Names, Objects = seen };
        if (shared.Context.IsDeniedByRule(action, out Verdict verdict))
            shared.End("command-denied", SshRefusal.FromVerdict(verdict, "this command may not be run here, so the session ends"));
    }
}
