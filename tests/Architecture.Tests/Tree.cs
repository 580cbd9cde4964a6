using System.Xml.Linq;

namespace Sallyport.Architecture.Tests;

/// <summary>The source tree these tests were built from, as files.</summary>
internal static class Tree
{
    private static readonly string[] NotOurs = [".git", "bin", "obj", "artifacts", "TestResults", "BenchmarkDotNet.Artifacts", ".vs"];

    /// <summary>The folder of Proxy.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every file of the project, relative to <see cref="Root"/>, with forward slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. Walk(Root).Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    /// <summary>Every C# source.</summary>
    public static IEnumerable<string> Sources => Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal));

    /// <summary>Every project file.</summary>
    public static IEnumerable<string> Projects => Files.Where(f => f.EndsWith(".csproj", StringComparison.Ordinal));

    /// <summary>The text of a file.</summary>
    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    /// <summary>The lines of a file.</summary>
    public static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Root, file));

    /// <summary>The projects that a project references, relative to <see cref="Root"/> without file name: <c>src/Contract</c>.</summary>
    public static IReadOnlyList<string> References(string project)
    {
        string folder = Path.GetDirectoryName(Path.Combine(Root, project))!;
        return [.. Items(project, "ProjectReference").Select(r => Folder(Path.GetRelativePath(Root, Path.GetFullPath(Path.Combine(folder, r)))))];
    }

    /// <summary>The packages that a project references.</summary>
    public static IReadOnlyList<string> Packages(string project) => Items(project, "PackageReference");

    /// <summary>The folder of a file: <c>src/Contract</c> of <c>src/Contract/Contract.csproj</c>.</summary>
    public static string Folder(string file) => Path.GetDirectoryName(file)!.Replace('\\', '/');

    private static List<string> Items(string project, string element) =>
        [.. XDocument.Load(Path.Combine(Root, project)).Descendants(element).Select(e => (string)e.Attribute("Include")!)];

    private static IEnumerable<string> Walk(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder))
            yield return file;
        foreach (string sub in Directory.EnumerateDirectories(folder))
        {
            if (NotOurs.Contains(Path.GetFileName(sub)))
                continue;
            foreach (string file in Walk(sub))
                yield return file;
        }
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
