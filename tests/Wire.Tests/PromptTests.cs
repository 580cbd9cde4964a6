namespace Sallyport.Wire.Tests;

/// <summary>A client without a password: the person logs in elsewhere while the connection waits.</summary>
public sealed class PromptTests
{
    [Theory, Chunkings]
    public async Task The_client_is_shown_where_and_goes_on_when_the_person_has_logged_in(Chunking chunking)
    {
        var logins = new AllLogins();
        await using var session = new Session(chunking) { Login = logins };
        ClientPeer client = await PromptedAsync(session);
        Assert.False(session.Server.HasVisitor);
        logins.PersonSays(new LoginResult(AllLogins.Alice, null));
        ServerPeer server = await session.Server.NextAsync();
        await server.LetInAsync(ParameterStatus("TimeZone", "UTC"));
        // AuthenticationOk has been sent, and is not sent again.
        await client.ExpectAsync(ParameterStatus("TimeZone", "UTC"));
        Assert.Equal('K', (char)(await client.ReceiveAsync()).Type);
        await client.ExpectAsync(ReadyForQuery('I'));
        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));
        Assert.Equal(["prompt of alice for shop by psql"], logins.Claims);
    }

    [Theory, Chunkings]
    public async Task Over_TLS_too(Chunking chunking)
    {
        var logins = new AllLogins();
        await using var session = new Session(chunking) { Login = logins };
        session.Listener = session.Listener with { Tls = () => Certificate.Server, Login = PgLoginMethod.Browser };
        ClientPeer client = await session.ConnectAsync();
        await client.SendAsync(SslRequest);
        Assert.Equal('S', await client.ReceiveByteAsync());
        await client.StartTlsAsync();
        await client.SendUserAsync("alice");
        await client.ExpectAsync(AuthenticationOk);
        await client.ReceiveAsync();
        logins.PersonSays(new LoginResult(AllLogins.Alice, null));
        ServerPeer server = await session.Server.NextAsync();
        await server.LetInAsync();
        Assert.Equal('K', (char)(await client.ReceiveAsync()).Type);
        await client.ExpectAsync(ReadyForQuery('I'));
        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));
    }

    [Theory, Chunkings]
    public async Task A_person_who_is_refused_is_refused_like_everybody(Chunking chunking)
    {
        var logins = new AllLogins();
        await using var session = new Session(chunking) { Login = logins };
        ClientPeer client = await PromptedAsync(session);
        logins.PersonSays(new LoginResult(null, "prompt-denied"));
        Assert.Equal("login refused", (await client.ExpectFatalAsync("28P01"))['M']);
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Login, "prompt-denied", "28P01");
    }

    [Theory]
    [Chunkings(false)]
    [Chunkings(true)]
    public async Task A_client_that_hangs_up_takes_the_prompt_with_it(bool politely, Chunking chunking)
    {
        var logins = new AllLogins();
        await using var session = new Session(chunking) { Login = logins };
        ClientPeer client = await PromptedAsync(session);
        if (politely)
            await client.SendAsync(Terminate);
        else
            client.HalfClose();
        await logins.Cancelled.Task.WaitAsync(Peer.Patience);
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Login, "closed-before-login");
    }

    [Theory, Chunkings]
    public async Task A_client_that_vanishes_takes_the_prompt_with_it(Chunking chunking)
    {
        var logins = new AllLogins();
        await using var session = new Session(chunking) { Login = logins };
        ClientPeer client = await PromptedAsync(session);
        client.Vanish();
        await logins.Cancelled.Task.WaitAsync(Peer.Patience);
        Assert.Equal(SessionSide.Client, (await session.EndAsync()).Side);
    }

    [Theory, Chunkings]
    public async Task Anything_a_client_says_while_it_waits_ends_it(Chunking chunking)
    {
        foreach (byte[] said in new[] { Password("token"), Query("select 1"), Startup(Protocol30, ("user", "root")), [0] })
        {
            var logins = new AllLogins();
            await using var session = new Session(chunking) { Login = logins };
            ClientPeer client = await PromptedAsync(session);
            await client.SendAsync(said);
            await client.ExpectFatalAsync("08P01");
            await logins.Cancelled.Task.WaitAsync(Peer.Patience);
            await session.ExpectEndAsync(SessionSide.Client, SessionStage.Login, "message-type", "08P01");
        }
    }

    [Theory, Chunkings]
    public async Task It_is_waited_for_longer_than_a_handshake_takes_and_counts_as_unauthenticated_meanwhile(Chunking chunking)
    {
        int authenticated = 0;
        var logins = new AllLogins();
        await using var session = new Session(chunking) { Login = logins };
        session.Listener = session.Listener with { Limits = new PgLimits { Handshake = TimeSpan.FromMilliseconds(300) }, Authenticated = () => authenticated++ };
        ClientPeer client = await PromptedAsync(session);
        await Task.Delay(TimeSpan.FromMilliseconds(700));
        Assert.Equal((false, 0), (session.Running.IsCompleted, authenticated));
        logins.PersonSays(new LoginResult(AllLogins.Alice, null));
        await session.Server.NextAsync();
        Assert.Equal(1, authenticated);
    }

    [Fact]
    public async Task A_prompt_that_does_not_end_is_cut_whatever_it_said_of_its_life()
    {
        var logins = new AllLogins { PromptLife = TimeSpan.FromDays(1) };
        await using var session = new Session(Chunking.Whole) { Login = logins };
        session.Listener = session.Listener with { Limits = new PgLimits { Prompt = TimeSpan.Zero } };
        ClientPeer client = await PromptedAsync(session);
        await client.DrainAsync();
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Startup, "handshake-timeout");
        Assert.True(logins.Cancelled.Task.IsCompleted);
    }

    [Theory, Chunkings]
    public async Task Without_anybody_to_ask_it_is_refused(Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.SendUserAsync("alice+browser");
        await client.ExpectAsync(AuthenticationOk);
        await client.ExpectFatalAsync("28P01");
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Login, "prompt-unavailable", "28P01");
    }

    private static async Task<ClientPeer> PromptedAsync(Session session)
    {
        ClientPeer client = await session.ConnectAsync();
        await client.SendUserAsync("alice+browser");
        await client.ExpectAsync(AuthenticationOk);
        PgMessage notice = await client.ReceiveAsync();
        Assert.Equal('N', (char)notice.Type);
        Dictionary<char, string> fields = Peer.ErrorFields(notice.Body);
        Assert.Equal(("NOTICE", "NOTICE", "00000"), (fields['S'], fields['V'], fields['C']));
        Assert.Contains("https://login.example.com/device", fields['M'], StringComparison.Ordinal);
        Assert.Contains("WXYZ-1234", fields['M'], StringComparison.Ordinal);
        Assert.Contains("UTC", fields['D'], StringComparison.Ordinal);
        return client;
    }
}
