using System.Net;
using System.Net.Sockets;

namespace Sallyport.Compare;

/// <summary>A temporary folder that servers under other users can walk through, the folder of the repository, and free ports.</summary>
internal sealed class Workspace : IDisposable
{
    private const UnixFileMode WalkThrough =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly string _folder = Directory.CreateTempSubdirectory("spb").FullName;

    public Workspace() => File.SetUnixFileMode(_folder, WalkThrough);

    /// <summary>The folder of Proxy.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The path of something in the folder.</summary>
    public string At(string relative) => Path.Combine(_folder, relative);

    /// <summary>Writes a file in the folder, readable by every user who can walk there.</summary>
    public string Write(string relative, string text)
    {
        string path = At(relative);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A folder in it that servers under other users can write to.</summary>
    public string Scratch(string relative)
    {
        string path = Directory.CreateDirectory(At(relative)).FullName;
        File.SetUnixFileMode(path, WalkThrough | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
        return path;
    }

    /// <summary>A loopback port that nobody listens on.</summary>
    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>A random secret.</summary>
    public static string Secret() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Proxy.sln")))
                return at.FullName;
        }

        throw new DirectoryNotFoundException($"No Proxy.sln above {AppContext.BaseDirectory}.");
    }
}
