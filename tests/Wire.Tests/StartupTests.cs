using System.Net.Security;

namespace Sallyport.Wire.Tests;

/// <summary>From the first byte to the password (PostgreSQL 55.2.1, 55.2.10).</summary>
public sealed class StartupTests
{
    private static readonly SslApplicationProtocol Alpn = new("postgresql");

    [Theory, Chunkings]
    public async Task SSLRequest_is_answered_N_without_TLS_and_the_startup_goes_on(Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.SendAsync(SslRequest);
        Assert.Equal('N', await client.ReceiveByteAsync());
        await client.SendAsync(GssEncRequest);
        Assert.Equal('N', await client.ReceiveByteAsync());
        await client.LoginAsync();
        await (await session.Server.NextAsync()).LetInAsync();
        await client.ReceiveWelcomeAsync();
    }

    [Theory, Chunkings]
    public async Task GSSENCRequest_is_answered_N_and_SSLRequest_S(Chunking chunking)
    {
        await using var session = new Session(chunking);
        session.Listener = session.Listener with { Tls = () => Certificate.Server, AllowPlaintext = false };
        ClientPeer client = await session.ConnectAsync();
        await client.SendAsync(GssEncRequest);
        Assert.Equal('N', await client.ReceiveByteAsync());
        await client.SendAsync(SslRequest);
        Assert.Equal('S', await client.ReceiveByteAsync());
        await client.StartTlsAsync();
        await client.LoginAsync();
        await (await session.Server.NextAsync()).LetInAsync();
        await client.ReceiveWelcomeAsync();
        await client.SendAsync(Terminate);
        PgOutcome outcome = await session.Running;
        Assert.True(outcome.Facts!.ClientTls);
        Assert.True(outcome.End.IsClean);
    }

