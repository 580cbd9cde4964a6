using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>What a request asks for.</summary>
internal enum SftpOperationKind : byte
{
    /// <summary>The packet is not what its type says.</summary>
    Malformed,

    /// <summary>Not known here: answered with SSH_FX_OP_UNSUPPORTED.</summary>
    Unsupported,

    /// <summary>Names no file: nothing to judge.</summary>
    Free,

    /// <summary>Its paths are judged.</summary>
    Paths,

    /// <summary>Its open handle was judged.</summary>
    Handle,

    /// <summary>Its open handle's path is judged again, for another verb.</summary>
    HandlePath,

    /// <summary>copy-data: two open handles.</summary>
    Copy,
}

/// <summary>A request, taken apart.</summary>
internal ref struct SftpOperation
{
    public SftpOperationKind Kind;
    public Verb Verb;

    /// <summary>What a person is shown of it.</summary>
    public string Name;
    public SftpOpenFlags Open;
    public ReadOnlySpan<byte> Handle;
    public ReadOnlySpan<byte> Second;

    /// <summary>copy-data's end in its target; -1 when it is not known.</summary>
    public long CopyEnd;
    public long ReadOffset;
    public uint ReadLength;

    /// <summary>Bytes of the body between the id and the first path.</summary>
    public int Prefix;

    /// <summary>How many paths stand behind them; 0: none that could be replaced.</summary>
    public int PathCount;

    /// <summary>What follows the paths.</summary>
    public ReadOnlySpan<byte> Rest;

    /// <summary>Its paths cannot be judged: refused.</summary>
    public bool Unclear;
}

/// <summary>Takes requests apart (draft-ietf-secsh-filexfer-02, section 6; OpenSSH PROTOCOL, section 4).</summary>
internal static class SftpOperations
{
    /// <param name="body">The packet behind its id.</param>
    /// <param name="paths">Gets its paths.</param>
    public static SftpOperation Read(byte type, ReadOnlySpan<byte> body, SftpPaths paths)
    {
        paths.Clear();
        var reader = new SftpReader(body);
        var op = new SftpOperation { Kind = SftpOperationKind.Paths, Name = "", PathCount = 1, CopyEnd = -1 };
        switch (type)
        {
            case SftpType.Open:
                Open(ref reader, ref op, paths);
                break;
            case SftpType.Close:
                Handle(ref reader, ref op, SftpOperationKind.Handle, default, "close");
                break;
            case SftpType.Read:
                Handle(ref reader, ref op, SftpOperationKind.Handle, default, "read");
                op.ReadOffset = (long)reader.UInt64();
                op.ReadLength = reader.UInt32();
                break;
            case SftpType.FStat:
            case SftpType.ReadDir:
                Handle(ref reader, ref op, SftpOperationKind.Handle, default, "fstat");
                break;
            case SftpType.FSetStat:
                Handle(ref reader, ref op, SftpOperationKind.HandlePath, Verb.FileSetStat, "fsetstat");
                break;
            case SftpType.LStat:
                Path(ref reader, ref op, paths, Verb.FileStat, "lstat");
                break;
            case SftpType.Stat:
                Path(ref reader, ref op, paths, Verb.FileStat, "stat");
                break;
            case SftpType.RealPath:
                RealPath(ref reader, ref op, paths);
                break;
            case SftpType.ReadLink:
                Path(ref reader, ref op, paths, Verb.FileStat, "readlink");
                break;
            case SftpType.SetStat:
                Path(ref reader, ref op, paths, Verb.FileSetStat, "setstat");
                break;
            case SftpType.OpenDir:
                Path(ref reader, ref op, paths, Verb.FileList, "opendir");
                break;
            case SftpType.Remove:
                Path(ref reader, ref op, paths, Verb.FileRemove, "remove");
                break;
            case SftpType.MkDir:
                Path(ref reader, ref op, paths, Verb.DirectoryMake, "mkdir");
                break;
            case SftpType.RmDir:
                Path(ref reader, ref op, paths, Verb.DirectoryRemove, "rmdir");
                break;
            case SftpType.Rename:
                TwoPaths(ref reader, ref op, paths, Verb.FileRename, "rename");
                break;
            case SftpType.SymLink:
                SymLink(ref reader, ref op, paths);
                break;
            case SftpType.Extended:
                Extended(ref reader, ref op, paths);
                break;
            default:
                op.Kind = SftpOperationKind.Unsupported;
                break;
        }

        op.Rest = reader.Rest;
        // Only attributes, and extensions with fields of their own, go on behind what is read here.
        bool ends = type is not (SftpType.Open or SftpType.SetStat or SftpType.FSetStat or SftpType.MkDir or SftpType.Extended) && op.Kind != SftpOperationKind.Unsupported;
        if (reader.Failed || (ends && !reader.Rest.IsEmpty))
            op.Kind = SftpOperationKind.Malformed;
        return op;
    }

