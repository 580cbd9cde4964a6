namespace Sallyport.Wire.Tests;

/// <summary>COPY in both directions and both protocols, and what is late (PostgreSQL 55.2.6; PgBouncer #1470).</summary>
public sealed class CopyTests
{
    private const string CopyIn = "copy t from stdin";

    [Theory, Chunkings]
    public async Task Simple_COPY_in(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(CopyIn));
        await server.ExpectAsync(Query(CopyIn));
        await server.SendAsync(CopyInResponse);
        await client.ExpectAsync(CopyInResponse);
        await client.SendAsync(CopyData("1\n"), CopyData("2\n"), CopyDone);
        await server.ExpectAsync(CopyData("1\n"), CopyData("2\n"), CopyDone);
        await server.SendAsync(CommandComplete("COPY 2"), ReadyForQuery('I'));
        await client.ExpectAsync(CommandComplete("COPY 2"), ReadyForQuery('I'));
        await ExpectUsableAsync(client, server);
    }

    [Theory, Chunkings]
    public async Task Simple_COPY_in_that_the_client_gives_up(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(CopyIn));
        await server.ExpectAsync(Query(CopyIn));
        await server.SendAsync(CopyInResponse);
        await client.ExpectAsync(CopyInResponse);
        await client.SendAsync(CopyData("1\n"), CopyFail("changed my mind"));
        await server.ExpectAsync(CopyData("1\n"), CopyFail("changed my mind"));
        await server.SendAsync(ErrorResponse("57014", "COPY from stdin failed"), ReadyForQuery('I'));
        await client.ExpectErrorAsync("57014");
        await client.ExpectAsync(ReadyForQuery('I'));
        await ExpectUsableAsync(client, server);
    }

    /// <summary>The server drops what is left of the data (55.2.6), and so must everyone on the way.</summary>
    [Theory, Chunkings(true), Chunkings(false)]
    public async Task Data_that_is_late_after_an_error_disturbs_nothing(bool done, Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        for (int round = 0; round < 2; round++)
        {
            await client.SendAsync(Query(CopyIn), CopyData("1\n"));
            await server.ExpectAsync(Query(CopyIn), CopyData("1\n"));
            await server.SendAsync(CopyInResponse, ErrorResponse("22P02", "invalid input syntax"), ReadyForQuery('I'));
            await client.ExpectAsync(CopyInResponse);
            await client.ExpectErrorAsync("22P02");
            await client.ExpectAsync(ReadyForQuery('I'));
            byte[][] late = done ? [CopyData("2\n"), CopyData("3\n"), CopyDone] : [CopyData("2\n"), CopyFail("late")];
            await client.SendAsync(late);
            await server.ExpectAsync(late);
            await ExpectUsableAsync(client, server);
        }
    }

    [Theory, Chunkings]
    public async Task CopyData_without_a_COPY_passes_and_disturbs_nothing(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        byte[][] stray = [CopyData("x"), CopyDone, CopyFail("?"), CopyDone];
        await client.SendAsync(stray);
        await server.ExpectAsync(stray);
        await ExpectUsableAsync(client, server);
        await client.SendAsync([Query("select 2"), .. stray, Query("select 3")]);
        await server.ExpectAsync([Query("select 2"), .. stray, Query("select 3")]);
        await server.SendAsync(EmptyQueryResponse, ReadyForQuery('I'), EmptyQueryResponse, ReadyForQuery('I'));
        await client.ExpectAsync(EmptyQueryResponse, ReadyForQuery('I'), EmptyQueryResponse, ReadyForQuery('I'));
        await ExpectUsableAsync(client, server);
    }

    /// <summary>
    /// libpq sends Sync right behind Execute, and another behind the data: in COPY-in mode the server ignores the first. Whether it would is known once
    /// the COPY has begun, or has not; the engine asks the server to say so first, and leaves out what the server would ignore.
    /// </summary>
    [Theory, Chunkings(true), Chunkings(false)]
    public async Task Extended_COPY_in(bool earlySync, Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        for (int round = 0; round < 2; round++)
        {
            byte[][] requests = [Parse("", CopyIn), Bind("", ""), Describe('P', ""), Execute("")];
            await client.SendAsync([.. requests, earlySync ? Sync : Flush]);
            await server.ExpectAsync([.. requests, Flush]);
            await server.SendAsync(ParseComplete, BindComplete, NoData, CopyInResponse);
            await client.ExpectAsync(ParseComplete, BindComplete, NoData, CopyInResponse);
            await client.SendAsync(CopyData("1\n"), CopyDone, Sync);
            await server.ExpectAsync(CopyData("1\n"), CopyDone, Sync);
            await server.SendAsync(CommandComplete("COPY 1"), ReadyForQuery('I'));
            await client.ExpectAsync(CommandComplete("COPY 1"), ReadyForQuery('I'));
            await ExpectUsableAsync(client, server);
        }
    }

    [Theory, Chunkings(true), Chunkings(false)]
    public async Task Extended_COPY_in_that_fails_on_its_data(bool earlySync, Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        for (int round = 0; round < 2; round++)
        {
            byte[][] requests = [Parse("", CopyIn), Bind("", ""), Execute("")];
            await client.SendAsync([.. requests, earlySync ? Sync : Flush]);
            await server.ExpectAsync([.. requests, Flush]);
            await server.SendAsync(ParseComplete, BindComplete, CopyInResponse);
            await client.ExpectAsync(ParseComplete, BindComplete, CopyInResponse);
            await client.SendAsync(CopyData("x\n"));
            await server.ExpectAsync(CopyData("x\n"));
            await server.SendAsync(ErrorResponse("22P02", "invalid input syntax"));
            await client.ExpectErrorAsync("22P02");
            // More data was on its way; the Sync behind it ends the error.
            await client.SendAsync(CopyData("y\n"), CopyDone, Sync);
            await server.ExpectAsync(CopyData("y\n"), CopyDone, Sync);
            await server.SendAsync(ReadyForQuery('I'));
            await client.ExpectAsync(ReadyForQuery('I'));
            await ExpectUsableAsync(client, server);
        }
    }

    [Theory, Chunkings]
    public async Task Extended_COPY_in_sent_all_at_once_that_fails(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        for (int round = 0; round < 2; round++)
        {
            byte[][] requests = [Parse("", CopyIn), Bind("", ""), Execute("")];
            byte[][] data = [CopyData("x\n"), CopyData("y\n"), CopyDone, Sync];
            await client.SendAsync([.. requests, Sync, .. data]);
            await server.ExpectAsync([.. requests, Flush]);
            await server.SendAsync(ParseComplete, BindComplete, CopyInResponse);
            await server.ExpectAsync(data);
            await server.SendAsync(ErrorResponse("22P02", "invalid input syntax"), ReadyForQuery('I'));
            await client.ExpectAsync(ParseComplete, BindComplete, CopyInResponse);
            await client.ExpectErrorAsync("22P02");
            await client.ExpectAsync(ReadyForQuery('I'));
            await ExpectUsableAsync(client, server);
        }
    }

    /// <summary>A client that sees an error of a simple COPY never sends CopyDone; its next COPY, pipelined, must still be told apart from its Syncs.</summary>
    [Theory, Chunkings]
    public async Task A_COPY_without_end_does_not_confuse_the_next(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(CopyIn), CopyData("x\n"));
        await server.ExpectAsync(Query(CopyIn), CopyData("x\n"));
        await server.SendAsync(CopyInResponse, ErrorResponse("22P02", "invalid input syntax"), ReadyForQuery('I'));
        await client.ExpectAsync(CopyInResponse);
        await client.ExpectErrorAsync("22P02");
        await client.ExpectAsync(ReadyForQuery('I'));

        await client.SendAsync(Parse("", CopyIn), Bind("", ""), Execute(""), Sync, CopyData("x\n"));
        await server.ExpectAsync(Parse("", CopyIn), Bind("", ""), Execute(""), Flush);
        await server.SendAsync(ParseComplete, BindComplete, CopyInResponse);
        await server.ExpectAsync(CopyData("x\n"));
        await server.SendAsync(ErrorResponse("22P02", "invalid input syntax"));
        await client.ExpectAsync(ParseComplete, BindComplete, CopyInResponse);
        await client.ExpectErrorAsync("22P02");
        await client.SendAsync(Sync);
        await server.ExpectAsync(Sync);
        await server.SendAsync(ReadyForQuery('I'));
        await client.ExpectAsync(ReadyForQuery('I'));
    }

    /// <summary>Then the first Sync is read as one, the data is ignored, and the second Sync is one too.</summary>
    [Theory, Chunkings]
    public async Task Extended_COPY_in_sent_all_at_once_that_never_begins(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        for (int round = 0; round < 2; round++)
        {
            await client.SendAsync(Parse("", CopyIn), Bind("", ""), Execute(""), Sync, CopyData("x\n"), CopyDone, Sync);
            await server.ExpectAsync(Parse("", CopyIn), Bind("", ""), Execute(""));
            await server.SendAsync(ParseComplete, BindComplete, ErrorResponse("42P01", "relation \"t\" does not exist"));
            await server.ExpectAsync(Sync, CopyData("x\n"), CopyDone, Sync);
            await server.SendAsync(ReadyForQuery('I'), ReadyForQuery('I'));
            await client.ExpectAsync(ParseComplete, BindComplete);
            await client.ExpectErrorAsync("42P01");
            await client.ExpectAsync(ReadyForQuery('I'), ReadyForQuery('I'));
            await ExpectUsableAsync(client, server);
        }
    }

    [Theory, Chunkings]
    public async Task A_COPY_that_nobody_asked_for_ends_the_session(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));
        await server.SendAsync(CopyInResponse);
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.Ready, "target-copy-in", "08P01");
    }

    /// <summary>A request inside COPY data is what a server of version 14 or later ends the session for.</summary>
    [Theory, Chunkings]
    public async Task A_request_inside_a_COPY_ends_the_session(Chunking chunking)
    {
        foreach (byte[] request in new[] { Query("select 1"), Parse("", "select 1"), Bind("", ""), Describe('P', ""), Execute(""), Close('P', "") })
        {
            await using var session = new Session(chunking);
            (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
            await client.SendAsync(Query(CopyIn));
            await server.ExpectAsync(Query(CopyIn));
            await server.SendAsync(CopyInResponse);
            await client.ExpectAsync(CopyInResponse);
            await client.SendAsync(CopyData("1\n"), request);
            await client.ExpectFatalAsync("08P01");
            Assert.Equal(CopyData("1\n"), await server.DrainAsync());
            await session.ExpectEndAsync(SessionSide.Client, SessionStage.Ready, "message-malformed", "08P01");
        }
    }

    [Theory, Chunkings]
    public async Task COPY_out_passes_and_ends(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        byte[][] requests = [Parse("", "copy t to stdout"), Bind("", ""), Execute(""), Sync];
        await client.SendAsync(requests);
        await server.ExpectAsync(requests);
        byte[][] replies = [ParseComplete, BindComplete, CopyOutResponse, CopyData("1\n"), CopyData(""), CopyDone, CommandComplete("COPY 2"), ReadyForQuery('I')];
        await server.SendAsync(replies);
        await client.ExpectAsync(replies);

        await client.SendAsync(Query("copy t to stdout"));
        await server.ExpectAsync(Query("copy t to stdout"));
        byte[][] failing = [CopyOutResponse, CopyData("1\n"), ErrorResponse("57014", "canceling statement due to user request"), ReadyForQuery('I')];
        await server.SendAsync(failing);
        await client.ExpectAsync(failing);
        await ExpectUsableAsync(client, server);
    }

    [Theory, Chunkings]
    public async Task COPY_BOTH_is_not_legal(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));
        await server.SendAsync(Typed('W', (byte)0, (short)0));
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.Ready, "target-message-type", "08P01");
    }

    /// <summary>Once a SET has been answered its setting is known again, also when there was a COPY in between.</summary>
    [Theory, Chunkings]
    public async Task A_finished_COPY_leaves_nothing_that_makes_settings_look_unsettled(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Open.Replace("  - {id: unparsed, effect: allow, verbs: [all], unparsed: true}\n", "", StringComparison.Ordinal));
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("set client_encoding to 'UTF8'"));
        await server.ExpectAsync(Query("set client_encoding to 'UTF8'"));
        await server.SendAsync(CommandComplete("SET"), ParameterStatus("client_encoding", "UTF8"), ReadyForQuery('I'));
        await client.ExpectAsync(CommandComplete("SET"), ParameterStatus("client_encoding", "UTF8"), ReadyForQuery('I'));
        await client.SendAsync(Query(CopyIn), CopyData("1\n"), CopyDone);
        await server.ExpectAsync(Query(CopyIn), CopyData("1\n"), CopyDone);
        await server.SendAsync(CopyInResponse, CommandComplete("COPY 1"), ReadyForQuery('I'));
        await client.ExpectAsync(CopyInResponse, CommandComplete("COPY 1"), ReadyForQuery('I'));
        await client.SendAsync(Query("select 'é'"));
        await server.ExpectAsync(Query("select 'é'"));
    }

    /// <summary>The session goes on, and replies find their requests.</summary>
    private static async Task ExpectUsableAsync(ClientPeer client, ServerPeer server)
    {
        await client.SendAsync(Query("select 1"), Parse("", "select 1"), Sync);
        await server.ExpectAsync(Query("select 1"), Parse("", "select 1"), Sync);
        byte[][] replies = [RowDescription(new Column("a")), DataRow("1"), CommandComplete("SELECT 1"), ReadyForQuery('I'), ParseComplete, ReadyForQuery('I')];
        await server.SendAsync(replies);
        await client.ExpectAsync(replies);
    }
}
