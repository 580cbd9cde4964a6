namespace Sallyport.Wire.Tests;

/// <summary>How sessions end, what the other side is told, and what the audit keeps.</summary>
public sealed class TerminationTests
{
    private static readonly byte[] OneColumn = RowDescription(new Column("a"));

    [Theory, Chunkings]
    public async Task A_client_that_vanishes_ends_the_targets_session_too(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        client.Vanish();
        byte[] last = await server.DrainAsync();
        Assert.True(last.Length == 0 || last.SequenceEqual(Terminate));
        Assert.Equal(SessionSide.Client, (await session.EndAsync()).Side);
    }

    [Theory, Chunkings]
    public async Task A_client_that_closes_without_Terminate_has_it_said_for_it(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        client.HalfClose();
        await server.ExpectAsync(Terminate);
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Ready, "closed-without-terminate");
    }

    [Theory, Chunkings]
    public async Task A_client_that_closes_inside_a_message_leaves_it_unfinished(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        byte[] torn = Bind("", "", 0, "0123456789")[..^4];
        await client.SendAsync(Parse("", "select $1"), torn);
        client.HalfClose();
        await server.ExpectAsync(Parse("", "select $1"));
        Assert.Equal(torn, await server.DrainAsync());
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Ready, "closed-inside-message");
    }

    [Theory, Chunkings]
    public async Task A_half_sent_statement_is_never_run(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("delete from customers where id = 10")[..^3]);
        client.HalfClose();
        await server.ExpectAsync(Terminate);
        Assert.Empty(session.Recorder.Only.Decisions);
    }

    [Theory, Chunkings]
    public async Task A_server_that_vanishes_is_told_of(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        server.Vanish();
        await client.ExpectFatalAsync("08006");
        Assert.Equal((SessionSide.Target, SessionStage.Ready), ((await session.EndAsync()).Side, session.Recorder.Only.End!.Stage));
    }

    [Theory, Chunkings]
    public async Task A_server_whose_loss_is_found_by_sending_is_told_of_too(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, _) = await session.ReadyAsync();
        session.Upstream.Last!.LoseSends();
        await client.SendAsync(Query("select 1"));
        await client.ExpectFatalAsync("08006");
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.Ready, "connection-lost");
    }

    [Theory, Chunkings]
    public async Task A_server_that_closes_in_the_middle_of_a_result_is_told_of(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));
        await server.SendAsync(OneColumn, DataRow("1"));
        server.HalfClose();
        await client.ExpectAsync(OneColumn, DataRow("1"));
        await client.ExpectFatalAsync("08006");
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.Ready, "target-closed", "08006");
    }

    [Theory, Chunkings]
    public async Task A_server_that_closes_inside_a_message_gets_no_word_put_into_it(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));
        byte[] torn = DataRow("0123456789")[..^4];
        await server.SendAsync(OneColumn, torn);
        server.HalfClose();
        await client.ExpectAsync(OneColumn);
        Assert.Equal(torn, await client.DrainAsync());
        Assert.Equal("target-closed", (await session.EndAsync()).Reason);
    }

    [Theory, Chunkings("57P01"), Chunkings("25P03")]
    public async Task A_servers_FATAL_passes_and_is_the_last_word(string sqlState, Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        byte[] fatal = ErrorResponse(sqlState, "terminating connection", "FATAL");
        await server.SendAsync(fatal);
        server.HalfClose();
        await client.ExpectAsync(fatal);
        await client.ExpectClosedAsync();
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.Ready, "target-closed", sqlState);
    }

    [Theory, Chunkings]
    public async Task Ended_from_outside_while_idle_the_client_is_told_why(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        ISessionControl control = Assert.Single(session.Live.Controls);
        control.End("idle", "You were idle for too long.");
        control.End("second", "not this");
        Assert.Equal("You were idle for too long.", (await client.ExpectFatalAsync("57P01"))['M']);
        await server.ExpectClosedAsync();
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Ready, "idle", "57P01");
    }

    [Theory, Chunkings]
    public async Task Stopped_while_a_query_runs_the_client_is_told_why(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("select pg_sleep(60)"));
        await server.ExpectAsync(Query("select pg_sleep(60)"));
        session.Stop();
        await client.ExpectFatalAsync("57P01");
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Ready, "stopped", "57P01");
    }

    /// <summary>A client that reads nothing blocks only itself, and not its own end.</summary>
    [Fact]
    public async Task Ended_from_outside_while_the_client_reads_nothing_it_ends_all_the_same()
    {
        await using var session = new Session(Chunking.Whole);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));
        ChunkedDuplex.Stall stall = session.ClientSide!.StopReading();
        await server.SendAsync(OneColumn);
        await stall.Reached.WaitAsync(Peer.Patience);
        Assert.Single(session.Live.Controls).End("idle", "too long");
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Ready, "idle", "57P01");
    }

    [Theory, Chunkings]
    public async Task What_the_server_says_unasked_passes(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        byte[][] unasked = [NotificationResponse(1, "jobs", "done"), NoticeResponse("01000", "hello"), ParameterStatus("application_name", "x")];
        await server.SendAsync(unasked);
        await client.ExpectAsync(unasked);
    }
}
