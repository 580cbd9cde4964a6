using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Sallyport.Contract;

namespace Sallyport.Protocols.Wire.Tests;

/// <summary>A read that was cancelled has taken nothing: what its receive brings is the next read's.</summary>
public sealed class CancelledReadTests
{
    [Fact]
    public async Task A_pending_read_ends_and_the_next_one_gets_what_comes()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        PipeReader input = pair.Duplex.Input;
        ValueTask<ReadResult> pending = input.ReadAsync();
        Assert.False(pending.IsCompleted);
        input.CancelPendingRead();
        ReadResult cancelled = await pending;
        Assert.True(cancelled.IsCanceled && cancelled.Buffer.IsEmpty && !cancelled.IsCompleted);
        input.AdvanceTo(cancelled.Buffer.Start, cancelled.Buffer.End);

        ValueTask<ReadResult> next = input.ReadAsync();
        Assert.False(next.IsCompleted);
        pair.Peer.Send("hello"u8);
        ReadResult read = await next;
        Assert.False(read.IsCanceled);
        Assert.Equal("hello"u8.ToArray(), read.Buffer.ToArray());
        input.AdvanceTo(read.Buffer.End);
    }

    [Fact]
    public async Task Bytes_kept_back_before_the_cancelled_read_are_still_in_front_of_what_came_meanwhile()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        PipeReader input = pair.Duplex.Input;
        pair.Peer.Send("abc"u8);
        ReadResult first = await input.ReadAsync();
        input.AdvanceTo(first.Buffer.GetPosition(1), first.Buffer.End);
        ValueTask<ReadResult> pending = input.ReadAsync();
        input.CancelPendingRead();
        ReadResult cancelled = await pending;
        Assert.Equal("bc"u8.ToArray(), cancelled.Buffer.ToArray());
        // All of it is consumed while the receive is still under way.
        input.AdvanceTo(cancelled.Buffer.End);
        pair.Peer.Send("def"u8);
        Assert.Equal("def"u8.ToArray(), await Loopback.CollectAsync(input, 3));
    }

    [Fact]
    public async Task Without_a_pending_read_the_next_one_is_cancelled_and_only_that()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        pair.Duplex.Input.CancelPendingRead();
        ReadResult cancelled = await pair.Duplex.Input.ReadAsync();
        Assert.True(cancelled.IsCanceled);
        pair.Duplex.Input.AdvanceTo(cancelled.Buffer.Start, cancelled.Buffer.End);
        Assert.False(pair.Duplex.Input.TryRead(out _));
        pair.Peer.Send("x"u8);
        Assert.Equal("x"u8.ToArray(), await Loopback.CollectAsync(pair.Duplex.Input, 1));
    }

    [Fact]
    public async Task The_end_of_the_peer_is_seen_by_the_read_behind()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        ValueTask<ReadResult> pending = pair.Duplex.Input.ReadAsync();
        pair.Duplex.Input.CancelPendingRead();
        ReadResult cancelled = await pending;
        pair.Duplex.Input.AdvanceTo(cancelled.Buffer.Start, cancelled.Buffer.End);
        pair.Peer.Shutdown(SocketShutdown.Send);
        ReadResult read = await pair.Duplex.Input.ReadAsync();
        Assert.True(read.IsCompleted && !read.IsCanceled);
    }

    [Fact]
    public async Task A_broken_connection_is_thrown_by_the_read_behind()
    {
        await using Loopback pair = await Loopback.ConnectAsync();
        ValueTask<ReadResult> pending = pair.Duplex.Input.ReadAsync();
        pair.Duplex.Input.CancelPendingRead();
        ReadResult cancelled = await pending;
        pair.Duplex.Input.AdvanceTo(cancelled.Buffer.Start, cancelled.Buffer.End);
        pair.Peer.LingerState = new LingerOption(enable: true, 0);
        pair.Peer.Close();
        await Assert.ThrowsAsync<IOException>(async () => await pair.Duplex.Input.ReadAsync());
    }

    [Fact]
    public async Task Disposing_with_a_receive_under_way_ends_it()
    {
        Loopback pair = await Loopback.ConnectAsync();
        ValueTask<ReadResult> pending = pair.Duplex.Input.ReadAsync();
        pair.Duplex.Input.CancelPendingRead();
        await pending;
        await pair.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whoever_cancels_and_whenever_no_byte_is_lost_or_doubled(int seed)
    {
        const int Total = 2_000_000;
        (IDuplex a, IDuplex b) = await Loopback.DuplexesAsync();
        await using (a)
        await using (b)
        {
            using var done = new CancellationTokenSource();
            Task cancelling = Task.Run(() =>
            {
                while (!done.IsCancellationRequested)
                {
                    b.Input.CancelPendingRead();
                    Thread.SpinWait(50);
                }
            });
            Task sending = Task.Run(async () =>
            {
                var random = new Random(seed);
                for (int sent = 0; sent < Total;)
                {
                    byte[] piece = new byte[Math.Min(random.Next(1, 3000), Total - sent)];
                    for (int i = 0; i < piece.Length; i++)
                        piece[i] = Value(sent + i);
                    await a.SendAsync(piece);
                    sent += piece.Length;
                }

                a.CloseOutput();
            });
            var consumes = new Random(seed + 100);
            int at = 0, cancels = 0;
            while (true)
            {
                ReadResult read = await b.Input.ReadAsync();
                ReadOnlyMemory<byte> got = read.Buffer.First;
                int take = got.Length == 0 ? 0 : consumes.Next(got.Length + 1);
                for (int i = 0; i < take; i++)
                    Assert.Equal(Value(at + i), got.Span[i]);
                at += take;
                cancels += read.IsCanceled ? 1 : 0;
                bool end = read.IsCompleted && take == got.Length;
                b.Input.AdvanceTo(read.Buffer.GetPosition(take), take == 0 ? read.Buffer.End : read.Buffer.GetPosition(take));
                if (end)
                    break;
            }

            await done.CancelAsync();
            await Task.WhenAll(cancelling, sending);
            Assert.Equal(Total, at);
            Assert.NotEqual(0, cancels);
        }
    }

    private static byte Value(int at) => (byte)(at * 7 + (at >> 9));
}
