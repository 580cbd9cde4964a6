namespace Sallyport.Wire.Tests;

/// <summary>Large messages stream through, and whoever does not read holds up only itself. Alone, because memory is counted for the whole process.</summary>
[CollectionDefinition(nameof(LargeTests), DisableParallelization = true)]
[Collection(nameof(LargeTests))]
public sealed class LargeTests
{
    private const int Mega = 1 << 20;

    private static readonly byte[] OneColumn = RowDescription(new Column("a", FakeCatalog.Orders, 1));

    [Theory, Chunkings]
    public async Task A_large_Bind_streams_with_flat_memory(Chunking chunking)
    {
        await using Session session = Start(chunking, Policies.Open);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        int size = Size(chunking);
        byte[] head = Typed('B', "", "", (short)0, (short)1, size);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(1), head.Length - 1 + size);
        await client.SendAsync(Parse("", "select $1"));
        await server.ExpectAsync(Parse("", "select $1"));

        long before = GC.GetTotalAllocatedBytes();
        Task sending = SendPatternAsync(client, head, size, Sync);
        await ExpectPatternAsync(server, head, size);
        await sending;
        AssertFlat(before, chunking);
        await server.ExpectAsync(Sync);
    }

    [Theory, Chunkings(false), Chunkings(true)]
    public async Task A_large_DataRow_streams_with_flat_memory(bool masked, Chunking chunking)
    {
        await using Session session = Start(chunking, masked ? Policies.Masked : Policies.Open);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        int size = Size(chunking);
        await client.SendAsync(Query("select a from t"));
        await server.ExpectAsync(Query("select a from t"));
        byte[] description = masked ? RowDescription(new Column("email", FakeCatalog.Customers, 2), new Column("a", FakeCatalog.Orders, 1)) : OneColumn;
        await server.SendAsync(description);
        await client.ExpectAsync(description);

        byte[] head = masked ? RowHead([.. Int32(10), .. "0123456789"u8], size) : RowHead(null, size);
        byte[] shown = masked ? RowHead([.. Int32(10), .. "[redacted]"u8], size) : head;
        long before = GC.GetTotalAllocatedBytes();
        Task sending = SendPatternAsync(server, head, size, Join(CommandComplete("SELECT 1"), ReadyForQuery('I')));
        await ExpectPatternAsync(client, shown, size);
        await sending;
        AssertFlat(before, chunking);
        await client.ExpectAsync(CommandComplete("SELECT 1"), ReadyForQuery('I'));
    }

    [Fact]
    public async Task A_client_that_stops_reading_holds_up_its_server_and_nobody_else()
    {
        await using Session stalled = Start(Chunking.Whole, Policies.Open);
        await using var other = new Session(Chunking.Whole);
        (ClientPeer client, ServerPeer server) = await stalled.ReadyAsync();
        (ClientPeer lively, ServerPeer livelyServer) = await other.ReadyAsync();
        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));

        const int Rows = 128;
        byte[] row = DataRow(new string('x', Mega));
        int sent = 0;
        long before = GC.GetTotalAllocatedBytes();
        Task sending = Task.Run(async () =>
        {
            await server.Stream.WriteAsync(OneColumn);
            for (; sent < Rows; Interlocked.Increment(ref sent))
                await server.Stream.WriteAsync(row);
            await server.Stream.WriteAsync(Join(CommandComplete("SELECT"), ReadyForQuery('I')));
        });
        for (int i = 0; i < 500; i++)
        {
            await lively.SendAsync(Query("select 1"));
            await livelyServer.ExpectAsync(Query("select 1"));
            await livelyServer.SendAsync(EmptyQueryResponse, ReadyForQuery('I'));
            await lively.ExpectAsync(EmptyQueryResponse, ReadyForQuery('I'));
        }

        // What is on its way is in the kernel's buffers (a few MB a hop), not here.
        Assert.False(sending.IsCompleted);
        Assert.InRange(Volatile.Read(ref sent), 0, 48);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 24 * Mega);

        byte[] buffer = new byte[Mega];
        long left = OneColumn.Length + (long)Rows * row.Length;
        while (left > 0)
            left -= await client.Stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)));
        await sending;
        await client.ExpectAsync(CommandComplete("SELECT"), ReadyForQuery('I'));
    }

    private static Session Start(Chunking chunking, string policy)
    {
        var session = new Session(chunking, policy);
        session.Recorder.DropsBytes = true;
        return session;
    }

    /// <summary>Byte by byte 64 MB would take minutes and show nothing more.</summary>
    private static int Size(Chunking chunking) => chunking.IsWhole ? 64 * Mega : chunking.IsOneByte ? Mega / 16 : 2 * Mega;

    /// <summary>In one piece 64 MB come through a quarter of it at most; in small pieces the test's own doubles allocate by the piece.</summary>
    private static void AssertFlat(long before, Chunking chunking)
    {
        if (chunking.IsWhole)
            Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 16 * Mega);
    }

    /// <summary>The head of a DataRow whose last value has <paramref name="size"/> bytes; before it one other field, or none.</summary>
    private static byte[] RowHead(byte[]? field, int size)
    {
        byte[] head = Typed('D', field is null ? (short)1 : (short)2, field ?? [], size);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(1), head.Length - 1 + size);
        return head;
    }

    private static byte PatternAt(int i) => (byte)(i * 7 + (i >> 12));

    private static async Task SendPatternAsync(Peer peer, byte[] head, int size, byte[] behind)
    {
        await peer.Stream.WriteAsync(head);
        byte[] block = new byte[64 * 1024];
        for (int at = 0; at < size;)
        {
            int count = Math.Min(block.Length, size - at);
            for (int i = 0; i < count; i++)
                block[i] = PatternAt(at + i);
            await peer.Stream.WriteAsync(block.AsMemory(0, count));
            at += count;
        }

        await peer.Stream.WriteAsync(behind);
    }

    private static async Task ExpectPatternAsync(Peer peer, byte[] head, int size)
    {
        byte[] block = new byte[64 * 1024];
        await peer.Stream.ReadExactlyAsync(block.AsMemory(0, head.Length));
        Assert.Equal(head, block[..head.Length]);
        for (int at = 0; at < size;)
        {
            int count = await peer.Stream.ReadAsync(block.AsMemory(0, Math.Min(block.Length, size - at)));
            Assert.True(count > 0, $"the end, after {at} of {size} bytes");
            for (int i = 0; i < count; i++)
            {
                if (block[i] != PatternAt(at + i))
                    Assert.Fail($"byte {at + i} is not what was sent");
            }

            at += count;
        }
    }
}
