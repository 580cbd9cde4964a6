using System.Text;
using static Sallyport.Wire.Tests.HoldTests;

namespace Sallyport.Wire.Tests;

/// <summary>Prepared statements that wait for a person: at Execute, with their values, and by no other way.</summary>
public sealed class HeldExecuteTests
{
    private const string Sql = "delete from orders where id = $1";
    private const string AskDelete = Policies.Open + "\n  - {id: ask-delete, effect: hold, verbs: [delete]}\n";

    private static readonly byte[] SubstituteParse = Parse("sallyport", Encoding.UTF8.GetString(PgRefusal.SubstituteText));

    [Theory, Chunkings]
    public async Task Only_Execute_waits_and_the_replies_to_what_was_before_it_come_first(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, AskDelete);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("", Sql), Bind("", "", 0, "7"), Describe('P', ""), Execute(""), Sync);
        await server.ExpectAsync(Parse("", Sql), Bind("", "", 0, "7"), Describe('P', ""), Flush);
        Assert.False(approver.IsAsked);
        await server.SendAsync(ParseComplete, BindComplete, NoData);
        await client.ExpectAsync(ParseComplete, BindComplete, NoData);
        Approver.Asked asked = await approver.NextAsync();
        await ExpectNoticeAsync(client);
        Assert.Equal((Sql, Verb.Delete), (asked.Action.Text, asked.Action.Verb));
        Assert.Equal([new HeldParameter("", "7")], asked.Action.Parameters);
        AssertUntouched(server);
        asked.Approve();
        await server.ExpectAsync(Execute(""), Sync);
        Assert.NotNull(session.Live.Only.Granted);
        await server.SendAsync(CommandComplete("DELETE 1"), ReadyForQuery('I'));
        await client.ExpectAsync(CommandComplete("DELETE 1"), ReadyForQuery('I'));
        Assert.Null(session.Live.Only.Granted);
        await ExpectUsableAsync(client, server);
    }

    [Theory, Chunkings]
    public async Task A_cached_statement_is_held_at_each_run_with_the_values_of_that_run(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, AskDelete);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await PreparedAsync(client, server);
        var digests = new List<string>();
        foreach (string? value in new[] { "7", "8", null, "7" })
        {
            byte[] bind = Bind("", "s", 0, value);
            await client.SendAsync(bind, Execute(""), Sync);
            await server.ExpectAsync(bind, Flush);
            await server.SendAsync(BindComplete);
            await client.ExpectAsync(BindComplete);
            Approver.Asked asked = await approver.NextAsync();
            await ExpectNoticeAsync(client);
            Assert.Equal([new HeldParameter("int4", value)], asked.Action.Parameters);
            digests.Add(Convert.ToHexString(asked.Action.Digest.Span));
            asked.Approve();
            await server.ExpectAsync(Execute(""), Sync);
            await server.SendAsync(CommandComplete("DELETE 1"), ReadyForQuery('I'));
            await client.ExpectAsync(CommandComplete("DELETE 1"), ReadyForQuery('I'));
        }

        Assert.Equal(3, digests.Distinct().Count());
        Assert.Equal(digests[0], digests[3]);
    }

    [Theory, Chunkings]
    public async Task Each_of_several_in_one_pipeline_waits_by_itself_and_a_denial_skips_to_Sync(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, AskDelete);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await PreparedAsync(client, server);
        await client.SendAsync(Bind("", "s", 0, "1"), Execute(""), Bind("", "s", 0, "2"), Execute(""), Bind("", "s", 0, "3"), Execute(""), Sync);
        await server.ExpectAsync(Bind("", "s", 0, "1"), Flush);
        await server.SendAsync(BindComplete);
        await client.ExpectAsync(BindComplete);
        (await approver.NextAsync()).Approve();
        await ExpectNoticeAsync(client);
        await server.ExpectAsync(Execute(""), Bind("", "s", 0, "2"), Flush);
        Assert.False(approver.IsAsked);
        await server.SendAsync(CommandComplete("DELETE 1"), BindComplete);
        await client.ExpectAsync(CommandComplete("DELETE 1"), BindComplete);
        Approver.Asked second = await approver.NextAsync();
        Assert.Equal("2", second.Action.Parameters[0].Value);
        await ExpectNoticeAsync(client);
        second.Refuse();
        // The third is skipped by the target with the second: nobody is asked.
        await server.ExpectAsync(SubstituteParse, Bind("", "s", 0, "3"), Flush);
        await server.SendAsync(SyntaxError);
        Assert.Equal("Rule open/ask-delete. Approval apr-7.", (await client.ExpectErrorAsync("42501"))['D']);
        await server.ExpectAsync(Execute(""), Sync);
        await server.SendAsync(ReadyForQuery('I'));
        await client.ExpectAsync(ReadyForQuery('I'));
        Assert.False(approver.IsAsked);
        await ExpectUsableAsync(client, server);
    }

    [Theory, Chunkings]
    public async Task A_CancelRequest_takes_back_an_Execute(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, AskDelete);
        (ClientPeer client, ServerPeer server, (int process, byte[] key)) = await session.ReadyWithKeyAsync(Protocol30);
        await PreparedAsync(client, server);
        await BoundAsync(client, server, "", "7");
        await client.SendAsync(Execute(""), Sync);
        Approver.Asked asked = await approver.NextAsync();
        await ExpectNoticeAsync(client);
        ClientPeer canceller = await session.ConnectAsync();
        await canceller.SendAsync(CancelRequest(process, key));
        await asked.Withdrawn.Task.WaitAsync(Peer.Patience);
        await server.ExpectAsync(SubstituteParse, Sync);
        await server.SendAsync(SyntaxError, ReadyForQuery('E'));
        await client.ExpectErrorAsync("57014");
        await client.ExpectAsync(ReadyForQuery('E'));
    }

    [Theory, Chunkings]
    public async Task More_rows_of_what_was_approved_need_no_other_approval_until_it_ends(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, Policies.Open + "\n  - {id: ask-select, effect: hold, verbs: [select], objects: [customers]}\n");
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("", "select id from customers"), Bind("p", ""), Flush);
        await server.ExpectAsync(Parse("", "select id from customers"), Bind("p", ""));
        await server.SendAsync(ParseComplete, BindComplete);
        await client.ExpectAsync(ParseComplete, BindComplete);
        for (int page = 0; page < 3; page++)
        {
            await client.SendAsync(Execute("p", 1), Flush);
            if (page == 0)
            {
                (await approver.NextAsync()).Approve();
                await ExpectNoticeAsync(client);
            }

            await server.ExpectAsync(Execute("p", 1));
            await server.SendAsync(DataRow("1"), PortalSuspended);
            await client.ExpectAsync(DataRow("1"), PortalSuspended);
        }

        // Bound again it is another run.
        await client.SendAsync(Close('P', "p"), Bind("p", ""), Execute("p", 1), Flush);
        await server.ExpectAsync(Close('P', "p"), Bind("p", ""), Flush);
        await server.SendAsync(CloseComplete, BindComplete);
        await client.ExpectAsync(CloseComplete, BindComplete);
        (await approver.NextAsync()).Approve(DateTimeOffset.UtcNow.AddMinutes(-1));
        await ExpectNoticeAsync(client);
        await server.ExpectAsync(Execute("p", 1));
        await server.SendAsync(DataRow("1"), PortalSuspended);
        await client.ExpectAsync(DataRow("1"), PortalSuspended);
        // What that approval was for is over.
        await client.SendAsync(Execute("p", 1), Flush);
        await approver.NextAsync();
        AssertUntouched(server);
    }

    [Theory, Chunkings]
    public async Task What_the_target_will_skip_is_nobodys_to_approve(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, AskDelete);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("", Sql), Bind("", "", 0, "seven"), Execute(""), Sync);
        await server.ExpectAsync(Parse("", Sql), Bind("", "", 0, "seven"), Flush);
        await server.SendAsync(ParseComplete, ErrorResponse("22P02", "invalid input syntax for type integer"));
        await server.ExpectAsync(Execute(""), Sync);
        await server.SendAsync(ReadyForQuery('I'));
        await client.ExpectAsync(ParseComplete);
        await client.ExpectErrorAsync("22P02");
        await client.ExpectAsync(ReadyForQuery('I'));
        Assert.False(approver.IsAsked);
        Assert.Null(session.Live.Only.Granted);
    }

    [Theory, Chunkings]
    public async Task A_portal_bound_before_the_rules_changed_is_refused_and_bound_again_it_waits(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await PreparedAsync(client, server);
        await BoundAsync(client, server, "", "7");
        Doors.Load(session.Policy, AskDelete);
        await client.SendAsync(Execute(""), Sync);
        await server.ExpectAsync(SubstituteParse, Sync);
        await server.SendAsync(SyntaxError, ReadyForQuery('I'));
        Assert.Contains("bound before the rules changed", (await client.ExpectErrorAsync("42501"))['M'], StringComparison.Ordinal);
        await client.ExpectAsync(ReadyForQuery('I'));
        await BoundAsync(client, server, "", "8");
        await client.SendAsync(Execute(""), Sync);
        Assert.Equal("8", (await approver.NextAsync()).Action.Parameters[0].Value);
        AssertUntouched(server);
    }

    [Theory, Chunkings]
    public async Task A_statement_bound_after_the_rules_changed_waits(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await PreparedAsync(client, server);
        Doors.Load(session.Policy, AskDelete);
        await BoundAsync(client, server, "", "7");
        await client.SendAsync(Execute(""), Sync);
        Assert.Equal("7", (await approver.NextAsync()).Action.Parameters[0].Value);
        AssertUntouched(server);
    }

    [Theory, Chunkings]
    public async Task Values_that_are_too_large_to_be_kept_are_refused(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, AskDelete);
        session.Listener = session.Listener with { Limits = new PgLimits { HeldValueBytes = 100 } };
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await PreparedAsync(client, server);
        await BoundAsync(client, server, "", new string('7', 200));
        await client.SendAsync(Execute(""), Sync);
        await server.ExpectAsync(SubstituteParse, Sync);
        await server.SendAsync(SyntaxError, ReadyForQuery('I'));
        Assert.Contains("too large", (await client.ExpectErrorAsync("42501"))['M'], StringComparison.Ordinal);
        Assert.False(approver.IsAsked);
    }

    [Theory]
    [Chunkings("execute s(7)")]
    [Chunkings("EXECUTE \"s\" (7)")]
    [Chunkings("explain analyze execute s(7)")]
    [Chunkings("create table x as execute s(7)")]
    [Chunkings("fetch all from p")]
    [Chunkings("move all in p")]
    [Chunkings("select cursor_to_xml('p', 1, false, false, '')")]
    [Chunkings("select 1; execute s(7)")]
    public async Task SQL_cannot_run_what_waits_by_its_name(string sql, Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, AskDelete);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await PreparedAsync(client, server);
        await BoundAsync(client, server, "p", "7");
        await client.SendAsync(Query(sql));
        await server.ExpectAsync(Substitute);
        await server.SendAsync(SyntaxError, ReadyForQuery('I'));
        Assert.Equal("Rule open/ask-delete.", (await client.ExpectErrorAsync("42501"))['D']);
        Assert.False(approver.IsAsked);
    }

    [Theory]
    [Chunkings("execute s(7)")]
    [Chunkings("fetch all from p")]
    public async Task Nor_by_a_statement_that_was_prepared_before_there_was_such_a_name(string sql, Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, AskDelete);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("e", sql), Sync);
        await server.ExpectAsync(Parse("e", sql), Sync);
        await server.SendAsync(ParseComplete, ReadyForQuery('I'));
        await client.ExpectAsync(ParseComplete, ReadyForQuery('I'));
        await PreparedAsync(client, server);
        await BoundAsync(client, server, "p", "7");
        await client.SendAsync(Bind("", "e"), Execute(""), Sync);
        await server.ExpectAsync(Bind("", "e"), SubstituteParse, Sync);
        Assert.False(approver.IsAsked);
    }

    [Theory, Chunkings]
    public async Task Nor_by_a_name_that_may_stand_for_it(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, AskDelete);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await PreparedAsync(client, server);
        // The name is taken: the target keeps the older statement.
        await client.SendAsync(Parse("s", "select 1"), Sync);
        await server.ExpectAsync(Parse("s", "select 1"), Sync);
        await server.SendAsync(ErrorResponse("42P05", "prepared statement \"s\" already exists"), ReadyForQuery('I'));
        await client.ExpectErrorAsync("42P05");
        await client.ExpectAsync(ReadyForQuery('I'));
        await client.SendAsync(Bind("", "s", 0, "7"), Execute(""), Sync);
        await server.ExpectAsync(Bind("", "s", 0, "7"), SubstituteParse, Sync);
        await server.SendAsync(BindComplete, SyntaxError, ReadyForQuery('I'));
        await client.ExpectAsync(BindComplete);
        Assert.Equal("Rule open/ask-delete.", (await client.ExpectErrorAsync("42501"))['D']);
        Assert.False(approver.IsAsked);
    }

    [Theory, Chunkings]
    public async Task Without_anything_held_the_same_names_are_judged_as_ever(Chunking chunking)
    {
        await using Session session = Open(chunking, out _, AskDelete);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("execute s(7)"), Query("fetch all from p"), Bind("", "unknown"), Execute(""), Sync);
        await server.ExpectAsync(Query("execute s(7)"), Query("fetch all from p"), Bind("", "unknown"), Execute(""), Sync);
    }

    [Theory, Chunkings]
    public async Task Types_that_Parse_left_open_are_those_that_the_target_described(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, AskDelete);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("s", Sql), Describe('S', "s"), Sync);
        await server.ExpectAsync(Parse("s", Sql), Describe('S', "s"), Sync);
        await server.SendAsync(ParseComplete, ParameterDescription(20), NoData, ReadyForQuery('I'));
        await client.ExpectAsync(ParseComplete, ParameterDescription(20), NoData, ReadyForQuery('I'));
        byte[] bind = Typed('B', "", "s", (short)1, (short)1, (short)1, 8, new byte[] { 0, 0, 0, 0, 0, 0, 1, 0 }, (short)0);
        await client.SendAsync(bind, Execute(""), Sync);
        await server.ExpectAsync(bind, Flush);
        await server.SendAsync(BindComplete);
        await client.ExpectAsync(BindComplete);
        Assert.Equal([new HeldParameter("int8", "256")], (await approver.NextAsync()).Action.Parameters);
    }

    /// <summary>A statement s with one int4 parameter, known to be at the target.</summary>
    private static async Task PreparedAsync(ClientPeer client, ServerPeer server)
    {
        byte[] parse = Typed('P', "s", Sql, (short)1, 23);
        await client.SendAsync(parse, Sync);
        await server.ExpectAsync(parse, Sync);
        await server.SendAsync(ParseComplete, ReadyForQuery('I'));
        await client.ExpectAsync(ParseComplete, ReadyForQuery('I'));
    }

    private static async Task BoundAsync(ClientPeer client, ServerPeer server, string portal, string value)
    {
        await client.SendAsync(Bind(portal, "s", 0, value), Flush);
        await server.ExpectAsync(Bind(portal, "s", 0, value));
        await server.SendAsync(BindComplete);
        await client.ExpectAsync(BindComplete);
    }
}
