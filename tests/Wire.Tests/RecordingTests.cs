using System.Text;

namespace Sallyport.Wire.Tests;

/// <summary>What is kept is what happened, and what cannot be kept does not happen.</summary>
public sealed class RecordingTests
{
    private static readonly byte[] OneColumn = RowDescription(new Column("email", FakeCatalog.Customers, 2));

    [Theory, Chunkings]
    public async Task What_is_recorded_is_what_was_sent_and_shown(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync(ParameterStatus("server_version", "18.0"), NoticeResponse("42000", "hello"));
        await client.SendAsync(Query("select email from customers"));
        await server.ExpectAsync(Query("select email from customers"));
        await server.SendAsync(OneColumn, DataRow("alice@example.com"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        await client.ExpectAsync(OneColumn, DataRow("[redacted]"), CommandComplete("SELECT 1"), ReadyForQuery('I'));

        await client.SendAsync(Query("drop table customers"));
        await server.ReceiveAsync();
        await server.SendAsync(ErrorResponse("42601", "syntax error"), ReadyForQuery('I'));
        await client.ExpectErrorAsync("42501");
        await client.ExpectAsync(ReadyForQuery('I'));

        await client.SendAsync(Parse("", "insert into orders values ($1, $2)"), Bind("", "", 0, "42", "parameter"), Execute(""), Sync);
        await server.ExpectAsync(Parse("", "insert into orders values ($1, $2)"), Bind("", "", 0, "42", "parameter"), Describe('P', ""), Execute(""), Sync);
        await server.SendAsync(ParseComplete, BindComplete, NoData, CommandComplete("INSERT 0 1"), ReadyForQuery('I'));
        await client.ExpectAsync(ParseComplete, BindComplete, CommandComplete("INSERT 0 1"), ReadyForQuery('I'));

        await client.SendAsync(Query("copy orders from stdin"));
        await server.ExpectAsync(Query("copy orders from stdin"));
        await server.SendAsync(CopyInResponse);
        await client.ExpectAsync(CopyInResponse);
        await client.SendAsync(CopyData("1\t2\n"), CopyDone, Terminate);
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Ready, "closed");

        Assert.Equal(Shown(client), session.Recorder.Only.ToClient);
        Assert.Equal(AfterPassword(client), session.Recorder.Only.FromClient);
    }

    [Theory]
    [Chunkings("alter role bob password 'hunter2'", "hunter2")]
    [Chunkings("create user bob with login encrypted password E'hun\\'ter2' valid until 'infinity'", "ter2")]
    [Chunkings("select 1; alter user bob password 'hunter2'; select 2", "hunter2")]
    public async Task Passwords_in_statements_are_blanked(string sql, string secret, Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        byte[][] requests = [Query(sql), Parse("s", sql), Sync, Query("select 1")];
        await client.SendAsync(requests);
        await server.ExpectAsync(requests);
        string sent = Encoding.Latin1.GetString(AfterPassword(client));
        await client.SendAsync(Terminate);
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Ready, "closed");

        string recorded = Encoding.Latin1.GetString(session.Recorder.Only.FromClient)[..sent.Length];
        Assert.DoesNotContain(secret, recorded, StringComparison.Ordinal);
        Assert.DoesNotContain(session.Recorder.Only.Decisions, d => d.Text.Contains(secret, StringComparison.Ordinal));
        // Nothing else is changed: every byte is either what was sent or a star within one of the two literals.
        Assert.All(sent.Zip(recorded), pair => Assert.True(pair.First == pair.Second || pair.Second == '*'));
        Assert.InRange(recorded.Count(c => c == '*') / 2, secret.Length, secret.Length + 8);
    }

