using System.Text.Unicode;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>
/// Finds the commands that a shell would run when it is given a text, as the common part of dash, bash, ksh and zsh reads it (POSIX.1-2024, XCU 2).
/// Every command counts, whichever way conditions and loops go; programs that run others (sudo, env, xargs, sh -c) are seen through, and
/// both count. What is not known before it runs, or what these shells read differently, makes the action Unparsed; effects found until then are kept.
/// Arguments are as the command would get them, but for patterns (<c>*</c>) and <c>~</c> outside quotes, which stay as written. Not thread-safe: one per
/// loop. Scanning never throws and, once its buffers have grown, allocates nothing.
/// </summary>
internal sealed class ShellScanner
{
    /// <summary>Enough for a command of the longest kind, and for what is kept aside while texts in texts are read.</summary>
    private const int MostWordBytes = 512 << 10;

    private readonly ShellWords _words = new(MostWordBytes);
    private readonly ShellEffects _effects = new();
    private readonly ShellParser _parser;
    private readonly ShellTransfers _transfers;

    public ShellScanner()
    {
        _parser = new ShellParser(_words, _effects);
        _transfers = new ShellTransfers(_words, _effects);
    }

    /// <summary>Command, or FileAccess when it is a known transfer of files and nothing else.</summary>
    public ActionKind Kind { get; private set; } = ActionKind.Command;

    /// <summary>Exec; Subsystem for the sftp server by its path; of a transfer, what it does to its paths.</summary>
    public Verb Verb { get; private set; } = Verb.Exec;

    public ActionFlags Flags => _effects.Flags;

    /// <summary>The names that <see cref="Objects"/> point into, until the next scan.</summary>
    public ReadOnlySpan<byte> Names => _effects.Names;

    /// <summary>The commands that run (Exec), the files they are redirected to or from, the variables that are set (Env).</summary>
    public ReadOnlySpan<ObjectRef> Objects => _effects.Objects;

    /// <summary>The transfer that it is; null when it is another command.</summary>
    public FileTransfer? Transfer { get; private set; }

    /// <summary>The last text as an action.</summary>
    /// <param name="text">The text that was scanned.</param>
    public ActionView View(ReadOnlySpan<byte> text) => new()
    {
        Kind = Kind,
        Verb = Verb,
        Flags = Flags,
        Text = text,
        Names = Names,
        Objects = Objects,
    };

    /// <summary>Scans <paramref name="command"/>; what was known of the text before it is forgotten.</summary>
    public void Scan(ReadOnlySpan<byte> command)
    {
        Kind = ActionKind.Command;
        Verb = Verb.Exec;
        Transfer = null;
        _words.Clear();
        _effects.Clear();
        _parser.Clear();
        // Some servers start a shell when they are asked for an empty command.
        if (command.IsEmpty || !IsReadable(command))
        {
            _effects.Fail();
            return;
        }

        _parser.Program(command);
        if (!_transfers.TryRecognise(_parser.WordFlags, out FileTransfer? transfer))
            return;
        Transfer = transfer;
        Verb = _effects.Objects[0].Verb;
        if (transfer is not null)
            Kind = ActionKind.FileAccess;
    }

    /// <summary>Bytes that shells read as one or another thing: NUL ends a text, and other encodings hide ASCII in their trail bytes.</summary>
    private static bool IsReadable(ReadOnlySpan<byte> text)
    {
        foreach (byte c in text)
        {
            if ((c < ' ' && c is not ((byte)'\t' or (byte)'\n')) || c == 0x7F)
                return false;
        }

        return Utf8.IsValid(text);
    }
}
