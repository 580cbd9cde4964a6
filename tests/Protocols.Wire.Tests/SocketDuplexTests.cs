using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Sallyport.Contract;

namespace Sallyport.Protocols.Wire.Tests;

public sealed class SocketDuplexTests
{
    [Fact]
    public async Task What_the_peer_sends_is_read_and_what_is_sent_reaches_the_peer()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        await pair.Peer.SendAsync("hello"u8.ToArray());
        Assert.Equal("hello"u8.ToArray(), await Loopback.CollectAsync(pair.Duplex.Input, 5));
        await pair.Duplex.SendAsync("world"u8.ToArray());
        byte[] got = new byte[5];
        Assert.Equal(5, await pair.Peer.ReceiveAsync(got));
        Assert.Equal("world"u8, got);
        Assert.Equal(pair.Peer.LocalEndPoint, pair.Duplex.Remote);
        Assert.Null(pair.Duplex.Tls);
    }

    [Fact]
    public async Task An_empty_send_is_no_send()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        await pair.Duplex.SendAsync(default);
        await pair.Duplex.SendAsync("x"u8.ToArray());
        byte[] got = new byte[5];
        Assert.Equal(1, await pair.Peer.ReceiveAsync(got));
    }

    [Fact]
    public async Task Ten_megabytes_to_a_reader_that_does_not_read_wait_and_then_arrive_whole()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        byte[] sent = new byte[10 << 20];
        new Random(7).NextBytes(sent);
        // Loopback's socket buffers hold less than this on any default setting, so the send cannot have ended before the peer reads.
        pair.Peer.ReceiveBufferSize = 64 * 1024;
        Task send = pair.Duplex.SendAsync(sent).AsTask();
        Assert.False(send.IsCompleted);

        byte[] got = new byte[sent.Length];
        for (int at = 0; at < got.Length;)
        {
            int count = await pair.Peer.ReceiveAsync(got.AsMemory(at));
            Assert.NotEqual(0, count);
            at += count;
        }

        await send;
        Assert.True(sent.AsSpan().SequenceEqual(got));
    }

    [Fact]
    public async Task The_peers_end_completes_the_reader_behind_its_last_bytes()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        await pair.Peer.SendAsync("last"u8.ToArray());
        pair.Peer.Shutdown(SocketShutdown.Send);
        var got = new MemoryStream();
        ReadResult read;
        do
        {
            read = await pair.Duplex.Input.ReadAsync();
            got.Write(read.Buffer.ToArray());
            pair.Duplex.Input.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);
        Assert.Equal("last"u8, got.ToArray());

        // And it stays completed.
        read = await pair.Duplex.Input.ReadAsync();
        Assert.True(read.IsCompleted && read.Buffer.IsEmpty);
    }

    [Fact]
    public async Task CloseOutput_tells_the_peer_and_leaves_the_other_direction_open()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        await pair.Duplex.SendAsync("bye"u8.ToArray());
        pair.Duplex.CloseOutput();
        byte[] got = new byte[8];
        Assert.Equal(3, await pair.Peer.ReceiveAsync(got));
        Assert.Equal(0, await pair.Peer.ReceiveAsync(got));
        await pair.Peer.SendAsync("still here"u8.ToArray());
        Assert.Equal("still here"u8.ToArray(), await Loopback.CollectAsync(pair.Duplex.Input, 10));
    }

    [Fact]
    public async Task Abort_from_another_thread_ends_a_pending_read()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        ValueTask<ReadResult> pending = pair.Duplex.Input.ReadAsync();
        Assert.False(pending.IsCompleted);
        await Task.Run(pair.Duplex.Abort);
        Assert.True(await EndsAsync(async () =>
        {
            ReadResult read = await pending;
            Assert.True(read.IsCompleted && read.Buffer.IsEmpty);
        }));
    }

    [Fact]
    public async Task Abort_from_another_thread_ends_a_pending_send()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        pair.Peer.ReceiveBufferSize = 64 * 1024;
        Task send = pair.Duplex.SendAsync(new byte[32 << 20]).AsTask();
        Assert.False(send.IsCompleted);
        await Task.Run(pair.Duplex.Abort);
        await Assert.ThrowsAnyAsync<IOException>(() => send);
        await Assert.ThrowsAnyAsync<IOException>(async () => await pair.Duplex.SendAsync("more"u8.ToArray()));
    }

    [Fact]
    public async Task Abort_and_dispose_may_be_called_any_number_of_times()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        pair.Duplex.Abort();
        pair.Duplex.Abort();
        await pair.Duplex.DisposeAsync();
        pair.Duplex.Abort();
        pair.Duplex.CloseOutput();
        await pair.Duplex.DisposeAsync();
    }

    [Fact]
    public async Task A_send_to_a_peer_that_is_gone_is_an_IOException()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        pair.Peer.LingerState = new LingerOption(true, 0);
        pair.Peer.Dispose();
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            // The first may still be taken by the kernel; the reset that answers it fails one that follows.
            while (true)
                await pair.Duplex.SendAsync(new byte[4096]);
        });
    }

    /// <summary>True when it ends, one way or the other.</summary>
    private static async Task<bool> EndsAsync(Func<Task> action)
    {
        try
        {
            await action();
            return true;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
