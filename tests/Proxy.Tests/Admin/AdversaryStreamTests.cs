using System.Net;
using Microsoft.AspNetCore.Http;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store;
using Xunit;

namespace Sallyport.Proxy.Tests.Admin;

/// <summary>A live view whose listener can no longer be looked up ends: nobody would look again.</summary>
public sealed class AdversaryStreamTests
{
    [Fact]
    public async Task A_stream_ends_when_the_store_that_knows_its_session_is_away()
    {
        var sessions = new GoneSessions();
        await using AdminRig rig = await AdminRig.StartAsync([new EndlessRoute()], sessions, time: new QuickTime());
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/endless");
        request.Headers.TryAddWithoutValidation("Cookie", AdminAuthentication.Cookie + "=any");
        using HttpResponseMessage response = await rig.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        sessions.Gone = true;
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using Stream body = await response.Content.ReadAsStreamAsync(late.Token);
        Exception cut = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            byte[] buffer = new byte[256];
            while (await body.ReadAsync(buffer, late.Token) > 0)
                Assert.False(late.IsCancellationRequested);
            throw new EndOfStreamException();
        });
        Assert.IsNotAssignableFrom<OperationCanceledException>(cut);
    }

    private sealed class GoneSessions : IAdminSessions
    {
        private volatile bool _gone;

        public bool Gone
        {
            get => _gone;
            set => _gone = value;
        }

        public ValueTask<AdminSession?> FindAsync(string cookie, CancellationToken cancel) =>
            Gone ? throw new StoreUnavailableException("away") : new(new AdminSession(AdminRig.Token("alice", AdminRig.Roles), "csrf"));
    }

    private sealed class EndlessRoute : IAdminRoutes
    {
        public void Map(AdminRouteMap map) => map.Sse("/v1/endless", AdminRole.Viewer, async (AdminCall call, HttpContext http) =>
        {
            await call.KeepAsync(new AuditEvent("session.followed", call.Actor));
            await http.Response.WriteAsync(": here\n\n", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
            return TypedResults.Empty;
        }).Says("Never ends.");
    }

    /// <summary>Its timers fire a hundred times as fast.</summary>
    private sealed class QuickTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 100 : dueTime, period > TimeSpan.Zero ? period / 100 : period);
    }
}
