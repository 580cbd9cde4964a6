namespace Sallyport.Fuzz;

/// <summary>The inputs kept in fuzz/corpus/TARGET: one per file.</summary>
internal static class Corpus
{
    /// <summary>All inputs of a target, in the order of their file names.</summary>
    /// <exception cref="DirectoryNotFoundException">There are none.</exception>
    public static IReadOnlyList<byte[]> Load(string target)
    {
        string folder = Path.Combine(Root(), "fuzz", "corpus", target);
        byte[][] inputs = [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        return inputs.Length > 0 ? inputs : throw new DirectoryNotFoundException($"{folder} is empty.");
    }

    private static string Root()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Proxy.sln")))
                return at.FullName;
        }

        throw new DirectoryNotFoundException($"No Proxy.sln above {AppContext.BaseDirectory}.");
    }
}
