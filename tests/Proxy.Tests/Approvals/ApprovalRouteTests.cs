using System.Net;
using System.Text.Json.Nodes;
using Sallyport.Contract;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Tests.Admin;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Approvals;

/// <summary>Approvals over the admin API.</summary>
public sealed class ApprovalRouteTests
{
    private const string Id = "00000000-0000-0000-0000-000000000001";

    public static TheoryData<string, string, string> Routes => new()
    {
        { "GET", "/v1/approvals", "approver" },
        { "GET", "/v1/approvals/watch", "approver" },
        { "GET", $"/v1/approvals/{Id}", "approver" },
        { "POST", $"/v1/approvals/{Id}/approve", "approver" },
        { "POST", $"/v1/approvals/{Id}/deny", "approver" },
        { "POST", $"/v1/approvals/{Id}/review", "approver" },
        { "GET", "/v1/grants", "approver" },
        { "DELETE", $"/v1/grants/{Id}?reason=x", "approver" },
        { "POST", $"/v1/approvals/{Id}/withdraw", "" },
        { "POST", $"/v1/approvals/{Id}/break-glass", "" },
        { "POST", "/v1/break-glass", "" },
        { "POST", "/v1/access", "" },
        { "GET", "/v1/me/approvals", "" },
        { "GET", "/v1/me/grants", "" },
        { "DELETE", $"/v1/me/grants/{Id}", "" },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Nobody_gets_in_without_the_role(string method, string path, string role)
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        await using AdminRig admin = await AdminRig.StartAsync([new ApprovalRoutes(rig.B)]);
        var verb = HttpMethod.Parse(method);
        Assert.Equal(HttpStatusCode.Unauthorized, (await admin.SendAsync(verb, path, null, "{}")).Status);
        if (role.Length == 0)
            return;
        AdminRole[] others = [.. AdminRig.Roles.Where(r => AdminRoles.Name(r) != role)];
        Assert.Equal(HttpStatusCode.Forbidden, (await admin.SendAsync(verb, path, AdminRig.Token("bob", others), "{}")).Status);
        string agent = AdminRig.Signed("bob", "agent", "sallyport-admin", DateTimeOffset.UtcNow, AdminRig.Roles);
        Assert.Contains((await admin.SendAsync(verb, path, agent, "{}")).Status, new[] { HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized });
    }

    [Fact]
    public async Task What_waits_is_listed_shown_and_approved()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Requirements = [new("prod/writes", 1, ["approvers"], ["oncall"])]);
        rig.Time.Now = DateTimeOffset.UtcNow;
        await using AdminRig admin = await AdminRig.StartAsync([new ApprovalRoutes(rig.B)]);
        string bob = AdminRig.Token("bob", AdminRole.Approver);
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));

        (HttpStatusCode status, string list) = await admin.SendAsync(HttpMethod.Get, "/v1/approvals?status=pending", bob);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(waiting.Id.ToString(), (string?)JsonNode.Parse(list)!["items"]![0]!["id"]);
        (status, string shown) = await admin.SendAsync(HttpMethod.Get, $"/v1/approvals/{waiting.Id}", bob);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("DELETE FROM orders", (string?)JsonNode.Parse(shown)!["text"]);

        (status, string own) = await admin.SendAsync(HttpMethod.Post, $"/v1/approvals/{waiting.Id}/approve", AdminRig.Token("alice", AdminRole.Approver), "{}");
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Equal("own-request", AdminRig.Word(own));
        (status, string wrong) = await admin.SendAsync(HttpMethod.Post, $"/v1/approvals/{waiting.Id}/approve", bob, """{"grant":"everything"}""");
        Assert.Equal((HttpStatusCode.BadRequest, "grant-unknown"), (status, AdminRig.Word(wrong)));
        (status, _) = await admin.SendAsync(HttpMethod.Post, $"/v1/approvals/{Guid.NewGuid()}/approve", bob, "{}");
        Assert.Equal(HttpStatusCode.NotFound, status);

        // The audit is away: nothing is decided.
        admin.Audit.Broken = true;
        (status, _) = await admin.SendAsync(HttpMethod.Post, $"/v1/approvals/{waiting.Id}/approve", bob, """{"reason":"fine"}""");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal(ApprovalStatus.Pending, (await rig.RowAsync(waiting.Id)).Status);
        admin.Audit.Broken = false;

        (status, string done) = await admin.SendAsync(HttpMethod.Post, $"/v1/approvals/{waiting.Id}/approve", bob, """{"reason":"fine"}""");
        Assert.True(status == HttpStatusCode.OK, done);
        Assert.True((await waiting.EndAsync()).Approved);
        (status, string again) = await admin.SendAsync(HttpMethod.Post, $"/v1/approvals/{waiting.Id}/approve", bob, "{}");
        Assert.Equal((HttpStatusCode.Conflict, "not-pending"), (status, AdminRig.Word(again)));
    }

    [Fact]
    public async Task Whoever_watches_sees_what_waits_and_what_becomes_of_it()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var seen = new List<string>();
        await foreach (System.Net.ServerSentEvents.SseItem<ApprovalSummary> item in rig.B.Watch.RunAsync(enough.Token))
        {
            Assert.Equal(waiting.Id, item.Data.Id);
            seen.Add(item.Data.Status);
            if (seen.Count == 1)
                await waiting.WithdrawAsync();
            else
                break;
        }

        Assert.Equal([ApprovalStatus.Pending, ApprovalStatus.Withdrawn], seen);
    }
}
