using System.Buffers.Binary;
using System.Net.Sockets;
using Sallyport.Protocols.Http2.Frames;
using Xunit.Abstractions;

namespace Sallyport.Wire.Tests.Http;

/// <summary>Much, and slow: memory stays flat, nothing is allocated on the way, and whoever is slow slows itself alone. Alone, because memory is counted for the whole process.</summary>
[CollectionDefinition("HTTP load", DisableParallelization = true)]
[Collection("HTTP load")]
public sealed class LoadTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Whoever_reads_nothing_of_much_holds_it_back_at_its_producer_and_slows_nobody_else()
    {
        await using var rig = new HttpRig();
        rig.Recorder.DropsBytes = true;
        H2Peer client = await rig.ClientAsync((4, 100_000));
        await client.SendAsync(H2Msg.WindowUpdate(0, int.MaxValue - 65_535), H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        // After the first, so that both ends number the two alike: first requests are decided side by side.
        await client.SendAsync(H2Msg.Get(3));
        await target.HeadAsync(3);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        byte[] piece = new byte[16_384];
        await target.SendAsync(H2Msg.Response(1), H2Msg.Response(3));
        long may = 256 << 10, sent = 0, fine = 0;
        byte[][] slow = [H2Msg.Data(1, piece)], quick = [H2Msg.Data(3, piece)];
        // The slow stream as far as its window goes, which is all that a producer of any size gets to send; the other one many times around.
        for (; sent + piece.Length <= may; sent += piece.Length)
            await target.SendAsync(slow);
        Task<long> reading = Task.Run(async () =>
        {
            long came = 0;
            while (came < 64 << 20)
            {
                H2Frame frame = await client.NextAsync();
                if (frame.Type != H2FrameType.DATA || frame.Id != 3)
                    continue;
                came += frame.Payload.Length;
                await client.SendAsync(H2Msg.WindowUpdate(3, (uint)frame.Payload.Length));
            }

            return came;
        });
        Task crediting = Task.Run(async () =>
        {
            while (await target.TryNextAsync() is not null)
            {
                // WINDOW_UPDATE is counted on the way.
            }
        });
        for (; fine < 64 << 20; fine += piece.Length)
        {
            while (fine + piece.Length > (256 << 10) + target.Credit.GetValueOrDefault(3))
            {
                Assert.False(reading.IsCompleted, "nothing reads any more");
                await Task.Delay(1);
            }

            await target.SendAsync(quick);
        }

        Assert.True(await reading.WaitAsync(HttpRig.Patience) >= 64 << 20);
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 20 << 20);
        Assert.Equal(0, target.Credit.GetValueOrDefault(1) / (200 << 10));
        target.Vanish();
        await crediting;
    }

    [Fact]
    public async Task Nothing_is_allocated_for_DATA_that_passes_through_and_little_for_a_request()
    {
        await using var rig = new HttpRig { IsBare = true };
        rig.Recorder.DropsBytes = true;
        H2Peer client = await rig.ClientAsync((4, int.MaxValue));
        await client.SendAsync(H2Msg.WindowUpdate(0, int.MaxValue - 65_535), H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        await target.SendAsync(H2Msg.Response(1));
        await client.StatusAsync(1, 200);

        byte[] four = Msg.Join(H2Msg.Data(1, new byte[8192]), H2Msg.Data(1, new byte[8192]), H2Msg.Data(1, new byte[8192]), H2Msg.Data(1, new byte[8192]));
        long perFrame = Measure(2000, _ => PassData(client.Socket, target.Socket, four)) / 4;
        output.WriteLine($"{perFrame} bytes a DATA frame");
        Assert.InRange(perFrame, 0, 1);

        byte[] ask = H2Msg.Get(3), answer = H2Msg.Response(3, 200, true, ("content-length", "0"));
        byte[] buffer = new byte[4096];
        long perRequest = Measure(2000, n =>
        {
            BinaryPrimitives.WriteInt32BigEndian(ask.AsSpan(5), n * 2 + 3);
            client.Socket.Send(ask);
            Await(target.Socket, buffer, H2FrameType.HEADERS);
            BinaryPrimitives.WriteInt32BigEndian(answer.AsSpan(5), n * 2 + 3);
            target.Socket.Send(answer);
            Await(client.Socket, buffer, H2FrameType.HEADERS);
        });
        output.WriteLine($"{perRequest} bytes a request");
        Assert.InRange(perRequest, 0, 1000);
    }

    [Fact]
    public async Task An_idle_connection_holds_little_memory()
    {
        await using var rig = new HttpRig { IsBare = true };
        rig.Recorder.DropsBytes = true;
        var clients = new List<H2Peer>();
        long before = 0;
        for (int i = 0; i < 220; i++)
        {
            if (i == 20)
                before = GC.GetTotalMemory(forceFullCollection: true);
            H2Peer client = await rig.ClientAsync();
            await client.SendAsync(H2Msg.Get(1, "/secret/x"));
            await client.StatusAsync(1, 403);
            await client.BodyAsync(1);
            clients.Add(client);
        }

        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / 200;
        output.WriteLine($"{each} bytes an idle connection, with its recording and its scripted client");
        Assert.InRange(each, 0, 48 << 10);
    }

    /// <summary>Bytes that the process allocates in a turn, when it has warmed up: the least of several rounds, since a shared pool now and then has to make a buffer anew.</summary>
    private static long Measure(int turns, Action<int> turn)
    {
        const int Rounds = 8;
        int next = 0;
        for (; next < turns; next++)
            turn(next);
        long least = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < turns / Rounds; i++)
                turn(next++);
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / (turns / Rounds));
        }

        return least;
    }

    private static readonly byte[] Sink = new byte[64 << 10];

    private static void PassData(Socket client, Socket target, byte[] frames)
    {
        target.Send(frames);
        for (int left = frames.Length; left > 0;)
            left -= Take(client, Sink.AsSpan(0, left));
        // Credit.
        if (target.Available > 0)
            target.Receive(Sink);
    }

    /// <summary>A receive that would wait allocates: so it waits before.</summary>
    private static int Take(Socket socket, Span<byte> into)
    {
        while (socket.Available == 0)
            Thread.Yield();
        return socket.Receive(into);
    }

    /// <summary>Skips to a frame of that type; frames of this rig come whole.</summary>
    private static void Await(Socket socket, byte[] buffer, H2FrameType type)
    {
        while (true)
        {
            int length = Take(socket, buffer);
            for (int at = 0; at + H2FrameHeader.Size <= length;)
            {
                H2FrameHeader.TryRead(buffer.AsSpan(at), out H2FrameHeader header);
                if (header.Type == type)
                    return;
                at += header.TotalLength;
            }
        }
    }
}