    [Theory, Chunkings]
    public async Task What_the_client_sent_is_kept_also_when_it_is_refused(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("drop role bob; alter role eve password 'hunter2'"), Terminate);
        await server.ReceiveAsync();
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Ready, "closed");
        string recorded = Encoding.Latin1.GetString(session.Recorder.Only.FromClient);
        Assert.Contains("drop role bob", recorded, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", recorded, StringComparison.Ordinal);
        Assert.Equal(["open/no-drop", "open/all"], session.Recorder.Only.Decisions.Select(d => d.Verdict.RuleId));
    }

    [Theory, Chunkings]
    public async Task A_recording_that_fails_lets_nothing_more_reach_the_target(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        session.Recorder.Only.Fails = true;
        await client.SendAsync(Query("select 1"));
        await client.ExpectFatalAsync("58030");
        await server.ExpectClosedAsync();
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Ready, "recording-failed", "58030");
    }

    [Theory, Chunkings]
    public async Task A_recording_that_fails_lets_nothing_more_reach_the_client(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));
        session.Recorder.Only.Fails = true;
        await server.SendAsync(OneColumn, DataRow("1"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        await client.ExpectFatalAsync("58030");
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Ready, "recording-failed", "58030");
    }

    /// <summary>A last word is put behind whole messages only: behind what was sent, not behind what was about to be.</summary>
    [Theory, Chunkings]
    public async Task A_recording_that_fails_on_the_beginning_of_a_row_leaves_room_for_the_reason_and_inside_one_it_does_not(Chunking chunking)
    {
        byte[] row = DataRow("0123456789");
        foreach (bool sentBefore in new[] { false, true })
        {
            await using var session = new Session(chunking);
            (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
            await client.SendAsync(Query("select 1"));
            await server.ExpectAsync(Query("select 1"));
            await server.SendAsync(OneColumn);
            await client.ExpectAsync(OneColumn);
            if (sentBefore)
            {
                await server.SendAsync(row[..10]);
                for (int i = 0; i < 10; i++)
                    await client.ReceiveByteAsync();
            }

            session.Recorder.Only.Fails = true;
            await server.SendAsync(sentBefore ? row[10..] : row[..^3]);
            if (sentBefore)
                await client.ExpectClosedAsync();
            else
                await client.ExpectFatalAsync("58030");
            await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Ready, "recording-failed", "58030");
        }
    }

    [Theory, Chunkings]
    public async Task A_recording_that_cannot_be_opened_refuses_the_session(Chunking chunking)
    {
        await using var session = new Session(chunking);
        session.Recorder.RefusesToOpen = true;
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync();
        await client.ExpectFatalAsync("58030");
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Route, "recording-failed", "58030");
        Assert.False(session.Server.HasVisitor);
    }

    [Theory, Chunkings]
    public async Task A_recording_that_fails_before_the_welcome_refuses_the_session(Chunking chunking)
    {
        await using var session = new Session(chunking);
        session.Recorder.FailsAtOnce = true;
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync();
        await (await session.Server.NextAsync()).LetInAsync(ParameterStatus("server_version", "18.0"));
        await client.ExpectFatalAsync("58030");
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.TargetLogin, "recording-failed", "58030");
    }

    [Theory, Chunkings]
    public async Task A_client_that_vanishes_before_the_welcome_ends_the_recording_the_same_way_as_the_session(Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync();
        ServerPeer server = await session.Server.NextAsync();
        await server.ReceiveStartupAsync();
        client.Vanish();
        await server.WelcomeAsync();
        await server.DrainAsync();
        Assert.Equal(SessionSide.Client, (await session.EndAsync()).Side);
    }

    [Theory, Chunkings]
    public async Task A_statement_waits_until_its_decision_is_kept(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        var behind = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        session.Recorder.Only.Behind = behind;
        await client.SendAsync(Query("select 1"));
        while (session.Recorder.Only.Decisions.Length == 0)
            await Task.Yield();
        Assert.Equal(0, server.Socket.Available);
        session.Recorder.Only.Behind = null;
        behind.SetResult();
        await server.ExpectAsync(Query("select 1"));
    }

    /// <summary>What the client got behind AuthenticationOk, but for its cancel key.</summary>
    private static byte[] Shown(ClientPeer client)
    {
        byte[] all = client.Received[(AuthenticationCleartextPassword.Length + AuthenticationOk.Length)..];
        int at = 0;
        while (all[at] != 'K')
            at += 1 + System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(all.AsSpan(at + 1));
        return [.. all[..at], .. all[(at + 13)..]];
    }

    /// <summary>What the client sent behind its password.</summary>
    private static byte[] AfterPassword(ClientPeer client)
    {
        int startup = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(client.Sent);
        return client.Sent[(startup + Password(Doors.GoodToken).Length)..];
    }
}
