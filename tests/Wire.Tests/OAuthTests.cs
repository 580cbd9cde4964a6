using System.Text;

namespace Sallyport.Wire.Tests;

/// <summary>OAUTHBEARER (RFC 7628) as PostgreSQL 18 speaks it.</summary>
public sealed class OAuthTests
{
    private static readonly byte[] Offer = AuthenticationSasl("OAUTHBEARER");
    private static readonly byte[] Error = AuthenticationSaslContinue(
        $$"""{"status":"invalid_token","scope":"openid sallyport","openid-configuration":"{{AllLogins.Discovery}}"}""");

    private static readonly byte[] Dummy = SaslResponse([1]);

    [Theory]
    [Chunkings("n,,\u0001auth=Bearer token-of-alice\u0001\u0001")]
    [Chunkings("y,,\u0001auth=bEARER   token-of-alice\u0001\u0001")]
    [Chunkings("n,a=,\u0001host=db.example.com\u0001port=5432\u0001auth=Bearer token-of-alice\u0001\u0001")]
    [Chunkings("n,,\u0001auth=Bearer token-of-alice\u0001future=any thing\t\u0001\u0001")]
    public async Task A_good_token_lets_in(string message, Chunking chunking)
    {
        var logins = new AllLogins();
        await using var session = new Session(chunking) { Login = logins };
        ClientPeer client = await session.ConnectAsync();
        await client.SendUserAsync("alice+oauth");
        await client.ExpectAsync(Offer);
        await client.SendAsync(Initial(message));
        await (await session.Server.NextAsync()).LetInAsync();
        await client.ReceiveWelcomeAsync();
        Assert.Equal(["token of alice"], logins.Claims);
    }

    [Theory, Chunkings]
    public async Task A_client_without_initial_data_is_asked_for_it(Chunking chunking)
    {
        await using var session = new Session(chunking) { Login = new AllLogins() };
        ClientPeer client = await session.ConnectAsync();
        await client.SendUserAsync("alice+oauth");
        await client.ExpectAsync(Offer);
        await client.SendAsync(Typed('p', "OAUTHBEARER", -1));
        await client.ExpectAsync(AuthenticationSaslContinue(""));
        await client.SendAsync(SaslResponse("n,,\u0001auth=Bearer token-of-alice\u0001\u0001"u8.ToArray()));
        await (await session.Server.NextAsync()).LetInAsync();
        await client.ReceiveWelcomeAsync();
    }