    private static void Open(ref SftpReader reader, ref SftpOperation op, SftpPaths paths)
    {
        ReadOnlySpan<byte> path = reader.String(SftpLimits.Path);
        op.Rest = reader.Rest;
        // The flags follow the path, and stay with what is sent on behind it.
        var flags = new SftpReader(reader.Rest);
        op.Open = (SftpOpenFlags)flags.UInt32();
        if (flags.Failed)
        {
            op.Kind = SftpOperationKind.Malformed;
            return;
        }

        bool writes = (op.Open & SftpOpenFlags.Writes) != 0, reads = (op.Open & SftpOpenFlags.Read) != 0 || !writes;
        const SftpOpenFlags fresh = SftpOpenFlags.Create | SftpOpenFlags.Exclusive;
        op.Verb = writes ? Verb.FileWrite : Verb.FileRead;
        op.Name = writes ? reads ? "open for reading and writing" : "open for writing" : "open for reading";
        Unclear(ref op, path);
        if (writes)
            paths.Add(Verb.FileWrite, path, (op.Open & fresh) == fresh ? ObjectFlags.KeepsContent : ObjectFlags.None);
        if (reads)
            paths.Add(Verb.FileRead, path);
    }

    private static void Handle(ref SftpReader reader, ref SftpOperation op, SftpOperationKind kind, Verb verb, string name)
    {
        (op.Kind, op.Verb, op.Name, op.PathCount) = (kind, verb, name, 0);
        op.Handle = reader.String(SftpLimits.Handle);
    }

    private static void Path(ref SftpReader reader, ref SftpOperation op, SftpPaths paths, Verb verb, string name)
    {
        ReadOnlySpan<byte> path = reader.String(SftpLimits.Path);
        (op.Verb, op.Name) = (verb, name);
        Unclear(ref op, path);
        paths.Add(verb, path);
    }

    /// <summary>The first thing that clients ask is where they are: the answer names the home directory, whatever files they may see.</summary>
    private static void RealPath(ref SftpReader reader, ref SftpOperation op, SftpPaths paths)
    {
        SftpReader ahead = reader;
        if (ahead.String(SftpLimits.Path) is [] or [(byte)'.'])
            op.Kind = SftpOperationKind.Free;
        Path(ref reader, ref op, paths, Verb.FileStat, "realpath");
    }

    private static void TwoPaths(ref SftpReader reader, ref SftpOperation op, SftpPaths paths, Verb verb, string name)
    {
        Path(ref reader, ref op, paths, verb, name);
        Path(ref reader, ref op, paths, verb, name);
        op.PathCount = 2;
    }

    /// <summary>
    /// The draft has the link first, OpenSSH its text (PROTOCOL 4.1), and both sides may be either: each path is judged as each. A text may start at the
    /// link's own directory, and is sent on as it is.
    /// </summary>
    private static void SymLink(ref SftpReader reader, ref SftpOperation op, SftpPaths paths)
    {
        ReadOnlySpan<byte> first = reader.String(SftpLimits.Path), second = reader.String(SftpLimits.Path);
        (op.Verb, op.Name, op.PathCount) = (Verb.FileLink, "symlink", 0);
        Unclear(ref op, first);
        Unclear(ref op, second);
        paths.Add(Verb.FileLink, first);
        paths.Add(Verb.FileLink, second);
        if (!first.StartsWith("/"u8))
            paths.Add(Verb.FileLink, first, Parent(paths[1]).ToArray());
        if (!second.StartsWith("/"u8))
            paths.Add(Verb.FileLink, second, Parent(paths[0]).ToArray());
        op.Unclear |= HasParent(second) || (HasParent(first) && first.StartsWith("/"u8));
    }

