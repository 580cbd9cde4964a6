namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>Programs that speak a protocol of files over a command's streams.</summary>
internal enum FileTransferKind : byte
{
    Scp = 1,
    Rsync,
    Git,
}

/// <summary>A command that moves files and does nothing else.</summary>
/// <param name="Kind">By which protocol.</param>
/// <param name="Uploads">Towards the target.</param>
/// <param name="Recursive">Directories with all that is in them (scp -r).</param>
/// <param name="IntoDirectory">Its path must be a directory (scp -d).</param>
internal readonly record struct FileTransfer(FileTransferKind Kind, bool Uploads, bool Recursive = false, bool IntoDirectory = false)
{
    /// <summary>The word that the manifest has for it.</summary>
    public string By => Kind switch
    {
        FileTransferKind.Scp => "scp",
        FileTransferKind.Rsync => "rsync",
        _ => "git",
    };
}
