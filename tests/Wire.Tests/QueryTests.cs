namespace Sallyport.Wire.Tests;

/// <summary>Statements that are let through: what one side sends, the other gets, byte for byte.</summary>
public sealed class QueryTests
{
    private static readonly byte[] OneColumn = RowDescription(new Column("?column?", Type: FakeCatalog.Int4));

    public static TheoryData<string> Replies => [.. ReplyOf.Keys];

    private static readonly Dictionary<string, byte[][]> ReplyOf = new()
    {
        ["one row"] = [OneColumn, DataRow("1"), CommandComplete("SELECT 1"), ReadyForQuery('I')],
        ["no rows"] = [OneColumn, CommandComplete("SELECT 0"), ReadyForQuery('I')],
        ["two results"] = [OneColumn, DataRow("1"), CommandComplete("SELECT 1"), CommandComplete("SET"), OneColumn, DataRow([null]), CommandComplete("SELECT 1"), ReadyForQuery('T')],
        ["empty"] = [EmptyQueryResponse, ReadyForQuery('I')],
        ["error"] = [ErrorResponse("22012", "division by zero"), ReadyForQuery('I')],
        ["error behind rows"] = [OneColumn, DataRow("1"), ErrorResponse("22012", "division by zero"), ReadyForQuery('E')],
        ["error without SQLSTATE"] = [Fields('E', ('M', "oops")), ReadyForQuery('I')],
        ["error without fields"] = [Fields('E'), ReadyForQuery('I')],
        ["error with fields twice"] = [Fields('E', ('S', "ERROR"), ('C', "22012"), ('C', "22013"), ('M', "a"), ('M', "b")), ReadyForQuery('I')],
        ["error that is malformed"] = [Typed('E', "S"), ReadyForQuery('I')],
        ["notices"] = [NoticeResponse("01000", "mind"), OneColumn, NotificationResponse(1, "c", "p"), ParameterStatus("TimeZone", "UTC"), CommandComplete("SELECT 0"), ReadyForQuery('I')],
        ["copy out"] = [CopyOutResponse, CopyData("a\n"), CopyData("b\n"), CopyDone, CommandComplete("COPY 2"), ReadyForQuery('I')],
    };

    [Theory, MemberData(nameof(Replies))]
    public async Task SimpleQuery_passes_both_ways(string reply)
    {
        foreach (Chunking chunking in new[] { Chunking.Whole, Chunking.OneByte, Chunking.Split })
        {
            await using var session = new Session(chunking);
            (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
            for (int i = 0; i < 2; i++)
            {
                await client.SendAsync(Query("select 1"));
                await server.ExpectAsync(Query("select 1"));
                await server.SendAsync(ReplyOf[reply]);
                await client.ExpectAsync(ReplyOf[reply]);
            }

            await client.SendAsync(Terminate);
            await server.ExpectAsync(Terminate);
            await session.ExpectEndAsync(SessionSide.Client, SessionStage.Ready, "closed");
        }
    }

    [Theory, Chunkings]
    public async Task Queries_sent_at_once_are_answered_in_order(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("select 1"), Query("select 2"), Query("select 3"));
        await server.ExpectAsync(Query("select 1"), Query("select 2"), Query("select 3"));
        foreach (string value in new[] { "1", "2", "3" })
            await server.SendAsync(OneColumn, DataRow(value), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        foreach (string value in new[] { "1", "2", "3" })
            await client.ExpectAsync(OneColumn, DataRow(value), CommandComplete("SELECT 1"), ReadyForQuery('I'));
    }

    [Theory, Chunkings]
    public async Task Three_statements_in_one_pipeline(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        byte[][] requests = [.. Enumerable.Range(1, 3).SelectMany(i => new[]
        {
            Parse($"s{i}", $"select {i}"), Describe('S', $"s{i}"), Bind($"p{i}", $"s{i}", 0, "x", null), Describe('P', $"p{i}"), Execute($"p{i}", 1), Close('P', $"p{i}"),
        }), Sync];
        byte[][] replies = [.. Enumerable.Range(1, 3).SelectMany(i => new[]
        {
            ParseComplete, ParameterDescription(25, 25), OneColumn, BindComplete, OneColumn, DataRow($"{i}"), i == 2 ? PortalSuspended : CommandComplete("SELECT 1"), CloseComplete,
        }), ReadyForQuery('I')];
        await client.SendAsync(requests);
        await server.ExpectAsync(requests);
        await server.SendAsync(replies);
        await client.ExpectAsync(replies);
    }

    [Theory, Chunkings]
    public async Task What_follows_an_error_is_skipped_to_its_Sync_and_no_further(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        byte[][] skipped = [Query("select 9"), Close('S', "a"), Sync];
        byte[][] next = [Parse("", "insert into t values (1)"), Describe('S', ""), Bind("", ""), Execute(""), Sync];
        await client.SendAsync([Parse("a", "select 1"), Bind("", "nowhere"), Execute(""), .. skipped, .. next]);
        await server.ExpectAsync(Parse("a", "select 1"), Bind("", "nowhere"), Execute(""));
        await server.SendAsync(ParseComplete, ErrorResponse("26000", "prepared statement \"nowhere\" does not exist"));
        await server.ExpectAsync([.. skipped, .. next]);
        byte[][] replies = [ReadyForQuery('I'), ParseComplete, ParameterDescription(), NoData, BindComplete, CommandComplete("INSERT 0 1"), ReadyForQuery('I')];
        await server.SendAsync(replies);
        await client.ExpectAsync(ParseComplete);
        await client.ExpectErrorAsync("26000");
        await client.ExpectAsync(replies);
    }

    [Theory, Chunkings]
    public async Task An_error_of_Sync_itself_is_followed_by_ReadyForQuery(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("", "commit"), Bind("", ""), Execute(""), Sync);
        await server.ExpectAsync(Parse("", "commit"), Bind("", ""), Execute(""), Sync);
        byte[][] replies = [ParseComplete, BindComplete, CommandComplete("COMMIT"), ErrorResponse("23503", "deferred"), ReadyForQuery('I')];
        await server.SendAsync(replies);
        await client.ExpectAsync(replies);
    }

