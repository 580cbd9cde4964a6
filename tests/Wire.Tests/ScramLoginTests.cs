using System.Net.Security;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Wire.Tests;

/// <summary>Issued passwords by SCRAM-SHA-256 (RFC 5802, RFC 7677), bound to the channel where there is one (RFC 5929).</summary>
public sealed class ScramLoginTests
{
    private static readonly byte[] Offer = AuthenticationSasl("SCRAM-SHA-256");
    private static readonly byte[] TlsOffer = AuthenticationSasl("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256");

    [Theory]
    [Chunkings("n,,")]
    [Chunkings("y,,")]
    public async Task The_right_password_lets_in_and_the_server_proves_itself(string header, Chunking chunking)
    {
        var logins = new AllLogins();
        await using var session = new Session(chunking) { Login = logins };
        ClientPeer client = await AskedAsync(session, Offer);
        var scram = new ScramClient(AllLogins.IssuedPassword) { Header = header };
        await scram.ProveAsync(client);
        await (await session.Server.NextAsync()).LetInAsync();
        await client.ExpectAsync(AuthenticationSaslFinal(scram.Signature));
        await client.ReceiveWelcomeAsync();
        Assert.Equal([true], logins.Password.Completions);
    }

    [Theory]
    [Chunkings("another", AllLogins.IssuedUser, "password-wrong")]
    [Chunkings(AllLogins.IssuedPassword, "st_nobody", "password-wrong")]
    [Chunkings("", AllLogins.IssuedUser, "password-wrong")]
    public async Task A_wrong_password_and_an_unknown_user_look_the_same(string password, string user, string reason, Chunking chunking)
    {
        var logins = new AllLogins();
        await using var session = new Session(chunking) { Login = logins };
        ClientPeer client = await AskedAsync(session, Offer, user);
        await new ScramClient(password).ProveAsync(client);
        Dictionary<char, string> error = await client.ExpectFatalAsync("28P01");
        Assert.Equal(("login refused", false), (error['M'], error.ContainsKey('D')));
        Assert.Equal([false], logins.Password.Completions);
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Login, reason, "28P01");
    }

    [Theory, Chunkings]
    public async Task A_right_password_for_a_forbidden_target_looks_like_a_wrong_one(Chunking chunking)
    {
        byte[]? first = null;
        foreach ((string password, string database) in new[] { ("another", "shop"), (AllLogins.IssuedPassword, "vault"), (AllLogins.IssuedPassword, "nowhere") })
        {
            await using var session = new Session(chunking) { Login = new AllLogins() };
            ClientPeer client = await session.ConnectAsync();
            await client.SendUserAsync(AllLogins.IssuedUser, database);
            await client.ExpectAsync(Offer);
            await new ScramClient(password).ProveAsync(client);
            byte[] rest = await client.DrainAsync();
            Assert.Equal(first ??= rest, rest);
        }
    }

    [Theory, Chunkings]
    public async Task A_right_password_that_was_revoked_gets_no_proof_of_it(Chunking chunking)
    {
        var logins = new AllLogins();
        logins.Password.IsRevoked = true;
        await using var session = new Session(chunking) { Login = logins };
        ClientPeer client = await AskedAsync(session, Offer);
        await new ScramClient(AllLogins.IssuedPassword).ProveAsync(client);
        await client.ExpectFatalAsync("28P01");
        Assert.Equal([true], logins.Password.Completions);
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Login, "password-revoked", "28P01");
    }

    /// <summary>What a dishonest client sends in place of its final message, and how the engine says it ended.</summary>
    private static readonly Dictionary<string, (Func<string, string> Spoil, string Reason)> Tricks = new()
    {
        ["proof of zeros"] = (f => f[..(f.IndexOf(",p=", StringComparison.Ordinal) + 3)] + Convert.ToBase64String(new byte[32]), "password-wrong"),
        ["one bit of the proof"] = (Flip, "password-wrong"),
        ["proof too short"] = (f => f[..(f.IndexOf(",p=", StringComparison.Ordinal) + 3)] + Convert.ToBase64String(new byte[31]), "message-malformed"),
        ["proof too long"] = (f => f[..(f.IndexOf(",p=", StringComparison.Ordinal) + 3)] + Convert.ToBase64String(new byte[33]), "message-malformed"),
        ["no proof"] = (f => f[..f.IndexOf(",p=", StringComparison.Ordinal)], "message-malformed"),
        ["something behind the proof"] = (f => f + ",x=1", "message-malformed"),
        ["nonce of the client only"] = (f => System.Text.RegularExpressions.Regex.Replace(f, "r=[^,]*", "r=fyko+d2lbbFgONRv9qkxdawL"), "message-malformed"),
        ["nonce changed"] = (f => f.Replace("r=f", "r=g", StringComparison.Ordinal), "message-malformed"),
        ["nonce longer"] = (f => f.Replace(",p=", "x,p=", StringComparison.Ordinal), "message-malformed"),
        ["another header than at first"] = (f => f.Replace("c=biws", "c=eSws", StringComparison.Ordinal), "scram-other-channel"),
        ["channel where there is none"] = (f => f.Replace("c=biws", "c=" + Convert.ToBase64String(Encoding.ASCII.GetBytes("p=tls-server-end-point,,x")), StringComparison.Ordinal), "scram-other-channel"),
        ["mandatory extension"] = (f => f.Replace(",p=", ",m=1,p=", StringComparison.Ordinal), "message-malformed"),
        ["empty"] = (_ => "", "message-malformed"),
    };

    public static TheoryData<string> TrickNames => [.. Tricks.Keys];

    [Theory, MemberData(nameof(TrickNames))]
    public async Task A_dishonest_client_is_not_let_in_and_is_counted_once(string trick)
    {
        foreach (Chunking chunking in new[] { Chunking.Whole, Chunking.OneByte, Chunking.Split })
        {
            var logins = new AllLogins();
            await using var session = new Session(chunking) { Login = logins };
            ClientPeer client = await AskedAsync(session, Offer);
            await new ScramClient(AllLogins.IssuedPassword) { Spoil = Tricks[trick].Spoil }.ProveAsync(client);
            await client.ExpectFatalAsync(Tricks[trick].Reason == "message-malformed" ? "08P01" : "28P01");
            Assert.Equal(Tricks[trick].Reason, (await session.EndAsync()).Reason);
            Assert.Equal([false], logins.Password.Completions);
        }
    }

    [Theory]
    [Chunkings("SCRAM-SHA-256", "n,,n=,r=", "message-malformed")]
    [Chunkings("SCRAM-SHA-256", "n,,n=", "message-malformed")]
    [Chunkings("SCRAM-SHA-256", "n,,r=abc,n=", "message-malformed")]
    [Chunkings("SCRAM-SHA-256", "n,,m=1,n=,r=abc", "message-malformed")]
    [Chunkings("SCRAM-SHA-256", "n,,n=,r=abc,m=1", "message-malformed")]
    [Chunkings("SCRAM-SHA-256", "n,a=root,n=,r=abc", "message-malformed")]
    [Chunkings("SCRAM-SHA-256", "n,,n=,r=a b", "message-malformed")]
    [Chunkings("SCRAM-SHA-256", "n,,n=,r=a\u00e9", "message-malformed")]
    [Chunkings("SCRAM-SHA-256", "p=tls-server-end-point,,n=,r=abc", "message-malformed")]
    [Chunkings("SCRAM-SHA-256", "", "message-malformed")]
    [Chunkings("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=,r=abc", "sasl-mechanism")]
    [Chunkings("OAUTHBEARER", "n,,\u0001auth=Bearer token-of-alice\u0001\u0001", "sasl-mechanism")]
    public async Task A_first_message_that_is_none_ends_it_and_is_counted(string mechanism, string message, string reason, Chunking chunking)
    {
        var logins = new AllLogins();
        await using var session = new Session(chunking) { Login = logins };
        ClientPeer client = await AskedAsync(session, Offer);
        await client.SendAsync(SaslInitialResponse(mechanism, Encoding.UTF8.GetBytes(message)));
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Login, reason, "08P01");
        Assert.Equal([false], logins.Password.Completions);
    }

    [Theory, Chunkings]
    public async Task A_client_that_leaves_is_counted_wherever_it_was(Chunking chunking)
    {
        for (int step = 0; step < 3; step++)
        {
            var logins = new AllLogins();
            await using var session = new Session(chunking) { Login = logins };
            ClientPeer client = await AskedAsync(session, Offer);
            if (step > 0)
            {
                await client.SendAsync(new ScramClient("x").Initial);
                await client.ReceiveAsync();
            }

            if (step == 2)
                await client.SendAsync(Terminate);
            else
                client.HalfClose();
            Assert.Equal("closed-before-login", (await session.EndAsync()).Reason);
            Assert.Equal([false], logins.Password.Completions);
        }
    }

    [Theory, Chunkings]
    public async Task A_second_StartupMessage_during_SCRAM_ends_it(Chunking chunking)
    {
        for (int step = 0; step < 2; step++)
        {
            var logins = new AllLogins();
            await using var session = new Session(chunking) { Login = logins };
            ClientPeer client = await AskedAsync(session, Offer);
            if (step > 0)
            {
                await client.SendAsync(new ScramClient("x").Initial);
                await client.ReceiveAsync();
            }

            await client.SendUserAsync("st_bob");
            await client.ExpectFatalAsync("08P01");
            await session.ExpectEndAsync(SessionSide.Client, SessionStage.Login, "message-type", "08P01");
            Assert.Equal([false], logins.Password.Completions);
        }
    }

    [Theory, Chunkings]
    public async Task A_message_above_the_limit_ends_it_before_it_has_come(Chunking chunking)
    {
        await using var session = new Session(chunking) { Login = new AllLogins() };
        ClientPeer client = await AskedAsync(session, Offer);
        await client.SendAsync(Header('p', 1025));
        await client.ExpectFatalAsync("08P01");
    }

    [Theory, Chunkings]
    public async Task Over_TLS_the_password_is_bound_to_the_certificate(Chunking chunking)
    {
        await using var session = TlsSession(chunking, new AllLogins());
        ClientPeer client = await TlsAskedAsync(session);
        var scram = new ScramClient(AllLogins.IssuedPassword) { Mechanism = "SCRAM-SHA-256-PLUS", Header = "p=tls-server-end-point,,", Channel = EndPoint(client) };
        await scram.ProveAsync(client);
        await (await session.Server.NextAsync()).LetInAsync();
        await client.ExpectAsync(AuthenticationSaslFinal(scram.Signature));
        await client.ReceiveWelcomeAsync();
    }

    [Theory, Chunkings]
    public async Task A_password_bound_to_another_certificate_is_refused(Chunking chunking)
    {
        var logins = new AllLogins();
        await using var session = TlsSession(chunking, logins);
        ClientPeer client = await TlsAskedAsync(session);
        byte[] channel = EndPoint(client);
        channel[0] ^= 1;
        await new ScramClient(AllLogins.IssuedPassword) { Mechanism = "SCRAM-SHA-256-PLUS", Header = "p=tls-server-end-point,,", Channel = channel }.ProveAsync(client);
        await client.ExpectFatalAsync("28P01");
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Login, "scram-other-channel", "28P01");
        Assert.Equal([false], logins.Password.Completions);
    }

    [Theory]
    [Chunkings("SCRAM-SHA-256", "y,,", "28P01", "scram-downgraded")]
    [Chunkings("SCRAM-SHA-256", "p=tls-server-end-point,,", "08P01", "message-malformed")]
    [Chunkings("SCRAM-SHA-256-PLUS", "n,,", "08P01", "message-malformed")]
    [Chunkings("SCRAM-SHA-256-PLUS", "y,,", "08P01", "message-malformed")]
    [Chunkings("SCRAM-SHA-256-PLUS", "p=tls-unique,,", "08P01", "message-malformed")]
    [Chunkings("SCRAM-SHA-256-PLUS", "p=tls-exporter,,", "08P01", "message-malformed")]
    public async Task A_downgrade_is_refused(string mechanism, string header, string sqlState, string reason, Chunking chunking)
    {
        var logins = new AllLogins();
        await using var session = TlsSession(chunking, logins);
        ClientPeer client = await TlsAskedAsync(session);
        await client.SendAsync(new ScramClient(AllLogins.IssuedPassword) { Mechanism = mechanism, Header = header }.Initial);
        await client.ExpectFatalAsync(sqlState);
        Assert.Equal(reason, (await session.EndAsync()).Reason);
        Assert.Equal([false], logins.Password.Completions);
    }

    [Theory, Chunkings]
    public async Task A_client_that_cannot_bind_is_let_in_over_TLS_too(Chunking chunking)
    {
        await using var session = TlsSession(chunking, new AllLogins());
        ClientPeer client = await TlsAskedAsync(session);
        await new ScramClient(AllLogins.IssuedPassword).ProveAsync(client);
        await (await session.Server.NextAsync()).LetInAsync();
        Assert.Equal('R', (char)(await client.ReceiveAsync()).Type);
        await client.ReceiveWelcomeAsync();
    }

    private static Session TlsSession(Chunking chunking, AllLogins logins)
    {
        var session = new Session(chunking) { Login = logins };
        session.Listener = session.Listener with { Tls = () => Certificate.Server };
        return session;
    }

    private static async Task<ClientPeer> AskedAsync(Session session, byte[] offer, string user = AllLogins.IssuedUser)
    {
        ClientPeer client = await session.ConnectAsync();
        await client.SendUserAsync(user);
        await client.ExpectAsync(offer);
        return client;
    }

    private static async Task<ClientPeer> TlsAskedAsync(Session session)
    {
        ClientPeer client = await session.ConnectAsync();
        await client.SendAsync(SslRequest);
        Assert.Equal('S', await client.ReceiveByteAsync());
        await client.StartTlsAsync();
        await client.SendUserAsync(AllLogins.IssuedUser);
        await client.ExpectAsync(TlsOffer);
        return client;
    }

    /// <summary>RFC 5929 4.1; the test's certificate is signed with SHA-256.</summary>
    private static byte[] EndPoint(ClientPeer client) => SHA256.HashData(((SslStream)client.Stream).RemoteCertificate!.GetRawCertData());

    private static string Flip(string final)
    {
        int at = final.IndexOf(",p=", StringComparison.Ordinal) + 3;
        byte[] proof = Convert.FromBase64String(final[at..]);
        proof[^1] ^= 1;
        return final[..at] + Convert.ToBase64String(proof);
    }
}
