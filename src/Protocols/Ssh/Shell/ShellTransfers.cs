using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>
/// Recognises the commands that scp, rsync, git and old sftp clients send. An option that is not known to change nothing but how files are moved makes
/// it a command as any other.
/// </summary>
internal sealed class ShellTransfers(ShellWords words, ShellEffects effects)
{
    private static readonly string[] RsyncOptions =
    [
        "--delete", "--delete-before", "--delete-during", "--delete-delay", "--delete-after", "--delete-excluded", "--delete-missing-args", "--ignore-missing-args", "--force",
        "--ignore-errors", "--partial", "--inplace", "--append", "--append-verify", "--numeric-ids", "--size-only", "--ignore-existing", "--existing", "--new-compress", "--old-compress",
        "--no-implied-dirs", "--no-relative", "--no-r", "--no-whole-file", "--no-W", "--no-inc-recursive", "--no-i-r", "--fake-super", "--super", "--specials", "--devices", "--safe-links",
        "--copy-unsafe-links", "--munge-links", "--mkpath", "--open-noatime", "--msgs2stderr", "--no-msgs2stderr", "--list-only", "--preallocate", "--fsync", "--stats", "--fuzzy", "--crtimes",
    ];

    private static readonly string[] RsyncValues =
    [
        "--max-delete=", "--timeout=", "--bwlimit=", "--modify-window=", "--log-format=", "--out-format=", "--compress-level=", "--compress-choice=", "--zc=", "--zl=", "--checksum-choice=",
        "--cc=", "--checksum-seed=", "--info=", "--debug=", "--block-size=", "--max-size=", "--min-size=", "--max-alloc=", "--usermap=", "--groupmap=", "--iconv=", "--stderr=", "--skip-compress=",
    ];

    private int _program;
    private int _end;

    /// <summary>Whether the one command that was found is one of these. Its effects are then those on files.</summary>
    /// <param name="flags">What is known of its words.</param>
    /// <param name="transfer">Null with true: it is the sftp subsystem by another name.</param>
    public bool TryRecognise(ShellWordFlags flags, out FileTransfer? transfer)
    {
        transfer = null;
        if (effects.Flags != ActionFlags.None || effects.Count != 1 || effects.Objects[0].Verb != Verb.Exec || (flags & ~(ShellWordFlags.Quoted | ShellWordFlags.Glob | ShellWordFlags.Tilde)) != 0)
            return false;
        Split(effects.Names);
        bool tilde = (flags & ShellWordFlags.Tilde) != 0, glob = (flags & ShellWordFlags.Glob) != 0;
        ReadOnlySpan<byte> program = words.Text(_program);
        if (IsSftpServer(program) && _end == _program + 1 && flags == ShellWordFlags.None)
        {
            effects.Forget();
            effects.Add(Verb.Subsystem, "sftp"u8);
            return true;
        }

        if (program.SequenceEqual("scp"u8))
            transfer = Scp(tilde, glob);
        else if (program.SequenceEqual("rsync"u8))
            transfer = Rsync(tilde, glob);
        else if (!glob)
            transfer = Git(program);
        return transfer is not null;
    }

    /// <summary>Takes the one effect's name apart again: it is about to be overwritten.</summary>
    private void Split(ReadOnlySpan<byte> name)
    {
        words.Clear();
        _program = 0;
        while (true)
        {
            int zero = name.IndexOf((byte)0), start = words.Used;
            words.Append(zero < 0 ? name : name[..zero]);
            words.Add(start, ShellWordFlags.None);
            if (zero < 0)
                break;
            name = name[(zero + 1)..];
        }

        _end = words.Count;
    }

    private static bool IsSftpServer(ReadOnlySpan<byte> program) =>
        program.SequenceEqual("/usr/lib/openssh/sftp-server"u8) || program.SequenceEqual("/usr/libexec/openssh/sftp-server"u8) || program.SequenceEqual("/usr/libexec/sftp-server"u8)
        || program.SequenceEqual("/usr/lib/ssh/sftp-server"u8) || program.SequenceEqual("/usr/lib/sftp-server"u8) || program.SequenceEqual("sftp-server"u8);

    /// <summary><c>scp -t|-f [-r] [-p] [-d] [-v] [-q] [--] path</c></summary>
    private FileTransfer? Scp(bool tilde, bool glob)
    {
        bool to = false, from = false, recursive = false, directory = false;
        int at = _program + 1;
        for (; at < _end && words.Text(at) is { Length: > 1 } option && option[0] == '-'; at++)
        {
            if (option.SequenceEqual("--"u8))
            {
                at++;
                break;
            }

            if (option[1..].IndexOfAnyExcept("tfrpdvq"u8) >= 0)
                return null;
            to |= option.Contains((byte)'t');
            from |= option.Contains((byte)'f');
            recursive |= option.Contains((byte)'r');
            directory |= option.Contains((byte)'d');
        }

        // Several sources are asked for one by one; a pattern is seen file by file as its directory is known.
        if (to == from || at != _end - 1 || (glob && (to || words.Text(at)[..(words.Text(at).LastIndexOf((byte)'/') + 1)].IndexOfAny("*?["u8) >= 0)))
            return null;
        return Paths(at, to ? Verb.FileWrite : Verb.FileRead, tilde) ? new FileTransfer(FileTransferKind.Scp, to, recursive, directory) : null;
    }

