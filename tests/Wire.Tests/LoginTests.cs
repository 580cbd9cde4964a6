namespace Sallyport.Wire.Tests;

/// <summary>Who is let in to what, and what one who is not can learn.</summary>
public sealed class LoginTests
{
    [Theory, Chunkings]
    public async Task Every_refusal_looks_the_same_and_is_audited_for_what_it_is(Chunking chunking)
    {
        (string Token, string Database, string Reason)[] refused =
        [
            ("wrong", "shop", "token-unknown"),
            ("", "shop", "token-unknown"),
            (Doors.GoodToken, "nowhere", "target-unknown"),
            (Doors.GoodToken, "shop/", "target-unknown"),
            (Doors.GoodToken, "vault", "target-forbidden"),
            ("wrong", "nowhere", "token-unknown"),
        ];
        byte[]? first = null;
        foreach ((string token, string database, string reason) in refused)
        {
            await using var session = new Session(chunking);
            ClientPeer client = await session.ConnectAsync();
            await client.LoginAsync(token, database);
            await client.ExpectFatalAsync("28P01");
            Assert.Equal(first ??= client.Received, client.Received);
            Assert.Equal(reason, (await session.EndAsync()).Reason);
            Assert.True(session.Recorder.IsEmpty);
        }
    }

    [Theory, Chunkings]
    public async Task Terminate_in_place_of_the_password_ends_it(Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.SendStartupAsync();
        await client.ExpectAsync(AuthenticationCleartextPassword);
        await client.SendAsync(Terminate);
        await client.ExpectClosedAsync();
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Login, "closed-before-login");
    }

    [Theory, Chunkings]
    public async Task A_password_message_with_something_behind_the_password_ends_it(Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.SendStartupAsync();
        await client.ExpectAsync(AuthenticationCleartextPassword);
        await client.SendAsync(Typed('p', Doors.GoodToken, "more"));
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Login, "message-malformed", "08P01");
    }

    [Fact]
    public async Task A_silent_client_is_cut_at_the_deadline_whatever_it_is_silent_about()
    {
        for (int step = 0; step < 4; step++)
        {
            await using var session = new Session(Chunking.Whole);
            session.Listener = session.Listener with { Limits = new PgLimits { Handshake = TimeSpan.FromMilliseconds(100) }, Tls = () => step == 3 ? Certificate.Server : null };
            ClientPeer client = await session.ConnectAsync();
            if (step == 1)
                await client.SendAsync([0, 0]);
            if (step == 2)
                await client.SendStartupAsync();
            if (step == 3)
                await client.SendAsync(SslRequest);
            await client.DrainAsync();
            SessionEnd end = await session.EndAsync();
            Assert.Equal((step, SessionSide.Proxy, "handshake-timeout"), (step, end.Side, end.Reason));
        }
    }

    [Fact]
    public async Task A_silent_target_is_cut_at_the_deadline()
    {
        await using var session = new Session(Chunking.Whole);
        session.Listener = session.Listener with { Limits = new PgLimits { Handshake = TimeSpan.FromMilliseconds(300) } };
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync();
        ServerPeer server = await session.Server.NextAsync();
        await server.ReceiveStartupAsync();
        await server.ExpectClosedAsync();
        await client.DrainAsync();
        SessionEnd end = await session.EndAsync();
        Assert.False(end.IsClean);
    }

    [Theory, Chunkings]
    public async Task A_session_above_the_limit_is_told_so(Chunking chunking)
    {
        await using var session = new Session(chunking);
        session.Live.Full = "at most 3 sessions";
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync();
        Assert.Equal("at most 3 sessions", (await client.ExpectFatalAsync("53300"))['M']);
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Route, "limit-reached", "53300");
    }
}
