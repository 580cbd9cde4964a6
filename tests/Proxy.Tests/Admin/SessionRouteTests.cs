using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Admin.Live;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.Proxy.Tests.Admin;

public sealed class SessionRouteTests : IAsyncLifetime
{
    private static readonly string Administrator = AdminRig.Token("adam", AdminRole.Administrator);
    private static readonly string Auditor = AdminRig.Token("audrey", AdminRole.Auditor);

    private AdminHouse _house = null!;

    private AdminRig Rig => _house.Rig;

    public async Task InitializeAsync() => _house = await AdminHouse.StartAsync();

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task Sessions_are_listed_newest_first_in_pages_and_gone_when_they_left()
    {
        var sessions = new List<TestSession>();
        for (int i = 0; i < 5; i++)
            sessions.Add(await _house.EnterAsync($"carol-{i}", Guid.CreateVersion7(DateTimeOffset.UtcNow.AddSeconds(i))));
        using var client = new Proxy.Cli.Admin.AdminClient(Rig.Server.Address, Auditor);
        List<Proxy.Admin.Routes.SessionJson> listed = await client.ListAsync<Proxy.Admin.Routes.SessionJson>("/v1/sessions?limit=2", 100, default);
        Assert.Equal(sessions.Select(session => session.Id).Reverse(), listed.Select(session => session.Id));
        Assert.Equal("carol-4", listed[0].Subject);
        Assert.Equal("carol-2", Assert.Single(await client.ListAsync<Proxy.Admin.Routes.SessionJson>("/v1/sessions?subject=carol-2", 100, default)).Subject);

        _house.Board.Leave(sessions[0].Context);
        await Eventually.TrueAsync(() => _house.State.Store.ReadAsync(async (db, cancel) => await db.Sessions.CountAsync(cancel) == 4, default));
        Assert.Equal(HttpStatusCode.NotFound, (await Rig.SendAsync(HttpMethod.Get, $"/v1/sessions/{sessions[0].Id}", Auditor)).Status);
    }

    [Fact]
    public async Task A_frozen_session_is_refused_everything_until_it_is_resumed()
    {
        TestSession session = await _house.EnterAsync();
        Assert.NotEqual("session/frozen", Judge(session).RuleId);
        await OrderAsync(session.Id, "freeze", "looks wrong");
        Verdict frozen = Judge(session);
        Assert.Equal((VerdictKind.Deny, "session/frozen"), (frozen.Kind, frozen.RuleId));
        Assert.Contains("looks wrong", frozen.Hint, StringComparison.Ordinal);
        Assert.Contains("\"state\":\"frozen\"", (await Rig.SendAsync(HttpMethod.Get, $"/v1/sessions/{session.Id}", Auditor)).Body, StringComparison.Ordinal);

        await OrderAsync(session.Id, "resume", "was right");
        Assert.NotEqual("session/frozen", Judge(session).RuleId);
        Assert.Equal(["session.frozen", "session.resumed"], Rig.Audit.Kept.Select(audit => audit.Type));
        Assert.All(Rig.Audit.Kept, audit => Assert.Equal(("adam", session.Id), (audit.Actor!.Subject, audit.SessionId)));
        Assert.Equal("frozen", Rig.Audit.Kept[0].Changes!["state"].After);
    }

    [Fact]
    public async Task A_terminated_session_ends_with_the_reason_and_cannot_be_resumed()
    {
        TestSession session = await _house.EnterAsync();
        await OrderAsync(session.Id, "terminate", "over");
        Assert.Equal("terminated", session.Ended!.Value.Reason);
        Assert.Contains("over", session.Ended.Value.Message, StringComparison.Ordinal);
        (HttpStatusCode status, string body) = await Rig.SendAsync(HttpMethod.Post, $"/v1/sessions/{session.Id}/resume", Administrator, new { reason = "no" });
        Assert.Equal((HttpStatusCode.Conflict, "session-ending"), (status, AdminRig.Word(body)));
    }

