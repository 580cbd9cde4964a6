using System.IO.Pipelines;
using Sallyport.Contract;

namespace Sallyport.Protocols.Wire.Tests;

/// <summary>Alone: what other tests allocate at the same time would count.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

[Collection(nameof(Alone))]
public sealed class AllocationTests
{
    /// <summary>
    /// Bytes that one round trip may account for. The test host and the runtime's own threads allocate a little at times; the smallest object
    /// per message would be 24 bytes, four times a trip. A Debug compiler makes the state machine of a pooled async method an object of its own.
    /// </summary>
#if DEBUG
    private const int BytesPerTrip = 400;
#else
    private const int BytesPerTrip = 24;
#endif

    [Fact]
    public async Task Reads_and_sends_that_need_not_wait_allocate_nothing()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        byte[] message = new byte[100];
        byte[] got = new byte[message.Length];
        Assert.Equal(0, Allocation.Least(2_000, () => Trip(pair, message, got)));
    }

    [Fact]
    public async Task Ten_thousand_round_trips_over_a_socket_allocate_nothing()
    {
        const int Trips = 10_000;
        (IDuplex a, IDuplex b) = await Loopback.DuplexesAsync();
        await using (a)
        await using (b)
        {
            Task echo = Task.Run(() => EchoAsync(b));
            long allocated = await Task.Run(async () =>
            {
                byte[] message = new byte[100];
                await TripsAsync(a, message, 2_000).ConfigureAwait(false);
                long before = GC.GetTotalAllocatedBytes(precise: true);
                await TripsAsync(a, message, Trips).ConfigureAwait(false);
                return GC.GetTotalAllocatedBytes(precise: true) - before;
            });
            Assert.InRange(allocated, 0, Trips * BytesPerTrip);
            a.CloseOutput();
            await echo;
        }
    }

    /// <summary>A message comes and goes, each time there before it is asked for.</summary>
    private static void Trip(Loopback pair, byte[] message, byte[] got)
    {
        pair.Peer.Send(message);
        ValueTask<ReadResult> read = pair.Duplex.Input.ReadAsync();
        if (!read.IsCompletedSuccessfully)
            throw new InvalidOperationException("Loopback delivers before Send returns.");
        ReadResult result = read.Result;
        ValueTask send = pair.Duplex.SendAsync(result.Buffer.First);
        if (!send.IsCompletedSuccessfully)
            throw new InvalidOperationException("A few bytes fit the kernel's buffer.");
        pair.Duplex.Input.AdvanceTo(result.Buffer.End);
        pair.Peer.Receive(got);
    }

    private static async Task TripsAsync(IDuplex duplex, ReadOnlyMemory<byte> message, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await duplex.SendAsync(message).ConfigureAwait(false);
            for (long got = 0; got < message.Length;)
            {
                ReadResult read = await duplex.Input.ReadAsync().ConfigureAwait(false);
                got += read.Buffer.Length;
                duplex.Input.AdvanceTo(read.Buffer.End);
            }
        }
    }

    private static async Task EchoAsync(IDuplex duplex)
    {
        while (true)
        {
            ReadResult read = await duplex.Input.ReadAsync().ConfigureAwait(false);
            await duplex.SendAsync(read.Buffer.First).ConfigureAwait(false);
            duplex.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return;
        }
    }
}
