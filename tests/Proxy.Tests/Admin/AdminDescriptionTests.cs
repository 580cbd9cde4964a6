using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sallyport.Proxy.Admin;
using Xunit;

namespace Sallyport.Proxy.Tests.Admin;

/// <summary>What is written of the routes is what the routes are.</summary>
public sealed partial class AdminDescriptionTests : IAsyncLifetime
{
    private AdminHouse _house = null!;

    public async Task InitializeAsync() => _house = await AdminHouse.StartAsync();

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task The_description_has_every_route_with_its_role()
    {
        (HttpStatusCode status, string body) = await _house.Rig.SendAsync(HttpMethod.Get, "/openapi.json", null);
        Assert.Equal(HttpStatusCode.OK, status);
        JsonNode paths = JsonNode.Parse(body)!["paths"]!;
        foreach (AdminRouteInfo route in Routes().Where(route => route.Pattern != AdminDescription.Path))
        {
            JsonNode? operation = paths[Constraint().Replace(route.Pattern, "}")]?[route.Method.ToLowerInvariant()];
            Assert.True(operation is not null, $"{route.Method} {route.Pattern} is not described");
            Assert.Equal((route.Pattern, AdminRoles.Name(route.Role)), (route.Pattern, (string?)operation["x-role"]));
            Assert.False(string.IsNullOrEmpty((string?)operation["summary"]), $"{route.Method} {route.Pattern} has no summary");
        }
    }

    [Fact]
    public void The_documentation_has_every_route_with_its_role()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Root(), "docs/admin-api.md"));
        foreach (AdminRouteInfo route in Routes())
        {
            string row = $"| `{route.Method} {Constraint().Replace(route.Pattern, "}")}` | {AdminRoles.Name(route.Role)} |";
            Assert.True(lines.Any(line => line.StartsWith(row, StringComparison.Ordinal)), $"docs/admin-api.md has no line that begins: {row}");
        }
    }

    private IEnumerable<AdminRouteInfo> Routes() => _house.Rig.Server.Endpoints.Select(endpoint => endpoint.Metadata.OfType<AdminRouteInfo>().Single());

    private static string Root()
    {
        DirectoryInfo at = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "Proxy.sln")))
            at = at.Parent!;
        return at.FullName;
    }

    [GeneratedRegex(@":\w+\}")]
    private static partial Regex Constraint();
}
