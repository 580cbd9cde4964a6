namespace Sallyport.Wire.Tests;

/// <summary>
/// Lengths no message can have, in every state and from both sides (PgBouncer CVE-2026-107348 class). Each message is as long as it says, when it
/// can be, so that what is refused is the length and not the waiting for more.
/// </summary>
public sealed class LengthTests
{
    [Theory, HostileLengths]
    public async Task Startup(uint length, Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.SendAsync(Int32(unchecked((int)length)));
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Startup, "protocol-violation", "08P01");
    }

    [Theory, HostileLengths]
    public async Task Password_message(uint length, Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.SendStartupAsync();
        await client.ExpectAsync(AuthenticationCleartextPassword);
        await client.SendAsync(Message('p', length));
        await client.ExpectFatalAsync("08P01");
        Assert.Equal(SessionSide.Client, (await session.EndAsync()).Side);
    }

    [Theory, HostileLengths]
    public async Task Query_of_a_ready_session(uint length, Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Message('Q', length));
        await client.ExpectFatalAsync("08P01");
        await server.ExpectClosedAsync();
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Ready, length is >= 4 and <= 7 ? "message-malformed" : "message-length", "08P01");
    }

    [Theory, HostileLengths]
    public async Task Authentication_of_the_target(uint length, Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync();
        ServerPeer server = await session.Server.NextAsync();
        await server.ReceiveStartupAsync();
        await server.SendAsync(Message('R', length));
        await client.ExpectFatalAsync("08006");
        Assert.Equal((SessionSide.Target, SessionStage.TargetLogin), await SideAndStageAsync(session));
    }

    [Theory, HostileLengths]
    public async Task Announcement_of_the_target(uint length, Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync();
        ServerPeer server = await session.Server.NextAsync();
        await server.ReceiveStartupAsync();
        await server.SendAsync(AuthenticationOk, Message('S', length));
        await client.ExpectFatalAsync("08006");
        Assert.Equal((SessionSide.Target, SessionStage.TargetLogin), await SideAndStageAsync(session));
    }

    [Theory, HostileLengths]
    public async Task Reply_of_the_target(uint length, Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));
        await server.SendAsync(Message('S', length));
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.Ready, length is >= 4 and <= 7 ? "target-message-malformed" : "target-message-length", "08P01");
    }

    /// <summary>A masked row can grow: one that is just short of 2^31 bytes would announce a negative length.</summary>
    [Theory, Chunkings(0x7ffffffa), Chunkings((1 << 30) + 1)]
    public async Task Row_of_the_target_that_no_PostgreSQL_sends(int length, Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        byte[] description = RowDescription(new Column("email", FakeCatalog.Customers, 2), new Column("a", FakeCatalog.Orders, 1));
        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));
        await server.SendAsync(description, Header('D', (uint)length), [0, 2, 0, 0, 0, 1, (byte)'x']);
        await client.ExpectAsync(description);
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.Ready, "target-message-length", "08P01");
    }

    /// <summary>The type and length, and a body of that length without any zero when it is a short one.</summary>
    private static byte[] Message(char type, uint length) => [.. Header(type, length), .. length is > 4 and < 8 ? new byte[length - 4].Select(_ => (byte)'x') : []];

    private static async Task<(SessionSide Side, SessionStage Stage)> SideAndStageAsync(Session session)
    {
        SessionEnd end = await session.EndAsync();
        return (end.Side, end.Stage);
    }
}