    private static void Extended(ref SftpReader reader, ref SftpOperation op, SftpPaths paths)
    {
        ReadOnlySpan<byte> name = reader.String(256);
        op.Prefix = 4 + name.Length;
        if (name.SequenceEqual("posix-rename@openssh.com"u8))
            TwoPaths(ref reader, ref op, paths, Verb.FileRename, "rename");
        else if (name.SequenceEqual("hardlink@openssh.com"u8))
            TwoPaths(ref reader, ref op, paths, Verb.FileLink, "hardlink");
        else if (name.SequenceEqual("statvfs@openssh.com"u8))
            Path(ref reader, ref op, paths, Verb.FileStat, "statvfs");
        else if (name.SequenceEqual("lsetstat@openssh.com"u8))
            Path(ref reader, ref op, paths, Verb.FileSetStat, "lsetstat");
        else if (name.SequenceEqual("expand-path@openssh.com"u8))
            ExpandPath(ref reader, ref op, paths);
        else if (name.SequenceEqual("home-directory"u8))
            HomeDirectory(ref reader, ref op, paths);
        else if (name.SequenceEqual("fstatvfs@openssh.com"u8) || name.SequenceEqual("fsync@openssh.com"u8))
            Handle(ref reader, ref op, SftpOperationKind.Handle, default, "fsync");
        else if (name.SequenceEqual("copy-data"u8))
            CopyData(ref reader, ref op);
        else if (name.SequenceEqual("limits@openssh.com"u8) || name.SequenceEqual("users-groups-by-id@openssh.com"u8))
            op.Kind = SftpOperationKind.Free;
        else
            op.Kind = SftpOperationKind.Unsupported;
    }

    /// <summary><c>~</c> and <c>~/…</c> are the home directory; another's stays a name.</summary>
    private static void ExpandPath(ref SftpReader reader, ref SftpOperation op, SftpPaths paths)
    {
        ReadOnlySpan<byte> path = reader.String(SftpLimits.Path);
        (op.Verb, op.Name, op.PathCount) = (Verb.FileStat, "expand-path", 0);
        op.Unclear = HasParent(path);
        Unclear(ref op, path);
        if (path.SequenceEqual("~"u8))
            paths.Add(Verb.FileStat, default);
        else if (path.StartsWith("~/"u8))
            paths.Add(Verb.FileStat, path[2..]);
        else if (path.StartsWith("~"u8))
            paths.AddName(Verb.FileStat, path);
        else
            paths.Add(Verb.FileStat, path);
    }

    private static void HomeDirectory(ref SftpReader reader, ref SftpOperation op, SftpPaths paths)
    {
        ReadOnlySpan<byte> user = reader.String(256);
        (op.Verb, op.Name, op.PathCount) = (Verb.FileStat, "home-directory", 0);
        Unclear(ref op, user);
        if (user.IsEmpty)
            paths.Add(Verb.FileStat, default);
        else
            paths.AddName(Verb.FileStat, [(byte)'~', .. user]);
    }

    private static void CopyData(ref SftpReader reader, ref SftpOperation op)
    {
        Handle(ref reader, ref op, SftpOperationKind.Copy, default, "copy-data");
        _ = reader.UInt64();
        ulong length = reader.UInt64();
        op.Second = reader.String(SftpLimits.Handle);
        ulong offset = reader.UInt64();
        if (length != 0 && length <= long.MaxValue && offset <= long.MaxValue - length)
            op.CopyEnd = (long)(offset + length);
    }

    private static ReadOnlySpan<byte> Parent(ReadOnlySpan<byte> path) => path[..Math.Max(0, path.LastIndexOf((byte)'/'))];

    private static bool HasParent(ReadOnlySpan<byte> path)
    {
        foreach (Range part in path.Split((byte)'/'))
        {
            if (path[part].SequenceEqual(".."u8))
                return true;
        }

        return false;
    }

    /// <summary>A zero ends the path that the target opens, and names that are not UTF-8 are nothing a rule can be written for.</summary>
    private static void Unclear(ref SftpOperation op, ReadOnlySpan<byte> path) =>
        op.Unclear |= path.Contains((byte)0) || !System.Text.Unicode.Utf8.IsValid(path);
}