    [Fact]
    public async Task What_was_ordered_while_the_node_was_away_is_done_when_it_is_back()
    {
        TestSession session = await _house.EnterAsync();
        await _house.State.Store.WriteAsync((db, cancel) => db.Sessions.Where(row => row.Id == session.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.State, SessionStates.Ending), cancel), default);
        await _house.Cluster.CameBackAsync();
        Assert.Equal("terminated", session.Ended!.Value.Reason);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"reason":""}""")]
    [InlineData("""{"reason":"   "}""")]
    [InlineData("""{"reason":"two\nlines"}""")]
    [InlineData("""{"reason":"x","more":1}""")]
    [InlineData("""{"reason":"x","reason":"y"}""")]
    [InlineData("""{"Reason":"x"}""")]
    [InlineData("""{"reason":null}""")]
    [InlineData("""["x"]""")]
    [InlineData("")]
    public async Task Without_a_good_reason_nothing_is_done(string body)
    {
        TestSession session = await _house.EnterAsync();
        (HttpStatusCode status, string answer) = await Rig.SendAsync(HttpMethod.Post, $"/v1/sessions/{session.Id}/terminate", Administrator, body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.DoesNotContain("Sallyport.", answer, StringComparison.Ordinal);
        Assert.Null(session.Ended);
        Assert.Empty(Rig.Audit.Kept);
    }

    [Fact]
    public async Task A_follower_is_shown_what_the_client_is_shown_and_how_it_ended()
    {
        TestSession session = await _house.EnterAsync();
        await using Following following = await FollowAsync(session.Id);
        Assert.Equal("session", (await following.NextAsync()).EventType);

        // It came in the middle of a row: what is understood begins after the next ReadyForQuery.
        session.Recorder.Data(Direction.ToClient, "tail of a row"u8);
        session.Recorder.Data(Direction.ToClient, "Z\0\0\0\u0005I"u8);
        Judge(session);
        session.Recorder.Data(Direction.FromClient, Message('Q', "select 1 as one\0"));
        session.Recorder.Data(Direction.ToClient, [.. Message('T', "\0\u0001one\0\0\0\0\0\0\0\0\0\0\u0017\0\u0004\0\0\0\0\0\0"), .. Message('D', "\0\u0001\0\0\0\u00011"), .. Message('C', "SELECT 1\0"), .. Message('Z', "I")]);
        Assert.Equal("decision", (await following.NextAsync()).EventType);
        SseItem<string> statement = await following.NextAsync();
        Assert.Equal("statement", statement.EventType);
        Assert.Contains("select 1 as one", statement.Data, StringComparison.Ordinal);
        Assert.Contains("\"firstRows\":[[\"1\"]]", statement.Data, StringComparison.Ordinal);

        await session.Recorder.CompleteAsync(new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed"));
        SseItem<string> end = await following.NextAsync();
        Assert.Equal("end", end.EventType);
        Assert.Contains("closed", end.Data, StringComparison.Ordinal);
        Assert.Equal(("recording.viewed", "audrey", "incident 7"), (Rig.Audit.Kept[0].Type, Rig.Audit.Kept[0].Actor!.Subject, Rig.Audit.Kept[0].Reason));
    }

    [Fact]
    public async Task A_follower_that_does_not_read_is_dropped_and_the_session_never_waits()
    {
        TestSession session = await _house.EnterAsync();
        Assert.True(_house.Taps.TryFind(session.Id, out SessionTap? tap));
        Follower follower = tap.Follow();
        byte[] much = new byte[64 << 10];
        long most = 0;
        for (int i = 0; i < 1000; i++)
        {
            session.Recorder.Data(Direction.ToClient, much);
            await session.Recorder.ReadyAsync(default);
            most = i;
        }

        Assert.Equal(999, most);
        Assert.True(follower.IsDropped);
        int kept = 0;
        await foreach (FollowedItem item in follower.ReadAsync(default))
            kept += item.Data!.Value.Bytes.Length;
        Assert.Equal(0, kept);
        tap.Unfollow(follower);
    }

    [Fact]
    public void Recording_costs_nothing_more_while_nobody_follows()
    {
        var tap = new SessionTap(new Proxy.Sessions.Unrecorded(), TimeProvider.System, () => { });
        byte[] bytes = new byte[100];
        tap.Data(Direction.ToClient, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
            tap.Data(Direction.ToClient, bytes);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task Following_needs_a_reason_and_names_the_node_that_has_the_session()
    {
        TestSession session = await _house.EnterAsync();
        Assert.Equal("reason-missing", AdminRig.Word((await Rig.SendAsync(HttpMethod.Get, $"/v1/sessions/{session.Id}/follow", Auditor)).Body));
        var elsewhere = Guid.CreateVersion7();
        await _house.State.Store.WriteAsync(
            (db, _) => Task.FromResult(db.Sessions.Add(new SessionRow
            {
                Id = elsewhere,
                Node = "node-2",
                Protocol = "postgres",
                Subject = "dave",
                Issuer = "i",
                IdentityKind = "human",
                ActingFor = "[]",
                Target = "shop",
                Source = "s",
                State = SessionStates.Live,
            })),
            default);
        (HttpStatusCode status, string body) = await Rig.SendAsync(HttpMethod.Get, $"/v1/sessions/{elsewhere}/follow?reason=x", Auditor);
        Assert.Equal((HttpStatusCode.Conflict, "session-elsewhere"), (status, AdminRig.Word(body)));
        Assert.Contains("\"node\":\"node-2\"", body, StringComparison.Ordinal);
    }

    private async Task OrderAsync(Guid id, string order, string reason)
    {
        (HttpStatusCode status, string body) = await Rig.SendAsync(HttpMethod.Post, $"/v1/sessions/{id}/{order}", Administrator, new { reason });
        Assert.True(status == HttpStatusCode.OK, body);
    }

    private static Verdict Judge(TestSession session) =>
        session.Context.Judge(new ActionView { Kind = ActionKind.Statement, Verb = Verb.Select, Text = "select 1"u8 }, out _);

    private static byte[] Message(char type, string body)
    {
        byte[] bytes = [(byte)type, 0, 0, 0, (byte)(4 + body.Length), .. Encoding.Latin1.GetBytes(body)];
        return bytes;
    }

    private async Task<Following> FollowAsync(Guid id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/sessions/{id}/follow?reason=incident%207");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Auditor);
        HttpResponseMessage response = await Rig.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return new Following(response, SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync().GetAsyncEnumerator());
    }

    private sealed class Following(HttpResponseMessage response, IAsyncEnumerator<SseItem<string>> events) : IAsyncDisposable
    {
        public async Task<SseItem<string>> NextAsync()
        {
            Assert.True(await events.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
            return events.Current;
        }

        public async ValueTask DisposeAsync()
        {
            await events.DisposeAsync();
            response.Dispose();
        }
    }
}
