namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>
/// A folder of its own under the system's temporary one, removed at the end. Other users may walk through it but not list it:
/// the database server runs as one of them. Its path is short, because Unix socket paths end at 107 bytes.
/// </summary>
public sealed class TempFolder : IDisposable
{
    private const UnixFileMode WalkThrough =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public TempFolder()
    {
        FullName = Directory.CreateTempSubdirectory("sp").FullName;
        File.SetUnixFileMode(FullName, WalkThrough);
    }

    /// <summary>Its path.</summary>
    public string FullName { get; }

    /// <summary>The path of something in it.</summary>
    public string At(string relative) => Path.Combine(FullName, relative);

    /// <summary>Writes a file in it (and the folders on the way) that only its owner can read, and returns its path.</summary>
    public string Write(string relative, string text)
    {
        string path = At(relative);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    public void Dispose()
    {
        if (Directory.Exists(FullName))
            Directory.Delete(FullName, recursive: true);
    }
}
