namespace Sallyport.Proxy.Tests.Support;

/// <summary>The files that the tests are built from.</summary>
internal static class Repository
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    private static string Find(DirectoryInfo? at)
    {
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Proxy.sln")))
            at = at.Parent;
        return at?.FullName ?? throw new DirectoryNotFoundException("no Proxy.sln above the tests");
    }
}