    /// <summary>
    /// <c>rsync --server [--sender] options . path…</c>. Which files move only the peers know: what it reads recursively, and whatever it writes, is the directory with
    /// all that is below it. Links that it writes may lead anywhere, unless it drops those that lead out.
    /// </summary>
    private FileTransfer? Rsync(bool tilde, bool glob)
    {
        int at = _program + 1;
        if (at >= _end || !words.Text(at).SequenceEqual("--server"u8))
            return null;
        bool sender = ++at < _end && words.Text(at).SequenceEqual("--sender"u8), deletes = false, recursive = false, links = false, tamesLinks = false;
        for (at += sender ? 1 : 0; at < _end && words.Text(at) is { Length: > 1 } option && option[0] == '-'; at++)
        {
            bool known = option[1] == '-' ? IsKnownRsync(option) : AreKnownRsync(option[1..]);
            if (!known)
                return null;
            deletes |= option.StartsWith("--delete"u8);
            tamesLinks |= option.SequenceEqual("--safe-links"u8) || option.SequenceEqual("--munge-links"u8);
            recursive |= Has(option, 'r') || Has(option, 'd');
            links |= Has(option, 'l');
        }

        if (at >= _end - 1 || !words.Text(at).SequenceEqual("."u8) || (!sender && at != _end - 2) || (deletes && sender && at != _end - 2))
            return null;
        // A pattern stands for names in its directory, which are not known.
        if (glob && !sender)
            return null;
        if (!Paths(at + 1, sender ? Verb.FileRead : Verb.FileWrite, tilde, recursive || !sender ? ObjectFlags.Below : ObjectFlags.None, glob))
            return null;
        if (deletes && !sender)
            ShellPaths.AddFromHome(effects, Verb.FileRemove, words.Text(at + 1), ObjectFlags.Below);
        if (links && !sender)
            ShellPaths.AddFromHome(effects, Verb.FileLink, tamesLinks ? words.Text(at + 1) : "/"u8, ObjectFlags.Below);
        return new FileTransfer(FileTransferKind.Rsync, !sender, Recursive: true);
    }

    /// <summary>Whether letters of rsync's have this one; behind <c>e</c> stands something else.</summary>
    private static bool Has(ReadOnlySpan<byte> option, char letter)
    {
        int e = option.IndexOf((byte)'e');
        return option[1] != '-' && (e < 0 ? option : option[..e]).Contains((byte)letter);
    }

    private static bool IsKnownRsync(ReadOnlySpan<byte> option)
    {
        foreach (string known in RsyncOptions)
        {
            if (System.Text.Ascii.Equals(option, known))
                return true;
        }

        foreach (string known in RsyncValues)
        {
            if (option.Length > known.Length && System.Text.Ascii.Equals(option[..known.Length], known))
                return true;
        }

        return false;
    }

    /// <summary>The letters of one word; behind <c>e</c> stands what the client can do, as <c>.iLsfxCIvu</c>.</summary>
    private static bool AreKnownRsync(ReadOnlySpan<byte> letters)
    {
        int e = letters.IndexOf((byte)'e');
        if (e >= 0)
        {
            ReadOnlySpan<byte> can = letters[(e + 1)..];
            if (can.IsEmpty || !(can[0] == '.' || char.IsAsciiDigit((char)can[0])) || can.IndexOfAnyExcept("0123456789.iLsfxCIvuRbdDnpqlgoEXHAa"u8) >= 0)
                return false;
            letters = letters[..e];
        }

        return letters.IndexOfAnyExcept("vlogDtprznuqcahiHAXEWxOJNSRmdCyUILk"u8) < 0;
    }

    private FileTransfer? Git(ReadOnlySpan<byte> program)
    {
        int at = _program + 1;
        if (program.SequenceEqual("git"u8) && at < _end)
            program = words.Text(at++);
        else if (program.StartsWith("git-"u8))
            program = program[4..];
        else
            return null;
        bool push = program.SequenceEqual("receive-pack"u8);
        if (!push && !program.SequenceEqual("upload-pack"u8) && !program.SequenceEqual("upload-archive"u8))
            return null;
        // git itself knows "~/", quoted or not; an option is none of these.
        if (at != _end - 1 || words.Text(at) is { IsEmpty: false } path && path[0] == '-')
            return null;
        return Paths(at, push ? Verb.FileWrite : Verb.FileRead, tilde: true) ? new FileTransfer(FileTransferKind.Git, push) : null;
    }

    /// <summary>Replaces the effect by one on each path; false, and the effect stays, when a path is not known.</summary>
    private bool Paths(int from, Verb verb, bool tilde, ObjectFlags flags = ObjectFlags.None, bool glob = false)
    {
        for (int i = from; i < _end; i++)
        {
            ReadOnlySpan<byte> path = words.Text(i);
            if (path.IsEmpty || (path[0] == '~' && (!tilde || (path.Length > 1 && path[1] != '/'))) || HasParent(path))
                return false;
        }

        effects.Forget();
        for (int i = from; i < _end; i++)
        {
            ReadOnlySpan<byte> path = words.Text(i);
            int pattern = glob ? path.IndexOfAny("*?["u8) : -1;
            if (pattern < 0)
                ShellPaths.AddFromHome(effects, verb, path, flags);
            else
                ShellPaths.AddFromHome(effects, verb, path[..(path[..pattern].LastIndexOf((byte)'/') + 1)], ObjectFlags.Below);
        }

        return true;
    }

    private static bool HasParent(ReadOnlySpan<byte> path)
    {
        foreach (Range part in path.Split((byte)'/'))
        {
            if (path[part].SequenceEqual(".."u8))
                return true;
        }

        return false;
    }
}
