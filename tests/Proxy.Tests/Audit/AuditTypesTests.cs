using System.Reflection;
using System.Text.RegularExpressions;
using Sallyport.Proxy.Audit;
using Xunit;

namespace Sallyport.Proxy.Tests.Audit;

public sealed partial class AuditTypesTests
{
    [Fact]
    public void The_document_and_the_code_know_the_same_types()
    {
        string[] code = [.. typeof(AuditTypes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetValue(null)!)];
        string document = File.ReadAllText(Path.Combine(Root(), "docs", "audit-events.md"));
        string[] documented = [.. Row().Matches(document[document.IndexOf("## Types", StringComparison.Ordinal)..]).Select(m => m.Groups[1].Value)];
        Assert.Equal(code.Length, code.Distinct().Count());
        Assert.Equal(code.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Events_are_made_of_known_types_only()
    {
        // "new AuditEvent("some.type"" would not be found in the document.
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(Root(), "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => Literal().IsMatch(File.ReadAllText(f))).Select(Path.GetFileName));
    }

    [Fact]
    public void Every_type_is_written_somewhere()
    {
        string code = string.Concat(Directory.EnumerateFiles(Path.Combine(Root(), "src", "Proxy"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        Assert.Empty(typeof(AuditTypes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(type => !Regex.IsMatch(code, $@"\bAuditTypes\.{type.Name}\b")).Select(type => type.Name));
    }

    [GeneratedRegex(@"^\| `([a-z.-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("new AuditEvent\\(\\s*\\$?\"")]
    private static partial Regex Literal();

    private static string Root()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Proxy.sln")))
            at = at.Parent;
        return at?.FullName ?? throw new DirectoryNotFoundException("no Proxy.sln above the tests");
    }
}
