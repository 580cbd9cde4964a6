using System.Net;
using Microsoft.AspNetCore.Http;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Admin.Routes;
using Sallyport.Proxy.Audit;
using Xunit;

namespace Sallyport.Proxy.Tests.Admin;

/// <summary>What the pattern of routes makes impossible.</summary>
public sealed class AdminRoutePatternTests
{
    [Fact]
    public async Task Health_is_for_anyone_and_says_what_is_wrong()
    {
        await using AdminRig rig = await AdminRig.StartAsync([new HealthRoutes(() => null, () => "store-unavailable")]);
        Assert.Equal((HttpStatusCode.OK, """{"status":"ok"}"""), await rig.SendAsync(HttpMethod.Get, "/healthz", null));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"status":"store-unavailable"}"""), await rig.SendAsync(HttpMethod.Get, "/readyz", null));
    }

    [Fact]
    public async Task Me_says_who_calls_and_what_they_may()
    {
        await using AdminRig rig = await AdminRig.StartAsync([new HealthRoutes(() => null, () => null)]);
        (HttpStatusCode status, string body) = await rig.SendAsync(HttpMethod.Get, "/v1/me", AdminRig.Token("bob", AdminRole.Auditor));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("\"roles\":[\"auditor\",\"viewer\"]", body, StringComparison.Ordinal);
    }

    [Fact]
    public void A_route_without_a_role_stops_the_start() => Assert.Throws<ArgumentException>(() => Server(map => map.Get("/v1/x", AdminRole.None, () => "")));

    [Fact]
    public void A_handler_that_writes_for_itself_stops_the_start() =>
        Assert.Throws<ArgumentException>(() => Server(map => map.Post("/v1/x", AdminRole.Viewer, (HttpContext context) => context.Response.WriteAsync("done"))));

    [Fact]
    public async Task A_change_that_kept_no_audit_event_is_not_answered()
    {
        await using AdminRig rig = await AdminRig.StartAsync([new Lambda(map => map.Post("/v1/silent", AdminRole.Viewer, () => "done"))]);
        (HttpStatusCode status, string body) = await rig.SendAsync(HttpMethod.Post, "/v1/silent", AdminRig.Token("bob", AdminRole.Viewer));
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Equal("internal-error", AdminRig.Word(body));
    }

    [Fact]
    public async Task What_cannot_be_audited_does_not_happen()
    {
        bool done = false;
        await using AdminRig rig = await AdminRig.StartAsync([new Lambda(map => map.Post("/v1/change", AdminRole.Viewer, (AdminCall call) =>
            call.DoAsync(new AuditEvent("thing.changed", call.Actor), _ => Task.FromResult(done = true))))]);
        rig.Audit.Broken = true;
        (HttpStatusCode status, string body) = await rig.SendAsync(HttpMethod.Post, "/v1/change", AdminRig.Token("bob", AdminRole.Viewer));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "audit-unavailable", false), (status, AdminRig.Word(body), done));

        rig.Audit.Broken = false;
        (status, _) = await rig.SendAsync(HttpMethod.Post, "/v1/change", AdminRig.Token("bob", AdminRole.Viewer));
        Assert.Equal((HttpStatusCode.OK, true), (status, done));
        Assert.Equal("bob", Assert.Single(rig.Audit.Kept).Actor!.Subject);
    }

    [Fact]
    public async Task What_fails_after_it_was_audited_is_audited_as_failed()
    {
        await using AdminRig rig = await AdminRig.StartAsync([new Lambda(map => map.Post("/v1/change", AdminRole.Viewer, (AdminCall call) =>
            call.DoAsync<bool>(new AuditEvent("thing.changed", call.Actor), _ => throw new IOException("no"))))]);
        (HttpStatusCode status, _) = await rig.SendAsync(HttpMethod.Post, "/v1/change", AdminRig.Token("bob", AdminRole.Viewer));
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Equal("failed", Assert.Single(rig.Audit.Noted).Outcome);
    }

    private static void Server(Action<AdminRouteMap> map) => AdminRig.StartAsync([new Lambda(map)]).GetAwaiter().GetResult();

    private sealed class Lambda(Action<AdminRouteMap> map) : IAdminRoutes
    {
        public void Map(AdminRouteMap routes) => map(routes);
    }
}
