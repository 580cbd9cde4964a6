using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Ssh;

/// <summary>Floods and stalls: memory stays flat, and whoever is slow slows itself alone. Alone, because memory is counted for the whole process.</summary>
[CollectionDefinition(nameof(LoadTests), DisableParallelization = true)]
[Collection(nameof(LoadTests))]
public sealed class LoadTests
{
    private const long Flat = 50L << 20;
    private const int Many = 100_000;

    [Fact]
    public async Task A_client_that_takes_nothing_holds_a_gigabyte_back_at_its_producer()
    {
        await using SshRig rig = Rig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        await client.SendAsync(SshMsg.Adjust(0, 2_000_000_000));
        await target.SkipToAsync(SshMessageNumber.ChannelWindowAdjust);
        long arrived = 0;
        client.Takes = message =>
        {
            arrived += message.Length - 9;
            return true;
        };
        client.Pause();

        long before = GC.GetTotalMemory(forceFullCollection: true);
        using var stop = new CancellationTokenSource();
        long sent = 0;
        byte[] piece = SshMsg.Data(0, new byte[SshMsg.MaxPacket]);
        Task producing = Task.Run(async () =>
        {
            for (; sent < 1L << 30; sent += SshMsg.MaxPacket)
            {
                while (!target.Transport.TryWrite(piece))
                    await target.Transport.WritableAsync(stop.Token);
            }
        });

        // It stands still once everything between the two is full.
        long last;
        do
        {
            last = Interlocked.Read(ref sent);
            await Task.Delay(200);
        }
        while (Interlocked.Read(ref sent) != last || last == 0);
        Assert.InRange(sent, 1, 64 << 20);
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < Flat);

        // Other channels of the target's connection stand behind it in the same TCP stream; another connection does not.
        await using SshRig other = Rig();
        (SshPeer lively, SshPeer livelyTarget) = await other.ReadyAsync();
        await SshRig.RunAsync(lively, livelyTarget, 0);

        client.Resume();
        while (Interlocked.Read(ref sent) < 128 << 20)
            await Task.Delay(10);
        await stop.CancelAsync();
        client.Vanish();
        await rig.EndAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => producing);
    }

    [Fact]
    public async Task A_channel_without_window_slows_itself_alone()
    {
        await using SshRig rig = Rig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        await SshRig.RunAsync(client, target, 1);
        for (uint sent = 0; sent < SshMsg.Window - SshMsg.MaxPacket; sent += SshMsg.MaxPacket)
            await target.SendAsync(SshMsg.Data(0, new byte[SshMsg.MaxPacket]));
        await target.SendAsync(SshMsg.Data(1, "still here"));
        byte[] message;
        do
            message = await client.ExpectAsync(SshMessageNumber.ChannelData);
        while (SshMsg.Field(message, 1) == 100);
        Assert.Equal(SshMsg.Shown(SshMsg.Data(101, "still here")), SshMsg.Shown(message));
    }

    [Theory]
    [InlineData("unknown type")]
    [InlineData("denied by policy")]
    [InlineData("refused by the target")]
    [InlineData("requests")]
    public async Task A_hundred_thousand_refusals_take_no_memory(string kind)
    {
        await using SshRig rig = Rig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        byte expected = kind == "requests" ? SshMessageNumber.ChannelFailure : SshMessageNumber.ChannelOpenFailure;
        byte[] message = kind switch
        {
            "unknown type" => SshMsg.Open(9, "tun@openssh.com"),
            "denied by policy" => SshMsg.OpenTcp(9, "denied.example", 80),
            "refused by the target" => SshMsg.Open(9),
            _ => SshMsg.Env(0, "denied"),
        };
        target.Takes = open =>
        {
            if (open.Span[0] == SshMessageNumber.ChannelOpen)
                target.Transport.Answer(SshMsg.OpenFailure(SshMsg.Field(open.ToArray(), 5 + "session".Length)));
            return true;
        };
        int refused = 0;
        var some = new SemaphoreSlim(0);
        client.Takes = answer =>
        {
            Assert.Equal(expected, answer.Span[0]);
            if (++refused % 100 == 0)
                some.Release();
            return true;
        };
        long before = GC.GetTotalMemory(forceFullCollection: true);
        byte[][] hundred = [.. Enumerable.Repeat(message, 100)];
        for (int i = 0; i < Many; i += 100)
        {
            await client.SendAsync(hundred);
            Assert.True(await some.WaitAsync(Peer.Patience), $"{refused} refused");
        }

        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < Flat);
        client.Takes = target.Takes = null;
        await SshRig.OpenAsync(client, target, 1);
    }

    [Theory]
    [InlineData("adjust")]
    [InlineData("global")]
    [InlineData("global, no reply")]
    [InlineData("ext-info")]
    [InlineData("debug")]
    [InlineData("ignore")]
    [InlineData("open")]
    [InlineData("request")]
    public async Task A_target_that_floods_takes_no_memory(string kind)
    {
        await using SshRig rig = Rig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        byte[] message = kind switch
        {
            "adjust" => SshMsg.Adjust(0, 1),
            "global" => SshMsg.Global("keepalive@openssh.com", true),
            "global, no reply" => SshMsg.Global("keepalive@openssh.com", false),
            "ext-info" => [SshMessageNumber.ExtInfo, .. SshMsg.UInt32(0)],
            "debug" => [SshMessageNumber.Debug, 1, .. SshMsg.Text("x"), .. SshMsg.Text("")],
            "ignore" => [SshMessageNumber.Ignore, .. SshMsg.Text("x")],
            "open" => SshMsg.Open(3, "auth-agent@openssh.com"),
            _ => SshMsg.Request(0, "keepalive@openssh.com", true),
        };
        target.Takes = static _ => true;
        client.Takes = static m => m.Span[0] == SshMessageNumber.ChannelWindowAdjust;
        long before = GC.GetTotalMemory(forceFullCollection: true);
        byte[][] hundred = [.. Enumerable.Repeat(message, 100)];
        for (int i = 0; i < Many / 4; i += 100)
            await target.SendAsync(hundred);
        await target.SendAsync(SshMsg.Data(0, "after"));
        await client.ExpectAsync(SshMsg.Data(100, "after"));
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < Flat);
    }

    private static SshRig Rig()
    {
        var rig = new SshRig();
        rig.Recorder.DropsBytes = true;
        return rig;
    }
}
