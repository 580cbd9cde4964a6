namespace Sallyport.Proxy.Cli.Client;

/// <summary>Where the client keeps its files, and how it writes them: for their owner only, whole or not at all.</summary>
internal static class ClientFiles
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerDirectory = OwnerFile | UnixFileMode.UserExecute;

    /// <summary><c>$XDG_CONFIG_HOME/sallyport</c>, else <c>~/.config/sallyport</c>.</summary>
    public static string Directory => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } config ? config : Path.Combine(Home, ".config"), "sallyport");

    public static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);

    /// <summary>Makes a directory that only its owner can look into.</summary>
    public static void Make(string directory) => System.IO.Directory.CreateDirectory(directory, OwnerDirectory);

    /// <summary>Writes a file that only its owner can read, in place of what was there.</summary>
    public static void Write(string path, string text)
    {
        // A link leads where its owner wants the file to be.
        string target = new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        string beside = $"{target}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.new";
        try
        {
            using (var file = new FileStream(beside, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerFile }))
            using (var writer = new StreamWriter(file))
                writer.Write(text);
            File.Move(beside, target, overwrite: true);
        }
        finally
        {
            File.Delete(beside);
        }
    }

    /// <summary>The text of a file; null: it is not there.</summary>
    public static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
