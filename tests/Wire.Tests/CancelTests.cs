namespace Sallyport.Wire.Tests;

/// <summary>CancelRequest (PostgreSQL 55.2.9): our key leads to the target's, and nothing else leads anywhere.</summary>
public sealed class CancelTests
{
    [Theory, Chunkings(Protocol30, 4), Chunkings(Protocol32, 32)]
    public async Task The_clients_key_reaches_the_target_as_the_targets_own(int version, int keyLength, Chunking chunking)
    {
        await using var session = new Session(chunking);
        (_, _, (int process, byte[] key)) = await session.ReadyWithKeyAsync(version);
        Assert.Equal(keyLength, key.Length);
        for (int i = 0; i < 2; i++)
        {
            ClientPeer canceller = await session.ConnectAsync();
            await canceller.SendAsync(CancelRequest(process, key));
            ServerPeer target = await session.Server.NextAsync();
            (int code, byte[] data) = await target.ReceiveStartupAsync();
            Assert.Equal(80877102, code);
            Assert.Equal([.. Int32(4711), .. ServerPeer.OwnKey], data);
            target.HalfClose();
            await canceller.ExpectClosedAsync();
            SessionEnd end = (await session.Running.WaitAsync(Peer.Patience)).End;
            Assert.Equal((SessionStage.Startup, "closed"), (end.Stage, end.Reason));
        }

        Assert.Equal(2, session.Recorder.Only.Events.Count(e => e.StartsWith("cancel-request", StringComparison.Ordinal)));
    }

    [Theory, Chunkings]
    public async Task Any_other_key_leads_nowhere_and_looks_the_same(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (_, _, (int process, byte[] key)) = await session.ReadyWithKeyAsync(Protocol32);
        byte[] wrong = [.. key[..^1], (byte)(key[^1] ^ 1)];
        foreach (byte[] request in new[]
        {
            CancelRequest(process, wrong), CancelRequest(process + 1, key), CancelRequest(4711, ServerPeer.OwnKey), CancelRequest(process, key[..4]),
            CancelRequest(process, [.. key, 0]), CancelRequest(process, []), Untyped(80877102),
        })
        {
            ClientPeer canceller = await session.ConnectAsync();
            await canceller.SendAsync(request);
            await canceller.ExpectClosedAsync();
            Assert.Equal("cancel-unknown", (await session.Running.WaitAsync(Peer.Patience)).End.Reason);
        }

        Assert.False(session.Server.HasVisitor);
        Assert.DoesNotContain(session.Recorder.Only.Events, e => e.StartsWith("cancel-request", StringComparison.Ordinal));
    }

    [Theory, Chunkings]
    public async Task A_key_dies_with_its_session(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, _, (int process, byte[] key)) = await session.ReadyWithKeyAsync(Protocol30);
        await client.SendAsync(Terminate);
        await session.EndAsync();
        ClientPeer canceller = await session.ConnectAsync();
        await canceller.SendAsync(CancelRequest(process, key));
        await canceller.ExpectClosedAsync();
        Assert.Equal("cancel-unknown", (await session.Running.WaitAsync(Peer.Patience)).End.Reason);
    }

    [Theory, Chunkings]
    public async Task A_cancel_is_encrypted_as_its_session_is(Chunking chunking)
    {
        await using var session = new Session(chunking);
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync(database: "tls-shop");
        await (await TlsAsync(session)).LetInAsync();
        (int process, byte[] key) = await client.ReceiveWelcomeAsync();

        ClientPeer canceller = await session.ConnectAsync();
        await canceller.SendAsync(CancelRequest(process, key));
        ServerPeer target = await TlsAsync(session);
        (_, byte[] data) = await target.ReceiveStartupAsync();
        Assert.Equal([.. Int32(4711), .. ServerPeer.OwnKey], data);
        target.HalfClose();
        await canceller.ExpectClosedAsync();
    }

    private static async Task<ServerPeer> TlsAsync(Session session)
    {
        ServerPeer server = await session.Server.NextAsync();
        Assert.Equal(80877103, (await server.ReceiveStartupAsync()).Code);
        await server.SendAsync("S"u8.ToArray());
        await server.StartTlsAsync(Certificate.Server);
        return server;
    }
}
