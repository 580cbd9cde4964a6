using Sallyport.Protocols.Http2.Frames;
using static Sallyport.Protocols.Http2.Heads.H2ErrorCode;

namespace Sallyport.Wire.Tests.Http;

/// <summary>Several sessions of one connection: how they begin, end, and make room for one another.</summary>
public sealed class SessionTests
{
    [Theory, Chunkings]
    public async Task A_session_that_is_ended_is_complete_and_others_of_its_connection_go_on(Chunking chunking)
    {
        await using var rig = new HttpRig(chunking: chunking) { Login = new AnyToken() };
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(Get(1, "amy-1"));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        ISessionControl first = Assert.Single(rig.Live.Controls);
        await client.SendAsync(Get(3, "amy-2"));
        await target.HeadAsync(3);
        first.End("terminated", "somebody ended it");
        await client.StatusAsync(1, 403);
        Assert.Contains("somebody ended it", await client.BodyAsync(1), StringComparison.Ordinal);
        await target.ExpectResetAsync(1, CANCEL);
        await UntilAsync(() => rig.Recorder.All[0].End?.Reason == "terminated");
        Assert.Single(rig.Live.Controls);
        await client.SendAsync(Get(5, "amy-1"));
        await client.StatusAsync(5, 403);
        await client.BodyAsync(5);
        await target.SendAsync(H2Msg.Response(3, end: true));
        Assert.True(await client.StatusAsync(3, 200));
        Assert.Null(rig.Recorder.All[1].End);
    }

    [Fact]
    public async Task A_client_that_renews_its_token_does_not_run_out_of_sessions()
    {
        await using var rig = new HttpRig { Login = new AnyToken() };
        rig.Limits = rig.Limits with { Sessions = 2 };
        H2Peer client = await rig.ClientAsync();
        H2Peer? target = null;
        for (int i = 0; i < 100; i++)
        {
            int id = i * 2 + 1;
            await client.SendAsync(Get(id, $"amy-{i}"));
            target ??= await rig.TargetAsync();
            await target.HeadAsync(id);
            await target.SendAsync(H2Msg.Response(id, end: true));
            Assert.True(await client.StatusAsync(id, 200));
        }

        await UntilAsync(() => rig.Live.Controls.Count <= 2 && rig.Recorder.All.Count(recording => recording.End?.Reason == "replaced") == 98);
    }

    [Fact]
    public async Task When_all_sessions_are_in_use_the_client_is_told_to_open_another_connection()
    {
        await using var rig = new HttpRig { Login = new AnyToken() };
        rig.Limits = rig.Limits with { Sessions = 1 };
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(Get(1, "amy-1"));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        await client.SendAsync(Get(3, "amy-2"));
        Assert.Equal(3, await client.ExpectGoAwayAsync(NO_ERROR));
        await client.StatusAsync(3, 429);
        await client.BodyAsync(3);
        await target.SendAsync(H2Msg.Response(1, end: true));
        Assert.True(await client.StatusAsync(1, 200));
    }

    [Fact]
    public async Task A_target_whose_configuration_was_loaded_again_gets_a_session_of_its_own_and_the_old_one_ends()
    {
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        rig.Target = rig.Target with { Authority = "app.new:8080" };
        await client.SendAsync(H2Msg.Get(3));
        H2Peer next = await rig.TargetAsync();
        Assert.Contains(":authority: app.new:8080\n", (await next.HeadAsync(1)).Text, StringComparison.Ordinal);
        Assert.Equal(2, rig.Live.Controls.Count);
        await target.SendAsync(H2Msg.Response(1, end: true));
        Assert.True(await client.StatusAsync(1, 200));
        await UntilAsync(() => rig.Recorder.All[0].End?.Reason == "replaced");
        await next.SendAsync(H2Msg.Response(1, end: true));
        Assert.True(await client.StatusAsync(3, 200));
        Assert.Single(rig.Live.Controls);
    }

    [Fact]
    public async Task Whoever_is_not_let_in_at_a_target_is_reported()
    {
        await using var rig = new HttpRig(policy: """
            policy: closed
            match: {targets: [app]}
            rules:
              - {id: no-entry, effect: deny, verbs: [login]}
            """);
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        await client.StatusAsync(1, 403);
        (SessionFacts facts, string rule) = Assert.Single(rig.Forbidden);
        Assert.Equal(("alice", "app", "closed/no-entry"), (facts.Identity.Subject, facts.Target, rule));
        Assert.True(rig.Recorder.IsEmpty);
    }