    [Theory, Chunkings(true), Chunkings(false)]
    public async Task Encryption_asked_for_twice_ends_it(bool gss, Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.SendAsync(gss ? GssEncRequest : SslRequest);
        Assert.Equal('N', await client.ReceiveByteAsync());
        await client.SendAsync(gss ? GssEncRequest : SslRequest);
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Startup, "encryption-request", "08P01");
    }

    [Theory, Chunkings(true), Chunkings(false)]
    public async Task Encryption_asked_for_inside_TLS_ends_it(bool gss, Chunking chunking)
    {
        await using var session = new Session(chunking);
        session.Listener = session.Listener with { Tls = () => Certificate.Server };
        ClientPeer client = await session.ConnectAsync();
        await client.StartTlsAsync(Alpn);
        await client.SendAsync(gss ? GssEncRequest : SslRequest);
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Startup, "encryption-request", "08P01");
    }

    /// <summary>CVE-2021-23214: what was sent in the clear behind SSLRequest must never be read as if it had come through TLS.</summary>
    [Theory, Chunkings]
    public async Task Bytes_behind_SSLRequest_are_never_taken_for_what_TLS_protects(Chunking chunking)
    {
        await using var session = new Session(chunking);
        session.Listener = session.Listener with { Tls = () => Certificate.Server };
        ClientPeer client = await session.ConnectAsync();
        await client.SendAsync(SslRequest, Startup(Protocol30, ("user", "mallory"), ("database", "shop")));
        SessionEnd end = await session.EndAsync();
        // Seen together they are a violation; seen one by one they are fed to the TLS handshake, which they are not.
        Assert.Contains(end.Reason, chunking.IsWhole ? ["bytes-behind-request"] : chunking.IsOneByte ? new[] { "tls-failed" } : ["bytes-behind-request", "tls-failed"]);
        Assert.True(session.Recorder.IsEmpty);
    }

    [Fact]
    public async Task Bytes_behind_a_request_in_one_segment_end_it()
    {
        byte[] startup = Startup(Protocol30, ("user", "a"), ("database", "shop"));
        foreach (byte[] segment in new[] { Join(SslRequest, startup), Join(GssEncRequest, SslRequest), Join(startup, Password(Doors.GoodToken)), Join(startup, [0]) })
        {
            await using var session = new Session(Chunking.Whole);
            ClientPeer client = await session.ConnectAsync();
            await client.SendAsync(segment);
            await client.ExpectFatalAsync("08P01");
            await session.ExpectEndAsync(SessionSide.Client, SessionStage.Startup, "bytes-behind-request", "08P01");
        }
    }

    [Theory, Chunkings]
    public async Task Second_StartupMessage_in_place_of_the_password_ends_it(Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.SendStartupAsync();
        await client.ExpectAsync(AuthenticationCleartextPassword);
        await client.SendStartupAsync();
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Login, "message-type", "08P01");
    }

    [Theory, Chunkings]
    public async Task Second_StartupMessage_in_a_session_ends_it(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendStartupAsync();
        await client.ExpectFatalAsync("08P01");
        await server.ExpectClosedAsync();
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Ready, "message-type", "08P01");
    }

    [Theory, Chunkings]
    public async Task Direct_TLS_with_ALPN_is_taken(Chunking chunking)
    {
        await using var session = new Session(chunking);
        session.Listener = session.Listener with { Tls = () => Certificate.Server, AllowPlaintext = false };
        ClientPeer client = await session.ConnectAsync();
        await client.StartTlsAsync(Alpn);
        await client.LoginAsync();
        await (await session.Server.NextAsync()).LetInAsync();
        await client.ReceiveWelcomeAsync();
    }

    [Theory, Chunkings]
    public async Task Direct_TLS_without_ALPN_ends_it(Chunking chunking)
    {
        await using var session = new Session(chunking);
        session.Listener = session.Listener with { Tls = () => Certificate.Server };
        ClientPeer client = await session.ConnectAsync();
        await client.StartTlsAsync();
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Tls, "alpn-missing", "08P01");
    }

    [Theory, Chunkings]
    public async Task Direct_TLS_where_there_is_none_is_a_packet_of_illegal_length(Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.SendAsync([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc]);
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Startup, "protocol-violation", "08P01");
    }

    [Theory, Chunkings]
    public async Task A_newer_minor_version_and_unknown_options_are_negotiated(Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.SendStartupAsync("shop", 196611, ("_pq_.report", "1"), ("_pq_.other", ""));
        await client.ExpectAsync(NegotiateProtocolVersion(Protocol32, "_pq_.report", "_pq_.other"), AuthenticationCleartextPassword);
        await client.SendAsync(Password(Doors.GoodToken));
        ServerPeer server = await session.Server.NextAsync();
        (int version, Dictionary<string, string> parameters) = await server.ReceiveParametersAsync();
        Assert.Equal(Protocol32, version);
        Assert.DoesNotContain(parameters.Keys, k => k.StartsWith("_pq_", StringComparison.Ordinal));
    }

    [Theory, Chunkings(131072), Chunkings(262144), Chunkings(0), Chunkings(80877100)]
    public async Task Another_major_version_is_refused(int version, Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.SendStartupAsync("shop", version);
        await client.ExpectFatalAsync("0A000");
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Startup, "protocol-version", "0A000");
    }

    [Theory, Chunkings]
    public async Task A_token_is_not_taken_in_the_clear(Chunking chunking)
    {
        await using var session = new Session(chunking);
        session.Listener = session.Listener with { Tls = () => Certificate.Server, AllowPlaintext = false };
        ClientPeer client = await session.ConnectAsync();
        await client.SendStartupAsync();
        await client.ExpectFatalAsync("28000");
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Startup, "tls-required", "28000");
    }

    [Theory, Chunkings]
    public async Task Malformed_startup_packets_end_it(Chunking chunking)
    {
        byte[][] packets =
        [
            Startup(Protocol30, ("user", "a"), ("database", "shop"), ("user", "b")),
            Startup(Protocol30, [("user", "a"), .. Enumerable.Range(0, 260).Select(i => ($"p{i}", "v"))]),
            Untyped(Protocol30),
            Untyped(Protocol30, "user", "a"),
            Untyped(Protocol30, "user"),
            Untyped(Protocol30, "user", "a", (byte)0, (byte)0),
        ];
        foreach (byte[] packet in packets)
        {
            await using var session = new Session(chunking);
            ClientPeer client = await session.ConnectAsync();
            await client.SendAsync(packet);
            await client.ExpectFatalAsync("08P01");
            await session.ExpectEndAsync(SessionSide.Client, SessionStage.Startup, "startup-malformed", "08P01");
        }
    }

    [Theory]
    [Chunkings("options", "-c=")]
    [Chunkings("options", "-c")]
    [Chunkings("options", "-c -c -c")]
    [Chunkings("options", "--")]
    [Chunkings("options", "-F")]
    [Chunkings("options", "\\")]
    [Chunkings("options", "-c session_preload_libraries=x")]
    [Chunkings("replication", "true")]
    [Chunkings("replication", "database")]
    [Chunkings("search_path", "evil")]
    [Chunkings("role", "postgres")]
    [Chunkings("session_authorization", "postgres")]
    public async Task Startup_parameters_that_are_not_harmless_are_refused(string name, string value, Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync(more: (name, value));
        await client.ExpectFatalAsync("0A000");
        await session.ExpectEndAsync(SessionSide.Proxy, SessionStage.Startup, "startup-parameter", "0A000");
    }

    [Theory, Chunkings]
    public async Task Harmless_startup_parameters_reach_the_target_and_the_user_does_not(Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync(database: "shop/archive", more: [("application_name", "psql"), ("options", @"-c statement_timeout=5s --datestyle=ISO\,\ DMY"), ("replication", "off")]);
        ServerPeer server = await session.Server.NextAsync();
        (int version, Dictionary<string, string> parameters) = await server.ReceiveParametersAsync();
        Assert.Equal(Protocol30, version);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["user"] = "service",
                ["database"] = "archive",
                ["application_name"] = "psql",
                ["statement_timeout"] = "5s",
                ["datestyle"] = "ISO, DMY",
            },
            parameters);
    }

    [Theory, Chunkings]
    public async Task What_the_target_announces_reaches_the_client_with_a_key_of_our_own(Chunking chunking)
    {
        await using var session = new Session(chunking);
        byte[][] announced = [ParameterStatus("server_version", "18.0"), NoticeResponse("00000", "welcome"), ParameterStatus("client_encoding", "UTF8")];
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync();
        await (await session.Server.NextAsync()).LetInAsync(announced);
        await client.ExpectAsync([AuthenticationOk, .. announced]);
        PgMessage key = await client.ReceiveAsync();
        Assert.Equal(('K', 8), ((char)key.Type, key.Body.Length));
        Assert.NotEqual(ServerPeer.OwnKey, key.Body[4..]);
        await client.ExpectAsync(ReadyForQuery('I'));
    }

    [Theory, Chunkings]
    public async Task Closing_before_the_startup_is_no_error(Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        client.HalfClose();
        await client.ExpectClosedAsync();
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Startup, "closed-before-startup");
    }
}
