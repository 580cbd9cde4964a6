using Sallyport.Protocols.Ssh;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Wire.Tests.Ssh;

/// <summary>New keys on both sides at once, under traffic in both directions: neither loop waits for what only the other can bring about.</summary>
public sealed class RekeyTests
{
    private const int Piece = 16 << 10;

    [Fact]
    public async Task Hundreds_of_exchanges_on_both_sides_lose_no_byte()
    {
        const int Pieces = 1600;
        await using var rig = new SshRig();
        rig.Recorder.DropsBytes = true;
        rig.Listener = rig.Listener with { Transport = SshRig.Fast with { RekeyBytes = 128 << 10 } };
        rig.ClientOptions = rig.TargetOptions = SshRig.Fast with { RekeyBytes = 160 << 10 };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0, window: 512 << 10);
        Flow up = Flow.Into(target, channel: 0), down = Flow.Into(client, channel: 0);
        await Task.WhenAll(up.SendAsync(client, Pieces, 512 << 10), down.SendAsync(target, Pieces, SshMsg.Window)).WaitAsync(TimeSpan.FromSeconds(60));
        await Task.WhenAll(up.ArrivedAsync((long)Pieces * Piece), down.ArrivedAsync((long)Pieces * Piece));
        Assert.True(client.Transport.KeyExchanges > 100 && target.Transport.KeyExchanges > 100, $"{client.Transport.KeyExchanges} and {target.Transport.KeyExchanges} exchanges");
    }

    /// <summary>Whichever limit brings them about, and whichever side has it: the gateway's own, or only those of its peers.</summary>
    [Theory]
    [InlineData("packets", true)]
    [InlineData("packets", false)]
    [InlineData("time", true)]
    [InlineData("time", false)]
    public async Task Exchanges_by_packets_and_by_time_lose_no_byte(string limit, bool byGateway)
    {
        const int Pieces = 400;
        SshTransportOptions eager = limit == "packets" ? SshRig.Fast with { RekeyPackets = 20 } : SshRig.Fast with { RekeyTime = TimeSpan.FromMilliseconds(1) };
        await using var rig = new SshRig();
        rig.Recorder.DropsBytes = true;
        if (byGateway)
            rig.Listener = rig.Listener with { Transport = eager };
        else
            rig.ClientOptions = rig.TargetOptions = eager;
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0, window: 512 << 10);
        Flow up = Flow.Into(target, channel: 0), down = Flow.Into(client, channel: 0);
        await Task.WhenAll(up.SendAsync(client, Pieces, 512 << 10), down.SendAsync(target, Pieces, SshMsg.Window)).WaitAsync(TimeSpan.FromSeconds(60));
        await Task.WhenAll(up.ArrivedAsync((long)Pieces * Piece), down.ArrivedAsync((long)Pieces * Piece));
        Assert.True(client.Transport.KeyExchanges > 5 && target.Transport.KeyExchanges > 5, $"{client.Transport.KeyExchanges} and {target.Transport.KeyExchanges} exchanges");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stalled_exchange_ends_the_session_in_its_time(bool byClient)
    {
        await using var rig = new SshRig();
        rig.Recorder.DropsBytes = true;
        rig.Listener = rig.Listener with { Transport = SshRig.Fast with { RekeyBytes = 64 << 10, KeyExchangeTime = TimeSpan.FromSeconds(4) } };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        (SshPeer silent, SshPeer other) = byClient ? (client, target) : (target, client);
        silent.Pause();

        // The pause takes effect behind the next message.
        for (int i = 0; i < 8; i++)
            await other.SendAsync(SshMsg.Data(0, new byte[Piece]));
        await rig.ExpectEndAsync(byClient ? SessionSide.Client : SessionSide.Target, "key-exchange-failed");
    }

    /// <summary>Data of one direction, whose receiver grants as much window as it has taken.</summary>
    private sealed class Flow
    {
        private readonly TaskCompletionSource<long> _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly SemaphoreSlim _window = new(0);
        private long _bytes;
        private long _expected = long.MaxValue;
        private bool _inOrder = true;

        /// <summary>Takes what comes to a peer, and gives the window of the other direction to that direction's flow.</summary>
        public static Flow Into(SshPeer peer, uint channel)
        {
            var flow = new Flow();
            peer.Takes = message =>
            {
                if (message.Span[0] == SshMessageNumber.ChannelData)
                {
                    flow._inOrder &= message.Span[9] == (byte)(flow._bytes / Piece);
                    flow._bytes += message.Length - 9;
                    peer.Transport.Answer(SshMsg.Adjust(channel, (uint)message.Length - 9));
                    if (Interlocked.Read(ref flow._expected) <= flow._bytes)
                        flow._all.TrySetResult(flow._bytes);
                }
                else if (message.Span[0] == SshMessageNumber.ChannelWindowAdjust)
                {
                    Sender(peer)?._window.Release();
                }

                return true;
            };
            lock (Senders)
                Senders[peer] = flow;
            return flow;
        }

        private static readonly Dictionary<SshPeer, Flow> Senders = [];

        /// <summary>The flow that a peer sends: the other peer's.</summary>
        private static Flow? Sender(SshPeer peer)
        {
            lock (Senders)
                return Senders.Where(s => s.Key != peer).Select(s => s.Value).FirstOrDefault(f => f._by == peer);
        }

        private SshPeer? _by;

        public async Task SendAsync(SshPeer by, int pieces, uint window)
        {
            _by = by;
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            byte[] piece = new byte[Piece];
            int free = (int)(window / Piece) / 2;
            for (int i = 0; i < pieces; i++)
            {
                piece[0] = (byte)i;
                if (free-- <= 0)
                    await _window.WaitAsync(patience.Token);
                await by.SendAsync(SshMsg.Data(0, piece));
            }
        }

        public async Task ArrivedAsync(long bytes)
        {
            Interlocked.Exchange(ref _expected, bytes);
            if (_bytes < bytes)
                await _all.Task.WaitAsync(TimeSpan.FromSeconds(60));
            Assert.True(_inOrder);
            Assert.Equal(bytes, _bytes);
        }
    }
}
