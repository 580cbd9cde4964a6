namespace Sallyport.Wire.Tests;

/// <summary>
/// Every state and every message type, 0 to 255, of both sides. The tables are written from PostgreSQL's chapter 55, not from the engine.
/// </summary>
public sealed class StateTableTests
{
    /// <summary>55.7, messages marked (F). CopyData, CopyDone and CopyFail without a COPY are ignored by the server (55.2.6); GSSResponse and SASL share 'p'.</summary>
    private const string ClientReady = "BCdcfDEHFPQSX";

    /// <summary>The only answers to AuthenticationCleartextPassword and to SASL (55.2.1, 55.3), and Terminate (55.2.8).</summary>
    private const string ClientPassword = "pX";

    /// <summary>While a person logs in elsewhere nothing was asked for.</summary>
    private const string ClientPrompted = "X";

    /// <summary>What completes or continues each reply: type, and the state it leads to.</summary>
    private static readonly Dictionary<PgReplyState, (char Type, PgReplyState Next)[]> Replies = new()
    {
        [PgReplyState.Idle] = [],
        // 55.2.3: "The response is either ParseComplete or ErrorResponse"; Bind, Close and Describe likewise.
        [PgReplyState.Parse] = [('1', PgReplyState.Done)],
        [PgReplyState.Bind] = [('2', PgReplyState.Done)],
        [PgReplyState.Close] = [('3', PgReplyState.Done)],
        [PgReplyState.DescribeStatement] = [('t', PgReplyState.DescribeStatementRow)],
        [PgReplyState.DescribeStatementRow] = [('T', PgReplyState.Done), ('n', PgReplyState.Done)],
        [PgReplyState.DescribePortal] = [('T', PgReplyState.Done), ('n', PgReplyState.Done)],
        // 55.2.3: Execute doesn't cause ReadyForQuery or RowDescription to be issued; it ends with exactly one of C, I, E, s.
        [PgReplyState.Execute] =
        [
            ('D', PgReplyState.Execute), ('C', PgReplyState.Done), ('s', PgReplyState.Done), ('I', PgReplyState.Done), ('G', PgReplyState.ExecuteCopyIn),
            ('H', PgReplyState.ExecuteCopyOut),
        ],
        // 55.2.6: the server is waiting for data; then CommandComplete.
        [PgReplyState.ExecuteCopyIn] = [('C', PgReplyState.Done)],
        // 55.2.6: zero or more CopyData, then CopyDone, then CommandComplete.
        [PgReplyState.ExecuteCopyOut] = [('d', PgReplyState.ExecuteCopyOut), ('c', PgReplyState.Execute)],
        [PgReplyState.Sync] = [('Z', PgReplyState.Done)],
        // 55.2.2: any number of results, then ReadyForQuery.
        [PgReplyState.Query] =
        [
            ('T', PgReplyState.QueryRows), ('C', PgReplyState.Query), ('I', PgReplyState.Query), ('G', PgReplyState.QueryCopyIn), ('H', PgReplyState.QueryCopyOut),
            ('Z', PgReplyState.Done),
        ],
        [PgReplyState.QueryRows] = [('D', PgReplyState.QueryRows), ('C', PgReplyState.Query)],
        [PgReplyState.QueryCopyIn] = [('C', PgReplyState.Query)],
        [PgReplyState.QueryCopyOut] = [('d', PgReplyState.QueryCopyOut), ('c', PgReplyState.Query)],
        // 55.2.2: an error ends the query string; only ReadyForQuery is left.
        [PgReplyState.QueryFailed] = [('Z', PgReplyState.Done)],
        // 55.2.5: FunctionCallResponse or ErrorResponse, then ReadyForQuery.
        [PgReplyState.FunctionCall] = [('V', PgReplyState.FunctionCallDone)],
        [PgReplyState.FunctionCallDone] = [('Z', PgReplyState.Done)],
        // 55.2.3: the server reads and discards messages until a Sync is reached.
        [PgReplyState.Failed] = [],
        [PgReplyState.Done] = [],
    };

    /// <summary>Where an ErrorResponse leads, which can come at any time (55.2.8).</summary>
    private static PgReplyState AfterError(PgReplyState state) => state switch
    {
        PgReplyState.Query or PgReplyState.QueryRows or PgReplyState.QueryCopyIn or PgReplyState.QueryCopyOut or PgReplyState.QueryFailed => PgReplyState.QueryFailed,
        PgReplyState.FunctionCall or PgReplyState.FunctionCallDone => PgReplyState.FunctionCallDone,
        PgReplyState.Idle => PgReplyState.Idle,
        PgReplyState.Sync => PgReplyState.Sync,
        _ => PgReplyState.Failed,
    };

    [Fact]
    public void Every_message_of_a_target_in_every_state()
    {
        foreach (PgReplyState state in Enum.GetValues<PgReplyState>())
        {
            for (int type = 0; type < 256; type++)
            {
                PgReplyState? expected = (char)type switch
                {
                    'E' => AfterError(state),
                    // 55.2.7: asynchronous, in any state.
                    'N' or 'A' or 'S' => state,
                    _ => Array.Find(Replies[state], r => r.Type == type) is { Type: not '\0' } reply ? reply.Next : null,
                };
                bool legal = PgState.TryAdvance(state, (byte)type, out PgReplyState next);
                Assert.Equal((state, type, expected is not null), (state, type, legal));
                if (expected is not null)
                    Assert.Equal((state, type, expected), (state, type, next));
            }
        }
    }