    [Theory, Chunkings]
    public async Task FunctionCall_passes_where_policy_allows_it(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(FunctionCall(1598));
        await server.ExpectAsync(FunctionCall(1598));
        await server.SendAsync(FunctionCallResponse("0.5"), ReadyForQuery('I'));
        await client.ExpectAsync(FunctionCallResponse("0.5"), ReadyForQuery('I'));
    }

    /// <summary>A request loop that waits for replies which a failed pipeline will never get would wait for ever: the Sync that ends the error is behind it.</summary>
    [Theory, Chunkings]
    public async Task A_long_pipeline_that_fails_early_reaches_its_Sync(Chunking chunking)
    {
        await using var session = new Session(chunking);
        session.Listener = session.Listener with { Limits = new PgLimits { RequestsInFlight = 16 } };
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync([.. Enumerable.Repeat(Execute("p"), 100), Sync]);
        await server.ExpectAsync(Execute("p"));
        await server.SendAsync(ErrorResponse("34000", "portal \"p\" does not exist"));
        await client.ExpectErrorAsync("34000");
        while ((await server.ReceiveAsync()).Type != 'S')
        {
        }

        await server.SendAsync(ReadyForQuery('I'));
        await client.ExpectAsync(ReadyForQuery('I'));
    }

    /// <summary>A Bind of a statement whose Parse is not answered yet waits for the answer; it must not wait for those that a failed request took along.</summary>
    [Theory, Chunkings]
    public async Task A_Bind_that_waits_for_an_older_Parse_goes_on_when_its_own_pipeline_has_failed(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("s", "select 1"), Sync, Bind("", "nowhere"), Execute(""), Bind("", "s"), Execute(""), Sync);
        await server.ExpectAsync(Parse("s", "select 1"), Sync, Bind("", "nowhere"), Execute(""));
        await server.SendAsync(ParseComplete, ReadyForQuery('I'), ErrorResponse("26000", "no"));
        await client.ExpectAsync(ParseComplete, ReadyForQuery('I'));
        await client.ExpectErrorAsync("26000");
        while ((await server.ReceiveAsync()).Type != 'S')
        {
        }

        await server.SendAsync(ReadyForQuery('I'));
        await client.ExpectAsync(ReadyForQuery('I'));
    }
}
