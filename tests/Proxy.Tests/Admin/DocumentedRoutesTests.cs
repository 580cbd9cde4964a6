using System.Text.RegularExpressions;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Admin;

/// <summary>Rooms beside the admin API's own bring routes too: all of them stand in docs/admin-api.md, and what stands there is a route.</summary>
public sealed partial class DocumentedRoutesTests
{
    [Fact]
    public void The_table_has_the_routes_of_every_room()
    {
        string code = string.Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "src/Proxy"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        string[] routes = [.. Mapped().Matches(code).Select(route => Constraint().Replace(route.Groups[1].Value, "}")).Distinct()];
        string[] documented = [.. Row().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs/admin-api.md"))).Select(row => row.Groups[1].Value).Distinct()];
        Assert.Equal(routes.Order(StringComparer.Ordinal), documented.Where(path => path.StartsWith("/v1/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"\bmap\.[A-Z]\w*\(\s*""(/v1/[^""]+)""")]
    private static partial Regex Mapped();

    [GeneratedRegex(@":\w+\}")]
    private static partial Regex Constraint();

    [GeneratedRegex(@"^\| `[A-Z]+ (/[^` ]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
