using System.Text;

namespace Sallyport.Wire.Tests;

/// <summary>Queries that wait for a person: what is told, what goes on, and what does not.</summary>
public sealed class HoldTests
{
    internal static readonly byte[] SyntaxError = ErrorResponse("42601", "syntax error at or near \"sallyport\"");
    internal static readonly byte[] Substitute = Query(Encoding.UTF8.GetString(PgRefusal.SubstituteText));

    private const string Held = "truncate customers";

    [Theory, Chunkings]
    public async Task An_approved_query_runs_once_it_is_approved_and_not_before(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(Held));
        Approver.Asked asked = await approver.NextAsync();
        Dictionary<char, string> notice = await ExpectNoticeAsync(client);
        Assert.Equal("waiting for approval apr-7 (rule open/ask-first)", notice['M']);
        Assert.Contains("https://sallyport.example.com/approvals/apr-7", notice['H'], StringComparison.Ordinal);
        Assert.Equal((Held, Verb.Truncate, ActionKind.Statement), (asked.Action.Text, asked.Action.Verb, asked.Action.Kind));
        Assert.Equal([new HeldEffect(Verb.Truncate, "customers")], asked.Action.Effects);
        Assert.Equal(32, asked.Action.Digest.Length);
        AssertUntouched(server);

        asked.Approve();
        await server.ExpectAsync(Query(Held));
        SessionContext context = session.Live.Only;
        Assert.Equal("apr-7", context.Granted?.Id);
        await server.SendAsync(CommandComplete("TRUNCATE TABLE"), ReadyForQuery('I'));
        await client.ExpectAsync(CommandComplete("TRUNCATE TABLE"), ReadyForQuery('I'));
        await ExpectUsableAsync(client, server);
        Assert.Null(context.Granted);
        Assert.Equal(["hold apr-7 open/ask-first", "hold-approved apr-7 open/ask-first"], session.Recorder.Only.Events.Where(e => e.StartsWith("hold", StringComparison.Ordinal)));
        Assert.Contains("waiting for approval", Encoding.UTF8.GetString(session.Recorder.Only.ToClient), StringComparison.Ordinal);
        Assert.Contains(Held, Encoding.UTF8.GetString(session.Recorder.Only.FromClient), StringComparison.Ordinal);
    }

    [Theory]
    [Chunkings("denied", "denied by bob: not today", 'I', 'I')]
    [Chunkings("expired", "nobody answered within 10 minutes", 'T', 'E')]
    [Chunkings("unavailable", "the approval service cannot be reached", 'T', 'E')]
    public async Task One_that_is_not_approved_is_an_error_like_any_other(string reason, string message, char before, char after, Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("begin"));
        await server.ExpectAsync(Query("begin"));
        await server.SendAsync(CommandComplete("BEGIN"), ReadyForQuery(before));
        await client.ExpectAsync(CommandComplete("BEGIN"), ReadyForQuery(before));
        await client.SendAsync(Query(Held));
        (await approver.NextAsync()).Refuse(reason, message);
        await ExpectNoticeAsync(client);
        await server.ExpectAsync(Substitute);
        await server.SendAsync(SyntaxError, ReadyForQuery(after));
        Dictionary<char, string> error = await client.ExpectErrorAsync("42501");
        Assert.Equal("approval needed, and the statement was not run: " + message, error['M']);
        Assert.Equal("Rule open/ask-first. Approval apr-7.", error['D']);
        Assert.NotEmpty(error['H']);
        await client.ExpectAsync(ReadyForQuery(after));
        await ExpectUsableAsync(client, server);
        Assert.DoesNotContain(Held, Encoding.UTF8.GetString(server.Received), StringComparison.Ordinal);
    }

    [Theory, Chunkings]
    public async Task What_is_sent_behind_it_waits_with_it(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("select 1"), Query(Held), Query("select 2"));
        await server.ExpectAsync(Query("select 1"));
        Assert.False(approver.IsAsked);
        await server.SendAsync(EmptyQueryResponse, ReadyForQuery('I'));
        await client.ExpectAsync(EmptyQueryResponse, ReadyForQuery('I'));
        Approver.Asked asked = await approver.NextAsync();
        await ExpectNoticeAsync(client);
        await client.SendAsync(Query("select 3"), Parse("", "select 4"), Sync);
        AssertUntouched(server);
        Assert.Equal(2, session.Recorder.Only.Decisions.Length);
        asked.Approve();
        await server.ExpectAsync(Query(Held), Query("select 2"), Query("select 3"), Parse("", "select 4"), Sync);
        await server.SendAsync(CommandComplete("TRUNCATE TABLE"), ReadyForQuery('I'), EmptyQueryResponse, ReadyForQuery('I'));
        await client.ExpectAsync(CommandComplete("TRUNCATE TABLE"), ReadyForQuery('I'), EmptyQueryResponse, ReadyForQuery('I'));
    }

    [Theory, Chunkings]
    public async Task A_CancelRequest_takes_it_back_and_does_not_reach_the_target(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver);
        (ClientPeer client, ServerPeer server, (int process, byte[] key)) = await session.ReadyWithKeyAsync(Protocol32);
        Task<PgOutcome> running = session.Running;
        await client.SendAsync(Query(Held));
        Approver.Asked asked = await approver.NextAsync();
        await ExpectNoticeAsync(client);
        ClientPeer canceller = await session.ConnectAsync();
        await canceller.SendAsync(CancelRequest(process, key));
        await canceller.ExpectClosedAsync();
        await asked.Withdrawn.Task.WaitAsync(Peer.Patience);
        await server.ExpectAsync(Substitute);
        await server.SendAsync(SyntaxError, ReadyForQuery('I'));
        Assert.Equal("canceling statement due to user request", (await client.ExpectErrorAsync("57014"))['M']);
        await client.ExpectAsync(ReadyForQuery('I'));
        Assert.False(session.Server.HasVisitor);
        await ExpectUsableAsync(client, server);
        Assert.False(running.IsCompleted);
    }

    [Theory]
    [Chunkings("half-close")]
    [Chunkings("terminate")]
    [Chunkings("terminate behind others")]
    [Chunkings("vanish")]
    public async Task A_client_that_goes_takes_it_back_and_what_it_sent_behind(string how, Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(Held), Query("insert into orders values (1)"));
        Approver.Asked asked = await approver.NextAsync();
        await ExpectNoticeAsync(client);
        if (how == "half-close")
            client.HalfClose();
        else if (how == "vanish")
            client.Vanish();
        else if (how == "terminate")
            await client.SendAsync(Terminate);
        else
            await client.SendAsync(Sync, Query("select 1"), Terminate);
        await asked.Withdrawn.Task.WaitAsync(Peer.Patience);
        if (how != "vanish")
            await server.ExpectAsync(Terminate);
        await server.DrainAsync();
        SessionEnd end = await session.EndAsync();
        Assert.Equal((SessionSide.Client, true), (end.Side, end.Reason is "closed" or "closed-without-terminate" or "connection-lost"));
        string got = Encoding.UTF8.GetString(server.Received);
        Assert.DoesNotContain("truncate", got, StringComparison.Ordinal);
        Assert.DoesNotContain("insert", got, StringComparison.Ordinal);
        Assert.Contains("hold-withdrawn open/ask-first", session.Recorder.Only.Events);
    }

    [Theory]
    [Chunkings(true)]
    [Chunkings(false)]
    public async Task A_text_with_two_rules_needs_both(bool second, Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, Policies.Open + "\n  - {id: ask-delete, effect: hold, verbs: [delete], hint: Say which rows.}\n");
        const string sql = "delete from orders; truncate customers; delete from orders where id = 1";
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(sql));
        Approver.Asked first = await approver.NextAsync();
        Assert.Equal(("open/ask-delete", sql, Verb.Delete), (first.Verdict.RuleId, first.Action.Text, first.Action.Verb));
        Assert.StartsWith("Say which rows. ", (await ExpectNoticeAsync(client))['H'], StringComparison.Ordinal);
        Assert.Equal([new HeldEffect(Verb.Delete, "orders"), new HeldEffect(Verb.Truncate, "customers")], first.Action.Effects);
        DateTimeOffset ends = DateTimeOffset.UtcNow.AddMinutes(5);
        first.Approve(ends);
        Approver.Asked last = await approver.NextAsync();
        await ExpectNoticeAsync(client);
        Assert.Equal(("open/ask-first", Verb.Truncate), (last.Verdict.RuleId, last.Action.Verb));
        Assert.Equal(first.Action.Digest.ToArray(), last.Action.Digest.ToArray());
        AssertUntouched(server);
        if (second)
            last.Approve();
        else
            last.Refuse();
        await server.ExpectAsync(second ? Query(sql) : Substitute);
        Assert.False(approver.IsAsked);
        if (second)
            Assert.Equal(ends, session.Live.Only.Granted?.EndsAt);
        await server.SendAsync(second ? CommandComplete("DELETE 1") : SyntaxError, ReadyForQuery('I'));
        await client.ReceiveAsync();
        await client.ExpectAsync(ReadyForQuery('I'));
        await ExpectUsableAsync(client, server);
        Assert.Null(session.Live.Only.Granted);
    }

    [Theory]
    [Chunkings("truncate customers; drop table customers", "open/no-drop")]
    [Chunkings("drop table customers; truncate customers", "open/no-drop")]
    [Chunkings("prepare p as delete from orders where id = $1", "open/ask-delete")]
    public async Task What_is_denied_or_cannot_be_approved_for_one_run_is_refused_at_once(string sql, string rule, Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, Policies.Open + "\n  - {id: ask-delete, effect: hold, verbs: [delete]}\n");
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(sql));
        await server.ExpectAsync(Substitute);
        await server.SendAsync(SyntaxError, ReadyForQuery('I'));
        Assert.Equal($"Rule {rule}.", (await client.ExpectErrorAsync("42501"))['D']);
        Assert.False(approver.IsAsked);
    }

    [Theory, Chunkings]
    public async Task A_rule_that_denies_meanwhile_wins_over_the_approval(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(Held));
        Approver.Asked asked = await approver.NextAsync();
        await ExpectNoticeAsync(client);
        Doors.Load(session.Policy, Policies.Open + "\n  - {id: no-truncate, effect: deny, verbs: [truncate]}\n");
        asked.Approve();
        await server.ExpectAsync(Substitute);
        await server.SendAsync(SyntaxError, ReadyForQuery('I'));
        Assert.Equal("Rule open/no-truncate.", (await client.ExpectErrorAsync("42501"))['D']);
        await client.ExpectAsync(ReadyForQuery('I'));
        await ExpectUsableAsync(client, server);
        Assert.Null(session.Live.Only.Granted);
    }

    [Theory, Chunkings]
    public async Task A_denial_holds_though_a_rule_allows_it_meanwhile(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(Held));
        Approver.Asked asked = await approver.NextAsync();
        Doors.Load(session.Policy, Policies.Open.Replace("effect: hold", "effect: allow", StringComparison.Ordinal));
        asked.Refuse();
        await server.ExpectAsync(Substitute);
    }

    [Theory, Chunkings]
    public async Task COPY_in_is_held_before_it_begins(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, Policies.Open + "\n  - {id: ask-copy, effect: hold, verbs: [copy-from]}\n");
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("copy orders from stdin"));
        (await approver.NextAsync()).Approve();
        await ExpectNoticeAsync(client);
        await server.ExpectAsync(Query("copy orders from stdin"));
        await server.SendAsync(CopyInResponse);
        await client.ExpectAsync(CopyInResponse);
        await client.SendAsync(CopyData("1\n"), CopyDone);
        await server.ExpectAsync(CopyData("1\n"), CopyDone);
        await server.SendAsync(CommandComplete("COPY 1"), ReadyForQuery('I'));
        await client.ExpectAsync(CommandComplete("COPY 1"), ReadyForQuery('I'));

        // Denied, the data behind it goes where the target drops it.
        await client.SendAsync(Query("copy orders from stdin"), CopyData("2\n"), CopyDone);
        (await approver.NextAsync()).Refuse();
        await ExpectNoticeAsync(client);
        await server.ExpectAsync(Substitute, CopyData("2\n"), CopyDone);
        await server.SendAsync(SyntaxError, ReadyForQuery('I'));
        await client.ExpectErrorAsync("42501");
        await client.ExpectAsync(ReadyForQuery('I'));
        await ExpectUsableAsync(client, server);
    }

    [Theory, Chunkings]
    public async Task A_FunctionCall_and_a_text_too_long_to_be_shown_are_refused(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, Policies.Open + """

              - {id: ask-call, effect: hold, verbs: [function-call]}
              - {id: ask-long, effect: hold, verbs: [all], truncated: true, unparsed: true}
            """);
        session.Listener = session.Listener with { Limits = new PgLimits { StatementBytes = 256 } };
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        foreach (byte[] message in new[] { FunctionCall(1598), Query($"select '{new string('x', 5000)}'") })
        {
            await client.SendAsync(message);
            await server.ExpectAsync(Substitute);
            await server.SendAsync(SyntaxError, ReadyForQuery('I'));
            Assert.StartsWith("approval needed", (await client.ExpectErrorAsync("42501"))['M'], StringComparison.Ordinal);
            await client.ExpectAsync(ReadyForQuery('I'));
        }

        Assert.False(approver.IsAsked);
    }

    [Theory, Chunkings]
    public async Task A_secret_is_not_shown_and_is_covered_by_the_digest(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, Policies.Open + "\n  - {id: ask-alter, effect: hold, verbs: [alter]}\n");
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        var digests = new List<string>();
        foreach (string password in new[] { "hunter2", "hunter3" })
        {
            await client.SendAsync(Query($"alter role bob password '{password}'"));
            Approver.Asked asked = await approver.NextAsync();
            Assert.Equal("alter role bob password '*******'", asked.Action.Text);
            digests.Add(Convert.ToHexString(asked.Action.Digest.Span));
            await ExpectNoticeAsync(client);
            if (password == "hunter2")
            {
                asked.Refuse();
                await server.ExpectAsync(Substitute);
                await server.SendAsync(SyntaxError, ReadyForQuery('I'));
                await client.ExpectErrorAsync("42501");
                await client.ExpectAsync(ReadyForQuery('I'));
                continue;
            }

            asked.Approve();
            await server.ExpectAsync(Query($"alter role bob password '{password}'"));
            await server.SendAsync(CommandComplete("ALTER ROLE"), ReadyForQuery('I'));
            await client.ExpectAsync(CommandComplete("ALTER ROLE"), ReadyForQuery('I'));
        }

        Assert.NotEqual(digests[0], digests[1]);
        Assert.DoesNotContain("hunter", Encoding.UTF8.GetString(session.Recorder.Only.FromClient), StringComparison.Ordinal);
    }

    [Theory]
    [Chunkings("end", false)]
    [Chunkings("end", true)]
    [Chunkings("stop", false)]
    [Chunkings("target", false)]
    [Chunkings("target", true)]
    public async Task It_ends_with_its_session_also_when_the_client_has_sent_more_than_is_read(string how, bool isFull, Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver);
        session.Listener = session.Listener with { Limits = new PgLimits { HeldReceiveBytes = 64 } };
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(Held));
        Approver.Asked asked = await approver.NextAsync();
        await ExpectNoticeAsync(client);
        if (isFull)
            await client.SendAsync(Query(new string(' ', 200)));
        if (how == "end")
            Assert.Single(session.Live.Controls).End("killed", "ended by an administrator");
        else if (how == "stop")
            session.Stop();
        else
            server.Vanish();
        await asked.Withdrawn.Task.WaitAsync(Peer.Patience);
        Assert.Equal(how switch { "end" => "killed", "stop" => "stopped", _ => "connection-lost" }, (await session.EndAsync()).Reason);
    }

    [Theory, Chunkings]
    public async Task More_than_is_read_while_it_waits_is_read_when_it_is_over(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver);
        session.Listener = session.Listener with { Limits = new PgLimits { HeldReceiveBytes = 64 } };
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        byte[] many = Join([.. Enumerable.Repeat(Query("select 1"), 50)]);
        await client.SendAsync(Query(Held), many);
        Approver.Asked asked = await approver.NextAsync();
        await ExpectNoticeAsync(client);
        asked.Approve();
        await server.ExpectAsync([Query(Held), .. Enumerable.Repeat(Query("select 1"), 50)]);
    }

    [Theory, Chunkings]
    public async Task A_session_that_waits_is_not_idle_and_says_that_it_still_waits(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver);
        session.Listener = session.Listener with { Limits = new PgLimits { HoldReminder = TimeSpan.FromMilliseconds(50) } };
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(Held));
        Approver.Asked asked = await approver.NextAsync();
        await ExpectNoticeAsync(client);
        for (int i = 0; i < 3; i++)
            Assert.StartsWith("still waiting for approval apr-7", (await ExpectNoticeAsync(client))['M'], StringComparison.Ordinal);
        Assert.InRange(Environment.TickCount64 - Assert.Single(session.Live.Controls).LastActivity, 0, 30);
        asked.Approve();
        await server.ExpectAsync(Query(Held));
    }

    [Theory, Chunkings]
    public async Task What_the_target_says_by_itself_meanwhile_is_shown(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(Held));
        Approver.Asked asked = await approver.NextAsync();
        await ExpectNoticeAsync(client);
        byte[] notification = NotificationResponse(7, "jobs", "done");
        await server.SendAsync(notification);
        await client.ExpectAsync(notification);
        asked.Approve();
        await server.ExpectAsync(Query(Held));
    }

    [Theory, Chunkings]
    public async Task A_setting_that_changes_meanwhile_makes_it_another_statement(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(Held));
        Approver.Asked first = await approver.NextAsync();
        await ExpectNoticeAsync(client);
        // A reload of the target's configuration.
        await server.SendAsync(ParameterStatus("standard_conforming_strings", "off"));
        await client.ExpectAsync(ParameterStatus("standard_conforming_strings", "off"));
        first.Approve();
        Approver.Asked second = await approver.NextAsync();
        Assert.NotEqual(first.Action.Digest.ToArray(), second.Action.Digest.ToArray());
        AssertUntouched(server);
        second.Approve();
        await server.ExpectAsync(Query(Held));
    }

    internal static Session Open(Chunking chunking, out Approver approver, string policy = Policies.Open)
    {
        approver = new Approver();
        return new Session(chunking, policy) { Approvals = approver };
    }

    internal static async Task<Dictionary<char, string>> ExpectNoticeAsync(ClientPeer client)
    {
        PgMessage notice = await client.ReceiveAsync();
        Assert.True(notice.Type == 'N', $"expected a NoticeResponse, got {notice}");
        Dictionary<char, string> fields = Peer.ErrorFields(notice.Body);
        Assert.Equal(("NOTICE", "NOTICE", "00000"), (fields['S'], fields['V'], fields['C']));
        return fields;
    }

    internal static async Task ExpectUsableAsync(ClientPeer client, ServerPeer server)
    {
        await client.SendAsync(Query("select 42"));
        await server.ExpectAsync(Query("select 42"));
        await server.SendAsync(EmptyQueryResponse, ReadyForQuery('I'));
        await client.ExpectAsync(EmptyQueryResponse, ReadyForQuery('I'));
    }

    /// <summary>Nothing but Flush is on its way to the server, as far as can be seen.</summary>
    internal static void AssertUntouched(ServerPeer server)
    {
        byte[] waiting = new byte[server.Socket.Available];
        if (waiting.Length > 0)
            server.Socket.Receive(waiting, System.Net.Sockets.SocketFlags.Peek);
        Assert.Equal(Join([.. Enumerable.Repeat(Flush, waiting.Length / 5)]), waiting);
    }
}
