using System.Text.RegularExpressions;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Configuration;

/// <summary>The keys of docs/operations.md, "Configuration", are those that are read: none more, none fewer.</summary>
public sealed partial class DocumentedKeysTests
{
    private static readonly string[] Readers = ["ConfigReader.cs", "ListenAddress.cs", "Secrets.cs", .. Directory.EnumerateFiles(At("src/Proxy/Configuration"), "*Section.cs").Select(file => Path.GetFileName(file)!)];

    [Fact]
    public void Every_key_that_is_read_is_documented_and_the_other_way_round()
    {
        string[] read = [.. Readers.SelectMany(file => Read().Matches(File.ReadAllText(Path.Combine(At("src/Proxy/Configuration"), file))).Select(key => key.Groups[1].Value)).Distinct()];
        Assert.Equal(read.Order(StringComparer.Ordinal), Documented().Order(StringComparer.Ordinal));
    }

    /// <summary>What stands between backticks in the first column of the table, taken apart at its dots; capitals stand for names of one's own.</summary>
    private static IEnumerable<string> Documented()
    {
        string document = File.ReadAllText(At("docs/operations.md"));
        string section = document[document.IndexOf("## Configuration", StringComparison.Ordinal)..document.IndexOf("## State", StringComparison.Ordinal)];
        IEnumerable<string> cells = section.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('|')[1]);
        return cells.SelectMany(cell => Key().Matches(cell).Select(key => key.Value)).Concat(["file", "env", "credential", "command"]).Distinct();
    }

    private static string At(string path) => Path.Combine(Repository.Root, path);

    /// <summary>A call whose first text is a key: <c>Text("key"</c>, <c>Required(map, "key"</c>.</summary>
    [GeneratedRegex(@"(?<!Contains)\((?:[a-z]\w*, )?""([a-z][a-z0-9-]*)""[,)]")]
    private static partial Regex Read();

    [GeneratedRegex("[a-z][a-z0-9-]*")]
    private static partial Regex Key();
}
