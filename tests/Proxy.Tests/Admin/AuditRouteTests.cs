using System.Net;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Admin;

public sealed class AuditRouteTests
{
    private static readonly string Auditor = AdminRig.Token("audrey", AdminRole.Auditor);

    [Fact]
    public async Task Events_are_found_taken_away_and_proven()
    {
        await using AdminHouse house = await AdminHouse.StartAsync();
        using var files = new TemporaryDirectory();
        using var logs = new Logs();
        await using (AuditStream audit = AuditStream.Open(files["audit.jsonl"], AdminHouse.Node, house.State.Store, alone: true, TimeProvider.System, logs.Log))
        {
            for (int i = 0; i < 5; i++)
                await audit.KeepAsync(new AuditEvent(i % 2 == 0 ? "policy.drafted" : "target.created", new AuditActor($"user-{i}", "i", [])), default);
        }

        await Eventually.TrueAsync(() => house.State.Store.ReadAsync(async (db, cancel) => await db.Audit.CountAsync(cancel) == 5, default));
        JsonNode page = await GetAsync(house, "/v1/audit?type=policy.*&limit=2");
        Assert.Equal(2, page["items"]!.AsArray().Count);
        Assert.Single((await GetAsync(house, $"/v1/audit?type=policy.*&limit=2&after={page["next"]}"))["items"]!.AsArray());
        Assert.Single((await GetAsync(house, "/v1/audit?actor=user-3"))["items"]!.AsArray());
        Assert.Equal("reason-missing", AdminRig.Word((await house.Rig.SendAsync(HttpMethod.Get, "/v1/audit/export", Auditor)).Body));
        Assert.Equal(5, (await house.Rig.SendAsync(HttpMethod.Get, "/v1/audit/export?reason=review", Auditor)).Body.TrimEnd().Split('\n').Length);
        Assert.Equal("review", Assert.Single(house.Rig.Audit.Kept).Reason);
        JsonNode whole = await GetAsync(house, "/v1/audit/verify");
        Assert.Equal((true, 5), ((bool)whole["isWhole"]!, (int)whole["events"]!));

        await house.State.Store.WriteAsync(
            (db, cancel) => db.Audit.Where(row => row.Actor == "user-2").ExecuteUpdateAsync(set => set.SetProperty(row => row.Json, row => row.Json.Replace("user-2", "user-9")), cancel), default);
        JsonNode changed = await GetAsync(house, "/v1/audit/verify");
        Assert.False((bool)changed["isWhole"]!);
        Assert.Contains("was changed", (string?)changed["broken"], StringComparison.Ordinal);
    }

    private static async Task<JsonNode> GetAsync(AdminHouse house, string path)
    {
        (HttpStatusCode status, string body) = await house.Rig.SendAsync(HttpMethod.Get, path, Auditor);
        Assert.True(status == HttpStatusCode.OK, body);
        return JsonNode.Parse(body)!;
    }
}