    [Fact]
    public async Task Connections_that_nobody_uses_end_when_the_daemon_is_about_to_stop_and_others_when_they_are_done()
    {
        await using var rig = new HttpRig();
        H2Peer idle = await rig.ClientAsync();
        await idle.ExpectAliveAsync();
        H1Peer old = await rig.OldClientAsync();
        await old.AskAsync();
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        await target.HeadAsync(3);
        await rig.Draining.CancelAsync();
        await idle.ExpectEndAsync(NO_ERROR);
        Assert.Equal(1, await client.ExpectGoAwayAsync(NO_ERROR));
        await target.SendAsync(H2Msg.Response(1, 200, true, ("content-length", "0")), H2Msg.Response(3, end: true));
        Assert.Contains("connection: close\r\n", await old.StatusAsync(200), StringComparison.OrdinalIgnoreCase);
        await old.ExpectClosedAsync();
        Assert.True(await client.StatusAsync(1, 200));
        Assert.Null(await client.TryNextAsync());
    }

    [Fact]
    public async Task What_has_to_be_judged_whole_is_bounded_in_memory_and_time_and_has_no_trailers()
    {
        await using var rig = new HttpRig { Approvals = new Approver() };
        rig.Limits = rig.Limits with { CollectedBytes = 10, BodyWait = TimeSpan.FromMilliseconds(200) };
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Post(1, "/held/a"), H2Msg.Data(1, "much more than ten"));
        await client.StatusAsync(1, 503);
        await client.BodyAsync(1);
        await client.ExpectResetAsync(1, NO_ERROR);
        await client.SendAsync(H2Msg.Post(3, "/held/a"), H2Msg.Data(3, "less"));
        await client.StatusAsync(3, 408);
        await client.BodyAsync(3);
        await client.ExpectResetAsync(3, NO_ERROR);
        await client.SendAsync(H2Msg.Post(5, "/held/a"), H2Msg.Data(5, "0123456789"), H2Msg.Headers(5, true, ("x-late", "1")));
        await client.StatusAsync(5, 400);
        Assert.Contains("trailers", await client.BodyAsync(5), StringComparison.Ordinal);
        // What was given up counts no more.
        await client.SendAsync(H2Msg.Post(7, "/held/a"), H2Msg.Data(7, "0123456789", end: true));
        await ((Approver)rig.Approvals).NextAsync();
    }

    [Fact]
    public async Task A_field_more_makes_another_digest_and_what_is_said_anew_each_time_does_not()
    {
        var approver = new Approver();
        await using var rig = new HttpRig { Approvals = approver };
        H2Peer client = await rig.ClientAsync();
        byte[] first = await DigestAsync(1, ("x-tenant", "a"), ("kubectl-session", "1"));
        Assert.Equal(first, await DigestAsync(3, ("x-tenant", "a"), ("kubectl-session", "2"), ("traceparent", "x")));
        Assert.NotEqual(first, await DigestAsync(5, ("x-tenant", "b"), ("kubectl-session", "1")));
        Assert.NotEqual(first, await DigestAsync(7, ("kubectl-session", "1")));
        Assert.NotEqual(first, await DigestAsync(9, ("x-tenant", "a"), ("cookie", "c=1")));

        async Task<byte[]> DigestAsync(int id, params (string, string)[] fields)
        {
            await client.SendAsync(H2Msg.Get(id, "/held/a", true, fields));
            Approver.Asked asked = await approver.NextAsync();
            Assert.Equal(fields.Where(field => field.Item1 is "x-tenant").Select(field => field.Item2), asked.Action.Parameters.Where(p => p.Type == "header:x-tenant").Select(p => p.Value));
            return asked.Action.Digest.ToArray();
        }
    }

    private static byte[] Get(int id, string token) => H2Msg.Headers(id, true, [.. H2Msg.Request("GET", "/")[..4], ("authorization", "Bearer " + token)]);

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(HttpRig.Patience);
        while (!condition())
            await Task.Delay(5, patience.Token);
    }

    /// <summary>A token is its holder's name and a number.</summary>
    private sealed class AnyToken : ILogin
    {
        public ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel) =>
            ValueTask.FromResult(new LoginResult(new Identity { Subject = proof.Token.Split('-')[0], Issuer = "test", ExpiresAt = DateTimeOffset.MaxValue }, null));
    }
}
