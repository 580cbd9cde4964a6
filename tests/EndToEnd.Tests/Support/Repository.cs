namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>Where things are in the tree these tests were built from.</summary>
public static class Repository
{
    /// <summary>The folder of Proxy.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A script of eng/.</summary>
    public static string Script(string name) => Path.Combine(Root, "eng", name);

    /// <summary>The built executable of a project this one references: the SDK copies it beside the tests.</summary>
    /// <exception cref="FileNotFoundException">It was not built.</exception>
    public static string Tool(string name)
    {
        string path = Path.Combine(AppContext.BaseDirectory, name);
        return File.Exists(path) ? path : throw new FileNotFoundException("Not built: " + path, path);
    }

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