    [Fact]
    public void Every_message_of_a_client_in_every_state()
    {
        foreach (PgClientState state in Enum.GetValues<PgClientState>())
        {
            string types = state switch
            {
                PgClientState.Ready => ClientReady,
                PgClientState.Password or PgClientState.SaslInitial or PgClientState.SaslResponse => ClientPassword,
                PgClientState.Prompted => ClientPrompted,
                _ => "",
            };
            PgClientState onwards = state == PgClientState.SaslInitial ? PgClientState.SaslResponse : state;
            for (int type = 0; type < 256; type++)
            {
                bool legal = PgState.TryAdvance(state, (byte)type, out PgClientState next);
                Assert.Equal((state, type, types.Contains((char)type)), (state, type, legal));
                if (legal)
                    Assert.Equal((type, type == 'X' ? PgClientState.Closed : onwards), (type, next));
            }
        }
    }

    [Theory, Chunkings]
    public async Task A_client_that_sends_anything_else_is_ended(Chunking chunking)
    {
        for (int type = 0; type < 256; type++)
        {
            if (!ClientPassword.Contains((char)type))
            {
                await using var login = new Session(chunking);
                ClientPeer stranger = await login.ConnectAsync();
                await stranger.SendStartupAsync();
                await stranger.ExpectAsync(AuthenticationCleartextPassword);
                await stranger.SendAsync(Typed((byte)type, "x"));
                await stranger.ExpectFatalAsync("08P01");
                await login.ExpectEndAsync(SessionSide.Client, SessionStage.Login, "message-type", "08P01");
            }

            if (ClientReady.Contains((char)type))
                continue;
            await using var session = new Session(chunking);
            (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
            await client.SendAsync(Typed((byte)type, "x"), Query("select 1"));
            await client.ExpectFatalAsync("08P01");
            await server.ExpectClosedAsync();
            await session.ExpectEndAsync(SessionSide.Client, SessionStage.Ready, "message-type", "08P01");
        }
    }

    [Theory]
    [InlineData(AllLogins.IssuedUser, false)]
    [InlineData(AllLogins.IssuedUser, true)]
    [InlineData("alice+oauth", false)]
    [InlineData("alice+oauth", true)]
    [InlineData("alice+browser", false)]
    public async Task A_client_that_sends_anything_else_while_it_logs_in_is_ended(string user, bool midway)
    {
        string legal = user == "alice+browser" ? ClientPrompted : ClientPassword;
        for (int type = 0; type < 256; type++)
        {
            if (legal.Contains((char)type))
                continue;
            var logins = new AllLogins();
            await using var session = new Session(Chunking.Whole) { Login = logins };
            ClientPeer client = await session.ConnectAsync();
            await client.SendUserAsync(user);
            await client.ReceiveAsync();
            if (user == "alice+browser")
                await client.ReceiveAsync();
            if (midway)
            {
                await client.SendAsync(user == AllLogins.IssuedUser
                    ? new ScramClient("x").Initial : SaslInitialResponse("OAUTHBEARER", [.. "n,,\u0001auth=\u0001\u0001"u8]));
                await client.ReceiveAsync();
            }

            await client.SendAsync(Typed((byte)type, "x"));
            await client.ExpectFatalAsync("08P01");
            await session.ExpectEndAsync(SessionSide.Client, SessionStage.Login, "message-type", "08P01");
            Assert.Equal(user == AllLogins.IssuedUser ? [false] : [], logins.Password.Completions);
        }
    }

    public static TheoryData<PgReplyState> SessionStates =>
        [PgReplyState.Idle, PgReplyState.Parse, PgReplyState.Execute, PgReplyState.Sync, PgReplyState.Query, PgReplyState.FunctionCall];

    [Theory, MemberData(nameof(SessionStates))]
    public async Task A_target_that_sends_anything_else_is_ended(PgReplyState state)
    {
        byte[] request = state switch
        {
            PgReplyState.Parse => Parse("", "select 1"),
            PgReplyState.Execute => Execute(""),
            PgReplyState.Sync => Sync,
            PgReplyState.Query => Query("select 1"),
            PgReplyState.FunctionCall => FunctionCall(1),
            _ => Flush,
        };
        for (int type = 0; type < 256; type++)
        {
            if ("ENAS".Contains((char)type) || Replies[state].Any(r => r.Type == type))
                continue;
            await using var session = new Session(Chunking.Whole);
            (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
            await client.SendAsync(request);
            await server.ExpectAsync(request);
            await server.SendAsync(Typed((byte)type, "x"));
            await client.ExpectFatalAsync("08P01");
            await session.ExpectEndAsync(SessionSide.Target, SessionStage.Ready, "target-message-type", "08P01");
        }
    }
}
