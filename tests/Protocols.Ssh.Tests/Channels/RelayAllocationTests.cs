using System.Buffers.Binary;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Channels;
using Sallyport.Protocols.Ssh.Tests.Doubles;
using Sallyport.Protocols.Ssh.Tests.Sftp;

namespace Sallyport.Protocols.Ssh.Tests.Channels;

/// <summary>Data that is passed on is found, measured, recorded, encrypted and sent without a byte of garbage.</summary>
public sealed class RelayAllocationTests
{
    private const int Head = 9;

    [Theory]
    [InlineData(true, 100)]
    [InlineData(true, 32 << 10)]
    [InlineData(false, 100)]
    [InlineData(false, 32 << 10)]
    public async Task No_byte_for_a_packet_of_data(bool fromClient, int size)
    {
        await using TransportPair client = await new TransportPair().LogInAsync();
        await using TransportPair target = await new TransportPair().LogInAsync();
        client.ServerEnd.Tap = target.ClientEnd.Tap = static _ => default;
        var listener = new SshListener { Node = "n", Name = "l", HostKeys = () => null!, TargetHostKeys = _ => null! };
        var shared = new SshShared(new FileSession().Context, client.Server, target.Client, listener, new LoginRestrictions(), TimeProvider.System);
        SshChannel channel = shared.Channels.Add(number => new SshChannel(shared, number, SshChannelKind.Session, SshSide.Client))!;
        channel.SetPeer(SshSide.Client, 100, 64 << 10);
        channel.SetPeer(SshSide.Target, 200, 64 << 10);
        channel.ToClient.Open(uint.MaxValue / 2, 0);
        channel.ToTarget.Open(uint.MaxValue / 2, 0);
        Assert.True(channel.TryAdvance(SshSide.Target, SshMessageNumber.ChannelOpenConfirmation));
        channel.IsAnswered = true;

        SshSide from = fromClient ? SshSide.Client : SshSide.Target;
        var relay = new SshRelay(shared, from);
        byte[] message = new byte[Head + size];
        message[0] = SshMessageNumber.ChannelData;
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(5), (uint)size);
        Assert.Equal(0, Allocation.Least(500, () =>
        {
            BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1), channel.Number);
            ValueTask passed = relay.DataAsync(relay.Channel(message), message, default);
            Assert.True(passed.IsCompletedSuccessfully);
            ValueTask sent = shared.Transport(from.Other()).FlushAsync(default);
            Assert.True(sent.IsCompletedSuccessfully);
            lock (channel.Lock)
                channel.WindowTo(from.Other()).TryAdjust((uint)size, grant: true, out _);
        }));
    }

    [Fact]
    public async Task No_byte_for_a_window_that_is_passed_on()
    {
        await using TransportPair client = await new TransportPair().LogInAsync();
        await using TransportPair target = await new TransportPair().LogInAsync();
        target.ClientEnd.Tap = static _ => default;
        var listener = new SshListener { Node = "n", Name = "l", HostKeys = () => null!, TargetHostKeys = _ => null! };
        var shared = new SshShared(new FileSession().Context, client.Server, target.Client, listener, new LoginRestrictions(), TimeProvider.System);
        SshChannel channel = shared.Channels.Add(number => new SshChannel(shared, number, SshChannelKind.DirectTcpip, SshSide.Client))!;
        channel.SetPeer(SshSide.Client, 100, 64 << 10);
        channel.SetPeer(SshSide.Target, 200, 64 << 10);
        Assert.True(channel.TryAdvance(SshSide.Target, SshMessageNumber.ChannelOpenConfirmation));
        channel.IsAnswered = true;
        var relay = new SshRelay(shared, SshSide.Client);
        byte[] message = [SshMessageNumber.ChannelWindowAdjust, 0, 0, 0, 0, 0, 0, 0, 9];
        _ = channel.Say;
        Assert.Equal(0, Allocation.Least(500, () =>
        {
            Assert.True(relay.AdjustAsync(relay.Channel(message), message, default).IsCompletedSuccessfully);
            Assert.True(shared.Transport(SshSide.Target).FlushAsync(default).IsCompletedSuccessfully);
        }));
    }
}
