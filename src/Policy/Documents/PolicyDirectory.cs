using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>Reads the files of a policy directory.</summary>
internal static class PolicyDirectory
{
    private static readonly string[] Extensions = [".yaml", ".yml"];

    /// <summary>Reads them, sorted by name, and says so if there is nothing. A file that cannot be read is an error: it could be the one that denies.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="stored">What else is loaded together with them.</param>
    /// <param name="bag">Takes the errors.</param>
    public static IReadOnlyList<PolicySource> Read(string directory, IReadOnlyList<StoredDocument> stored, DiagnosticBag bag)
    {
        List<PolicySource> sources = [];
        foreach (string path in Files(directory, bag))
        {
            if (YamlReader.ReadBytes(path, path, bag) is byte[] content)
                sources.Add(new PolicySource(path, content));
        }

        if (sources.Count == 0 && stored.Count == 0 && !bag.HasErrors)
            bag.Warning(new YamlMark(directory, 0, 0), "There are no policy files (*.yaml, *.yml): everything is denied.");
        // Files first: where a file and a stored document have the same id, it is the stored one that can be mended here.
        return [.. sources, .. StoredDocument.Sources(stored, bag)];
    }

    private static List<string> Files(string directory, DiagnosticBag bag)
    {
        List<string> files = [];
        try
        {
            foreach (string path in Directory.EnumerateFiles(directory))
            {
                if (!Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase))
                    continue;
                files.Add(path);
                if (files.Count <= PolicyLimits.Files)
                    continue;
                bag.Error(directory, $"There are more than {PolicyLimits.Files} policy files.");
                return [];
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            bag.Error(directory, $"The policy directory cannot be read: {e.Message}");
        }

        files.Sort(StringComparer.Ordinal);
        return files;
    }
}
