namespace Sallyport.Wire.Tests;

/// <summary>The engine as a client of a target that is not to be trusted (PostgreSQL 55.2.1, 55.3; field notes: GHSA-r7rf, CVE-2026-42198, CVE-2026-6665).</summary>
public sealed class TargetLoginTests
{
    [Theory, Chunkings]
    public async Task SCRAM_with_the_right_password_leads_in(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await LoggingInAsync(session);
        var scram = new ScramServer(session.Upstream.Password);
        await scram.LogInAsync(server);
        await server.WelcomeAsync();
        await client.ReceiveWelcomeAsync();
        Assert.DoesNotContain(session.Upstream.Password, System.Text.Encoding.UTF8.GetString(client.Received), StringComparison.Ordinal);
    }

    [Theory, Chunkings]
    public async Task SCRAM_is_chosen_when_more_is_offered(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await LoggingInAsync(session);
        await new ScramServer(session.Upstream.Password) { Offered = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "FUTURE"] }.LogInAsync(server);
        await server.WelcomeAsync();
        await client.ReceiveWelcomeAsync();
    }

    public static TheoryData<string> Tricks => [.. ScramServer.Tricks.Keys];

    [Theory, MemberData(nameof(Tricks))]
    public async Task SCRAM_trick_ends_the_login(string trick)
    {
        foreach (Chunking chunking in new[] { Chunking.Whole, Chunking.OneByte, Chunking.Split })
        {
            // A megabyte, byte by byte, shows nothing more.
            if (chunking.IsOneByte && trick.Contains("1 MB", StringComparison.Ordinal))
                continue;
            await using var session = new Session(chunking);
            (ClientPeer client, ServerPeer server) = await LoggingInAsync(session);
            await ScramServer.Tricks[trick](server, session.Upstream.Password);
            await ExpectLoginFailedAsync(session, client, "target-login-failed");
        }
    }

    [Theory]
    [Chunkings("shop", 3, false)]
    [Chunkings("shop", 5, false)]
    [Chunkings("shop", 2, false)]
    [Chunkings("shop", 7, false)]
    [Chunkings("shop", 9, false)]
    [Chunkings("shop", 11, false)]
    [Chunkings("shop", 12, false)]
    [Chunkings("shop", -1, false)]
    [Chunkings("weak-shop", 6, false)]
    [Chunkings("weak-shop", 3, true)]
    [Chunkings("weak-shop", 5, true)]
    public async Task Login_methods_that_are_not_allowed_end_it_and_nothing_is_sent(string target, int method, bool afterScramStarted, Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await LoggingInAsync(session, target);
        if (afterScramStarted)
        {
            await server.SendAsync(AuthenticationSasl("SCRAM-SHA-256"));
            await server.ReceiveAsync();
        }

        await server.SendAsync(Typed('R', method, new byte[] { 1, 2, 3, 4 }));
        await server.ExpectClosedAsync();
        await ExpectLoginFailedAsync(session, client, "target-login-method");
    }

    [Theory, Chunkings]
    public async Task Only_mechanisms_without_SCRAM_end_it(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await LoggingInAsync(session);
        await server.SendAsync(AuthenticationSasl("SCRAM-SHA-256-PLUS", "SCRAM-SHA-1"));
        await server.ExpectClosedAsync();
        await ExpectLoginFailedAsync(session, client, "target-login-method");
    }

    [Theory, Chunkings]
    public async Task Weak_methods_are_used_where_the_operator_accepts_them(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await LoggingInAsync(session, "weak-shop");
        await server.SendAsync(AuthenticationCleartextPassword);
        await server.ExpectAsync(Password(session.Upstream.Password));
        await server.SendAsync(AuthenticationMd5Password([1, 2, 3, 4]));
        PgMessage md5 = await server.ReceiveAsync();
        Assert.Equal("md5"u8.ToArray(), md5.Body[..3]);
        Assert.Equal(36, md5.Body.Length);
        await server.WelcomeAsync();
        await client.ReceiveWelcomeAsync();
    }

    [Theory, Chunkings]
    public async Task What_the_target_says_of_the_credential_stays_here(Chunking chunking)
    {
        foreach (byte[] error in new[]
        {
            ErrorResponse("28P01", "password authentication failed for user \"service\"", "FATAL"), Fields('E', ('S', "FATAL"), ('M', "service")),
            Fields('E'), Fields('E', ('C', ""), ('M', "service")), Fields('E', ('C', "28P01"), ('C', "3D000"), ('M', "service")), Typed('E', [(byte)'C']), Typed('E'),
        })
        {
            await using var session = new Session(chunking);
            (ClientPeer client, ServerPeer server) = await LoggingInAsync(session);
            await server.SendAsync(error);
            await client.ExpectFatalAsync("08006");
            Assert.DoesNotContain("service", System.Text.Encoding.UTF8.GetString(client.Received), StringComparison.Ordinal);
            await session.ExpectEndAsync(SessionSide.Target, SessionStage.TargetLogin, "target-login-refused", "08006");
        }
    }

    [Theory, Chunkings]
    public async Task Other_errors_of_the_target_are_told(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await LoggingInAsync(session);
        await server.SendAsync(ErrorResponse("3D000", "database \"shop\" does not exist", "FATAL"));
        Assert.Contains("does not exist", (await client.ExpectFatalAsync("3D000"))['M'], StringComparison.Ordinal);
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.TargetLogin, "target-refused", "3D000");
    }

    public static TheoryData<string> Announcements => [.. HostileAnnouncements.Keys];

    private static readonly Dictionary<string, Func<byte[][]>> HostileAnnouncements = new()
    {
        ["BackendKeyData twice"] = () => [BackendKeyData(1, new byte[4]), BackendKeyData(2, new byte[4])],
        ["BackendKeyData too short"] = () => [BackendKeyData(1, new byte[3])],
        ["BackendKeyData too long"] = () => [BackendKeyData(1, new byte[257])],
        ["endless ParameterStatus"] = () => [.. Enumerable.Repeat(ParameterStatus("a", "b"), 300)],
        ["endless notices"] = () => [.. Enumerable.Repeat(NoticeResponse("00000", "x"), 300)],
        ["malformed ParameterStatus"] = () => [Typed('S', "a")],
        ["ReadyForQuery with garbage"] = () => [Typed('Z', "II")],
        ["ReadyForQuery inside a transaction"] = () => [ReadyForQuery('T')],
        ["ReadyForQuery without status"] = () => [Typed('Z')],
        ["second AuthenticationOk"] = () => [AuthenticationOk],
        ["RowDescription"] = () => [RowDescription(new Column("a"))],
        ["DataRow"] = () => [DataRow("a")],
        ["NegotiateProtocolVersion after login"] = () => [NegotiateProtocolVersion(Protocol30)],
    };

    [Theory, MemberData(nameof(Announcements))]
    public async Task Hostile_announcement_ends_the_login(string what)
    {
        foreach (Chunking chunking in new[] { Chunking.Whole, Chunking.OneByte, Chunking.Split })
        {
            await using var session = new Session(chunking);
            (ClientPeer client, ServerPeer server) = await LoggingInAsync(session);
            await server.TrySendAsync([AuthenticationOk, .. HostileAnnouncements[what]()]);
            await ExpectLoginFailedAsync(session, client, "target-login-failed");
        }
    }

    [Theory, Chunkings]
    public async Task Endless_authentication_ends(Chunking chunking)
    {
        foreach (bool negotiate in new[] { true, false })
        {
            await using var session = new Session(chunking);
            (ClientPeer client, ServerPeer server) = await LoggingInAsync(session, "weak-shop");
            await server.TrySendAsync([.. Enumerable.Repeat(negotiate ? NegotiateProtocolVersion(Protocol30) : AuthenticationCleartextPassword, 20)]);
            await ExpectLoginFailedAsync(session, client, "target-login-failed");
        }
    }

    [Theory, Chunkings]
    public async Task A_target_that_hangs_up_is_told_of(Chunking chunking)
    {
        foreach (byte[] before in new[] { [], AuthenticationOk, Join(AuthenticationOk, [(byte)'S', 0, 0]) })
        {
            await using var session = new Session(chunking);
            (ClientPeer client, ServerPeer server) = await LoggingInAsync(session);
            await server.SendAsync(before);
            server.HalfClose();
            await ExpectLoginFailedAsync(session, client, "target-login-failed");
        }
    }

    [Theory, Chunkings]
    public async Task AuthenticationOk_in_a_ready_session_ends_it(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await server.SendAsync(AuthenticationOk);
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.Ready, "target-message-type", "08P01");
    }

    [Theory, Chunkings]
    public async Task TLS_to_the_target_is_used_and_verified(Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync(database: "tls-shop");
        ServerPeer server = await session.Server.NextAsync();
        Assert.Equal(80877103, (await server.ReceiveStartupAsync()).Code);
        await server.SendAsync("S"u8.ToArray());
        await server.StartTlsAsync(Certificate.Server);
        await server.LetInAsync();
        await client.ReceiveWelcomeAsync();
    }

    [Theory]
    [Chunkings("N")]
    [Chunkings("E")]
    [Chunkings("\0")]
    [Chunkings("")]
    public async Task A_target_without_TLS_gets_no_StartupMessage(string answer, Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync(database: "tls-shop");
        ServerPeer server = await session.Server.NextAsync();
        await server.ReceiveStartupAsync();
        await server.SendAsync(System.Text.Encoding.ASCII.GetBytes(answer));
        if (answer.Length == 0)
            server.HalfClose();
        await server.ExpectClosedAsync();
        await client.ExpectFatalAsync("08001");
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.Connect, "target-tls-refused", "08001");
    }

    /// <summary>CVE-2021-23222: what a target sends in the clear behind its S must not be read as if it had come through TLS.</summary>
    [Theory, Chunkings]
    public async Task Bytes_behind_the_targets_S_end_it(Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync(database: "tls-shop");
        ServerPeer server = await session.Server.NextAsync();
        await server.ReceiveStartupAsync();
        await server.SendAsync("S"u8.ToArray(), AuthenticationOk, BackendKeyData(1, new byte[4]), ReadyForQuery('I'));
        await client.ExpectFatalAsync("08001");
        SessionEnd end = await session.EndAsync();
        Assert.Contains(end.Reason, chunking.IsWhole ? ["target-tls-refused"] : new[] { "target-tls-refused", "target-tls-failed" });
    }

    [Theory, Chunkings]
    public async Task A_target_with_another_certificate_gets_no_StartupMessage(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Open.Replace("[shop,", "[imposter, shop,", StringComparison.Ordinal));
        session.Upstream.Add(new TargetInfo { Name = "imposter", Protocol = "postgres", DefaultResource = "shop", Tls = Certificate.Distrustful });
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync(database: "imposter");
        ServerPeer server = await session.Server.NextAsync();
        await server.ReceiveStartupAsync();
        await server.SendAsync("S"u8.ToArray());
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await server.StartTlsAsync(Certificate.Server);
            await server.ReceiveStartupAsync();
        });
        await client.ExpectFatalAsync("08001");
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.Connect, "target-tls-failed", "08001");
    }

    private static async Task<(ClientPeer Client, ServerPeer Server)> LoggingInAsync(Session session, string target = "shop")
    {
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync(database: target);
        ServerPeer server = await session.Server.NextAsync();
        await server.ReceiveStartupAsync();
        return (client, server);
    }

    private static async Task ExpectLoginFailedAsync(Session session, ClientPeer client, string reason)
    {
        await client.ExpectFatalAsync("08006");
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.TargetLogin, reason, "08006");
    }
}
