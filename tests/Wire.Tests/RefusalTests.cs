using System.Text;

namespace Sallyport.Wire.Tests;

/// <summary>Statements that policy denies or holds: in order, with the session usable and the transaction state the server's own.</summary>
public sealed class RefusalTests
{
    private static readonly byte[] OneColumn = RowDescription(new Column("?column?", Type: FakeCatalog.Int4));
    private static readonly byte[] SyntaxError = ErrorResponse("42601", "syntax error at or near \"sallyport\"");
    private static readonly byte[] Substitute = Query(Encoding.UTF8.GetString(PgRefusal.SubstituteText));
    private static readonly byte[] SubstituteParse = Parse("sallyport", Encoding.UTF8.GetString(PgRefusal.SubstituteText));

    [Theory, Chunkings]
    public async Task A_denied_query_is_answered_with_rule_and_hint_and_the_session_goes_on(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("drop table customers"));
        await server.ExpectAsync(Substitute);
        await server.SendAsync(SyntaxError, ReadyForQuery('I'));
        Dictionary<char, string> error = await client.ExpectErrorAsync("42501");
        Assert.Contains("open/no-drop", error['D'], StringComparison.Ordinal);
        Assert.Equal("Ask the DBA.", error['H']);
        await client.ExpectAsync(ReadyForQuery('I'));

        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));
        await server.SendAsync(OneColumn, CommandComplete("SELECT 0"), ReadyForQuery('I'));
        await client.ExpectAsync(OneColumn, CommandComplete("SELECT 0"), ReadyForQuery('I'));
        AssertNothingOfOurs(client, server);
        Assert.Equal(
            [("drop table customers", VerdictKind.Deny, "open/no-drop"), ("select 1", VerdictKind.Allow, "open/all")],
            session.Recorder.Only.Decisions.Select(d => (d.Text, d.Verdict.Kind, d.Verdict.RuleId)));
    }

    [Theory, Chunkings('T', 'E'), Chunkings('E', 'E'), Chunkings('I', 'I')]
    public async Task The_transaction_state_after_a_refusal_is_the_servers(char before, char after, Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("begin"));
        await server.ExpectAsync(Query("begin"));
        await server.SendAsync(CommandComplete("BEGIN"), ReadyForQuery(before));
        await client.ExpectAsync(CommandComplete("BEGIN"), ReadyForQuery(before));
        await client.SendAsync(Query("drop table customers"));
        await server.ExpectAsync(Substitute);
        await server.SendAsync(ErrorResponse(before == 'E' ? "25P02" : "42601", "whatever"), ReadyForQuery(after));
        await client.ExpectErrorAsync("42501");
        await client.ExpectAsync(ReadyForQuery(after));
    }

    [Theory]
    [Chunkings("select 1; drop table customers")]
    [Chunkings("drop table customers; select 1")]
    [Chunkings("/* drop */ drop/**/table customers")]
    [Chunkings("select 1; select 'a''; b'; drop table x; select 2")]
    public async Task One_denied_statement_refuses_the_whole_text(string sql, Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(sql));
        await server.ExpectAsync(Substitute);
        await server.SendAsync(SyntaxError, ReadyForQuery('I'));
        await client.ExpectErrorAsync("42501");
        await client.ExpectAsync(ReadyForQuery('I'));
    }

    [Theory, Chunkings]
    public async Task A_held_query_says_that_approval_is_needed(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("truncate customers"));
        await server.ExpectAsync(Substitute);
        await server.SendAsync(SyntaxError, ReadyForQuery('I'));
        Dictionary<char, string> error = await client.ExpectErrorAsync("42501");
        Assert.Contains("approval needed", error['M'], StringComparison.Ordinal);
        Assert.Contains("open/ask-first", error['D'], StringComparison.Ordinal);
        Assert.Equal(VerdictKind.Hold, Assert.Single(session.Recorder.Only.Decisions).Verdict.Kind);
    }

    [Theory, Chunkings]
    public async Task A_denied_Parse_fails_at_its_place_and_the_server_skips_to_Sync(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("", "drop table customers"), Bind("", ""), Describe('P', ""), Execute(""), Sync);
        await server.ExpectAsync(SubstituteParse, Bind("", ""), Describe('P', ""), Execute(""), Sync);
        await server.SendAsync(SyntaxError, ReadyForQuery('I'));
        await client.ExpectErrorAsync("42501");
        await client.ExpectAsync(ReadyForQuery('I'));
        AssertNothingOfOurs(client, server);
    }

    [Theory, Chunkings]
    public async Task A_refusal_between_two_allowed_statements_keeps_its_place(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(
            Parse("", "select 1"), Bind("", ""), Execute(""), Sync,
            Parse("", "drop table customers"), Bind("", ""), Execute(""), Sync,
            Query("select 2"), Query("drop table orders"), Query("select 3"));
        await server.ExpectAsync(
            Parse("", "select 1"), Bind("", ""), Execute(""), Sync, SubstituteParse, Bind("", ""), Execute(""), Sync,
            Query("select 2"), Substitute, Query("select 3"));
        await server.SendAsync(
            ParseComplete, BindComplete, DataRow("1"), CommandComplete("SELECT 1"), ReadyForQuery('I'),
            SyntaxError, ReadyForQuery('I'),
            OneColumn, DataRow("2"), CommandComplete("SELECT 1"), ReadyForQuery('I'),
            SyntaxError, ReadyForQuery('I'),
            OneColumn, DataRow("3"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        await client.ExpectAsync(ParseComplete, BindComplete, DataRow("1"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        await client.ExpectErrorAsync("42501");
        await client.ExpectAsync(ReadyForQuery('I'), OneColumn, DataRow("2"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        await client.ExpectErrorAsync("42501");
        await client.ExpectAsync(ReadyForQuery('I'), OneColumn, DataRow("3"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        AssertNothingOfOurs(client, server);
    }

    [Theory, Chunkings]
    public async Task Notices_around_a_refusal_pass(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("drop table customers"));
        await server.ExpectAsync(Substitute);
        byte[] notification = NotificationResponse(7, "jobs", "done");
        await server.SendAsync(notification, SyntaxError, ParameterStatus("TimeZone", "UTC"), ReadyForQuery('I'));
        await client.ExpectAsync(notification);
        await client.ExpectErrorAsync("42501");
        await client.ExpectAsync(ParameterStatus("TimeZone", "UTC"), ReadyForQuery('I'));
    }

    [Theory, Chunkings]
    public async Task A_target_that_does_not_refuse_the_substitute_ends_the_session(Chunking chunking)
    {
        foreach (byte[] success in new[] { CommandComplete("SELECT 1"), ReadyForQuery('I'), OneColumn, EmptyQueryResponse, CopyInResponse, CopyOutResponse })
        {
            await using var session = new Session(chunking);
            (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
            await client.SendAsync(Query("drop table customers"));
            await server.ExpectAsync(Substitute);
            await server.SendAsync(success, ReadyForQuery('I'));
            await client.ExpectFatalAsync("08P01");
            await session.ExpectEndAsync(SessionSide.Target, SessionStage.Ready, "target-ran-substitute", "08P01");
        }
    }

    [Theory, Chunkings]
    public async Task A_target_that_parses_the_substitute_ends_the_session(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("", "drop table customers"), Sync);
        await server.ExpectAsync(SubstituteParse, Sync);
        await server.SendAsync(ParseComplete, ReadyForQuery('I'));
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.Ready, "target-ran-substitute", "08P01");
    }

    [Theory, Chunkings]
    public async Task Execute_is_judged_again_when_policy_has_changed(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("s", "select 1"), Bind("p", "s"), Execute("p", 1), Sync);
        await server.ExpectAsync(Parse("s", "select 1"), Bind("p", "s"), Execute("p", 1), Sync);
        await server.SendAsync(ParseComplete, BindComplete, DataRow("1"), PortalSuspended, ReadyForQuery('T'));
        await client.ExpectAsync(ParseComplete, BindComplete, DataRow("1"), PortalSuspended, ReadyForQuery('T'));

        Doors.Load(session.Policy, Policies.NoSelect);
        await client.SendAsync(Execute("p", 1), Sync);
        await server.ExpectAsync(SubstituteParse, Sync);
        await server.SendAsync(SyntaxError, ReadyForQuery('E'));
        Assert.Contains("open/no-select", (await client.ExpectErrorAsync("42501"))['D'], StringComparison.Ordinal);
        await client.ExpectAsync(ReadyForQuery('E'));

        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Substitute);
        await server.SendAsync(SyntaxError, ReadyForQuery('E'));
        await client.ExpectErrorAsync("42501");
        await client.ExpectAsync(ReadyForQuery('E'));

        Doors.Load(session.Policy, Policies.Open);
        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));
    }

    [Theory, Chunkings]
    public async Task A_denied_FunctionCall_is_refused(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Open + "\n  - {id: no-fastpath, effect: deny, verbs: [function-call]}\n");
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(FunctionCall(1598));
        await server.ExpectAsync(Substitute);
        await server.SendAsync(SyntaxError, ReadyForQuery('I'));
        await client.ExpectErrorAsync("42501");
        await client.ExpectAsync(ReadyForQuery('I'));
    }

    [Theory, Chunkings]
    public async Task A_text_too_long_to_be_judged_is_refused_and_swallowed(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Open.Replace("  - {id: truncated, effect: allow, verbs: [all], truncated: true}\n", "", StringComparison.Ordinal));
        session.Listener = session.Listener with { Limits = new PgLimits { StatementBytes = 256 } };
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query($"select '{new string('x', 5000)}'"), Query("select 1"));
        await server.ExpectAsync(Substitute, Query("select 1"));
        await server.SendAsync(SyntaxError, ReadyForQuery('I'), EmptyQueryResponse, ReadyForQuery('I'));
        Assert.Contains("default-", (await client.ExpectErrorAsync("42501"))['D'], StringComparison.Ordinal);
        await client.ExpectAsync(ReadyForQuery('I'), EmptyQueryResponse, ReadyForQuery('I'));
    }

    [Theory, Chunkings]
    public async Task More_names_than_are_remembered_are_refused(Chunking chunking)
    {
        await using var session = new Session(chunking);
        session.Listener = session.Listener with { Limits = new PgLimits { NamedObjects = 1 } };
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("a", "select 1"), Parse("b", "select 2"), Sync);
        await server.ExpectAsync(Parse("a", "select 1"), SubstituteParse, Sync);
        await server.SendAsync(ParseComplete, SyntaxError, ReadyForQuery('I'));
        await client.ExpectAsync(ParseComplete);
        await client.ExpectErrorAsync("53400");
        await client.ExpectAsync(ReadyForQuery('I'));
    }

    /// <summary>The client sees nothing of the substitute, the server nothing of what was denied.</summary>
    private static void AssertNothingOfOurs(ClientPeer client, ServerPeer server)
    {
        Assert.DoesNotContain("sallyport", Encoding.Latin1.GetString(client.Received), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("drop table", Encoding.Latin1.GetString(server.Received), StringComparison.OrdinalIgnoreCase);
    }
}