    [Theory]
    [Chunkings("n,,\u0001auth=\u0001\u0001", "token-missing")]
    [Chunkings("n,,\u0001auth=Bearer another\u0001\u0001", "token-unknown")]
    [Chunkings("n,,\u0001auth=Bearer \u0001\u0001", "token-malformed")]
    [Chunkings("n,,\u0001auth=Basic token-of-alice\u0001\u0001", "token-malformed")]
    [Chunkings("n,,\u0001auth=Bearer token of-alice\u0001\u0001", "token-malformed")]
    [Chunkings("n,,\u0001auth=Bearer tok=en\u0001\u0001", "token-malformed")]
    [Chunkings("n,,\u0001auth=Bearer ==\u0001\u0001", "token-malformed")]
    public async Task Without_a_good_token_it_is_told_where_to_get_one_and_refused(string message, string reason, Chunking chunking)
    {
        await using var session = new Session(chunking) { Login = new AllLogins() };
        ClientPeer client = await session.ConnectAsync();
        await client.SendUserAsync("alice+oauth");
        await client.ExpectAsync(Offer);
        await client.SendAsync(Initial(message));
        await client.ExpectAsync(Error);
        await client.SendAsync(Dummy);
        Assert.Equal("login refused", (await client.ExpectFatalAsync("28P01"))['M']);
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Login, reason, "28P01");
    }

    [Theory]
    [Chunkings("")]
    [Chunkings("n")]
    [Chunkings("n,,")]
    [Chunkings("n,,\u0001")]
    [Chunkings("n,,\u0001\u0001")]
    [Chunkings("n,,auth=Bearer t\u0001\u0001")]
    [Chunkings("p=tls-unique,,\u0001auth=Bearer t\u0001\u0001")]
    [Chunkings("x,,\u0001auth=Bearer t\u0001\u0001")]
    [Chunkings("n,a=root,\u0001auth=Bearer t\u0001\u0001")]
    [Chunkings("n,,\u0001auth=Bearer t\u0001")]
    [Chunkings("n,,\u0001auth=Bearer t\u0001\u0001x")]
    [Chunkings("n,,\u0001auth=Bearer t\u0001\u0001\u0001")]
    [Chunkings("n,,\u0001auth=Bearer t\u0001auth=Bearer t\u0001\u0001")]
    [Chunkings("n,,\u0001auth=Bearer t\u0001host=a\u0001host=a\u0001\u0001")]
    [Chunkings("n,,\u0001auth=Bearer t\u0001port=65x\u0001\u0001")]
    [Chunkings("n,,\u0001auth=Bearer t\u0001port=123456\u0001\u0001")]
    [Chunkings("n,,\u0001auth=Bearer t\u0001host=\u0001\u0001")]
    [Chunkings("n,,\u0001auth=Bearer t\u0001host=a b\u0001\u0001")]
    [Chunkings("n,,\u0001=Bearer t\u0001\u0001")]
    [Chunkings("n,,\u0001auth\u0001\u0001")]
    [Chunkings("n,,\u0001au-th=t\u0001auth=Bearer t\u0001\u0001")]
    [Chunkings("n,,\u0001auth=Bearer t\0\u0001\u0001")]
    [Chunkings("n,,\u0001auth=Bearer \u00e9\u0001\u0001")]
    [Chunkings("n,,\u0001host=a\u0001\u0001")]
    public async Task What_is_no_message_of_the_RFC_ends_it(string message, Chunking chunking)
    {
        await using var session = new Session(chunking) { Login = new AllLogins() };
        ClientPeer client = await session.ConnectAsync();
        await client.SendUserAsync("alice+oauth");
        await client.ExpectAsync(Offer);
        await client.SendAsync(Initial(message));
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Login, "message-malformed", "08P01");
    }

    [Theory, Chunkings]
    public async Task Sixteen_keys_are_taken_and_one_more_is_not(Chunking chunking)
    {
        for (int keys = 16; keys <= 17; keys++)
        {
            await using var session = new Session(chunking) { Login = new AllLogins() };
            ClientPeer client = await session.ConnectAsync();
            await client.SendUserAsync("alice+oauth");
            await client.ExpectAsync(Offer);
            string more = string.Concat(Enumerable.Range(0, keys - 1).Select(i => $"{(char)('a' + i)}=1\u0001"));
            await client.SendAsync(Initial($"n,,\u0001auth=Bearer wrong\u0001{more}\u0001"));
            if (keys == 16)
                await client.ExpectAsync(Error);
            else
                await client.ExpectFatalAsync("08P01");
        }
    }

    [Theory, Chunkings]
    public async Task Any_answer_to_the_error_but_one_separator_ends_it(Chunking chunking)
    {
        foreach (byte[] answer in new byte[][] { [], [1, 1], [0], [.. "n,,\u0001auth=Bearer token-of-alice\u0001\u0001"u8] })
        {
            await using var session = new Session(chunking) { Login = new AllLogins() };
            ClientPeer client = await session.ConnectAsync();
            await client.SendUserAsync("alice+oauth");
            await client.ExpectAsync(Offer);
            await client.SendAsync(Initial("n,,\u0001auth=\u0001\u0001"));
            await client.ExpectAsync(Error);
            await client.SendAsync(SaslResponse(answer));
            await client.ExpectFatalAsync("08P01");
            await session.ExpectEndAsync(SessionSide.Client, SessionStage.Login, "message-malformed", "08P01");
        }
    }

    [Theory, Chunkings]
    public async Task Another_mechanism_and_a_malformed_frame_of_one_end_it(Chunking chunking)
    {
        (byte[] Message, string Reason)[] wrong =
        [
            (SaslInitialResponse("PLAIN", [.. "\0alice\0token-of-alice"u8]), "sasl-mechanism"),
            (SaslInitialResponse("SCRAM-SHA-256", [.. "n,,n=,r=abc"u8]), "sasl-mechanism"),
            (Typed('p', "OAUTHBEARER", 4, new byte[] { 1 }), "message-malformed"),
            (Typed('p', "OAUTHBEARER", 1, new byte[] { 1, 1 }), "message-malformed"),
            (Typed('p', "OAUTHBEARER", -2), "message-malformed"),
            (Typed('p', "OAUTHBEARER"), "message-malformed"),
            (Typed('p', Encoding.ASCII.GetBytes("OAUTHBEARER")), "message-malformed"),
        ];
        foreach ((byte[] message, string reason) in wrong)
        {
            await using var session = new Session(chunking) { Login = new AllLogins() };
            ClientPeer client = await session.ConnectAsync();
            await client.SendUserAsync("alice+oauth");
            await client.ExpectAsync(Offer);
            await client.SendAsync(message);
            await client.ExpectFatalAsync("08P01");
            await session.ExpectEndAsync(SessionSide.Client, SessionStage.Login, reason, "08P01");
        }
    }

    [Theory, Chunkings]
    public async Task A_message_above_the_limit_ends_it(Chunking chunking)
    {
        await using var session = new Session(chunking) { Login = new AllLogins() };
        ClientPeer client = await session.ConnectAsync();
        await client.SendUserAsync("alice+oauth");
        await client.ExpectAsync(Offer);
        await client.SendAsync(Header('p', 65_536), "OAUTHBEARER\0"u8.ToArray());
        await client.ExpectFatalAsync("08P01");
    }

    [Theory, Chunkings]
    public async Task Without_an_issuer_it_is_refused_with_words(Chunking chunking)
    {
        await using var session = new Session(chunking) { Login = new AllLogins { DiscoveryUrl = null } };
        ClientPeer client = await session.ConnectAsync();
        await client.SendUserAsync("alice+oauth");
        Assert.Contains("+token", (await client.ExpectFatalAsync("28000"))['H'], StringComparison.Ordinal);
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Login, "oauth-unavailable", "28000");
    }

    [Theory, Chunkings]
    public async Task A_listener_can_ask_for_it_and_a_user_name_for_something_else(Chunking chunking)
    {
        await using var session = new Session(chunking) { Login = new AllLogins() };
        session.Listener = session.Listener with { Login = PgLoginMethod.OAuth };
        ClientPeer client = await session.ConnectAsync();
        await client.SendUserAsync("alice");
        await client.ExpectAsync(Offer);
        client = await session.ConnectAsync();
        await client.SendUserAsync("alice+token");
        await client.ExpectAsync(AuthenticationCleartextPassword);
    }

    [Theory, Chunkings]
    public async Task A_client_that_takes_its_time_for_a_token_is_waited_for_and_one_that_takes_longer_is_not(Chunking chunking)
    {
        await using var session = new Session(chunking) { Login = new AllLogins() };
        session.Listener = session.Listener with { Limits = new PgLimits { Handshake = TimeSpan.FromMilliseconds(300), TokenWait = TimeSpan.FromSeconds(2) } };
        ClientPeer client = await session.ConnectAsync();
        await client.SendUserAsync("alice+oauth");
        await client.ExpectAsync(Offer);
        await Task.Delay(TimeSpan.FromMilliseconds(600));
        Assert.False(session.Running.IsCompleted);
        await client.DrainAsync();
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Startup, "handshake-timeout");
    }

    private static byte[] Initial(string message) => SaslInitialResponse("OAUTHBEARER", Encoding.UTF8.GetBytes(message));
}
