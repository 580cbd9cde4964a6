using System.Buffers.Binary;
using System.Text;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Ssh;

/// <summary>An operation of SFTP that waits for a person: exactly that one goes through or is refused, and what came behind it follows in its order.</summary>
public sealed class HeldFileTests
{
    private const byte Init = 1, Version = 2, MkDir = 14, RmDir = 15, RealPath = 16, Stat = 17, Status = 101, Name = 104, Attrs = 105;

    [Theory, Chunkings]
    public async Task Approved_it_goes_through_and_the_rest_behind_it(Chunking chunking)
    {
        var approver = new Approver();
        await using var rig = new SshRig(chunking) { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SftpAsync(client, target);
        await client.SendAsync(SshMsg.Data(0, [.. Path(Stat, 1, "/first"), .. Path(MkDir, 2, "/held", attributes: true), .. Path(Stat, 3, "/behind")[..5]]));
        Approver.Asked asked = await approver.NextAsync();
        Assert.Equal("mkdir /held", asked.Action.Text);
        await client.SendAsync(SshMsg.Data(0, Path(Stat, 3, "/behind")[5..]), SshMsg.Data(0, Path(RmDir, 4, "/last")));

        // What was asked before is answered while it waits, and other channels go on.
        Assert.Equal([(Stat, 1u)], await RequestsAsync(target, 1));
        await target.SendAsync(SshMsg.Data(0, Reply(Attrs, 1)));
        Assert.Equal([(Attrs, 1u, 0u)], await RepliesAsync(client, 1));
        await SshRig.RunAsync(client, target, 1);
        await client.SendAsync(SshMsg.Data(1, "meanwhile"));
        await target.ExpectAsync(SshMsg.Data(201, "meanwhile"));

        asked.Approve();
        Assert.Equal([(MkDir, 2u), (Stat, 3u), (RmDir, 4u)], await RequestsAsync(target, 3));
        await target.SendAsync(SshMsg.Data(0, [.. Reply(Status, 2), .. Reply(Attrs, 3), .. Reply(Status, 4)]));
        Assert.Equal([(Status, 2u, 0u), (Attrs, 3u, 0u), (Status, 4u, 0u)], await RepliesAsync(client, 3));
        Assert.False(approver.IsAsked);

        // It was approved once: the same again is asked again.
        await client.SendAsync(SshMsg.Data(0, Path(MkDir, 5, "/held", attributes: true)));
        (await approver.NextAsync()).Refuse();
        Assert.Equal([(Status, 5u, 3u)], await RepliesAsync(client, 1));
    }

    [Theory, Chunkings]
    public async Task Denied_it_is_PERMISSION_DENIED_and_never_reaches_the_target(Chunking chunking)
    {
        var approver = new Approver();
        await using var rig = new SshRig(chunking) { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SftpAsync(client, target);
        await client.SendAsync(SshMsg.Data(0, [.. Path(Stat, 1, "/first"), .. Path(MkDir, 2, "/held", attributes: true), .. Path(Stat, 3, "/behind"), .. Path(RmDir, 4, "/held-too"), .. Path(Stat, 5, "/end")]));
        (await approver.NextAsync()).Refuse();
        Approver.Asked second = await approver.NextAsync();
        Assert.Equal("rmdir /held-too", second.Action.Text);
        Assert.Equal([(Stat, 1u), (Stat, 3u)], await RequestsAsync(target, 2));
        second.Approve();
        Assert.Equal([(RmDir, 4u), (Stat, 5u)], await RequestsAsync(target, 2));
        await target.SendAsync(SshMsg.Data(0, [.. Reply(Attrs, 1), .. Reply(Attrs, 3), .. Reply(Status, 4), .. Reply(Attrs, 5)]));
        (byte, uint, uint)[] replies = await RepliesAsync(client, 5);
        Assert.Equal([(Attrs, 1u, 0u), (Status, 2u, 3u), (Attrs, 3u, 0u), (Status, 4u, 0u), (Attrs, 5u, 0u)], replies.OrderBy(r => r.Item2));

        // The answers of the target keep their order among themselves.
        Assert.Equal([1u, 3u, 4u, 5u], replies.Where(r => r.Item2 != 2).Select(r => r.Item2));
    }

    [Fact]
    public async Task A_CLOSE_takes_it_back()
    {
        var approver = new Approver();
        await using var rig = new SshRig { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SftpAsync(client, target);
        await client.SendAsync(SshMsg.Data(0, Path(MkDir, 2, "/held", attributes: true)));
        Approver.Asked asked = await approver.NextAsync();
        await client.SendAsync(SshMsg.Close(0));
        await asked.Withdrawn.Task.WaitAsync(Peer.Patience);

        // Nothing of it but CLOSE and windows.
        byte[] message = await target.NextAsync();
        while (message[0] == SshMessageNumber.ChannelWindowAdjust)
            message = await target.NextAsync();
        Assert.Equal(SshMsg.Shown(SshMsg.Close(200)), SshMsg.Shown(message));
    }

    /// <summary>A channel of sftp that both sides have begun on.</summary>
    private static async Task SftpAsync(SshPeer client, SshPeer target)
    {
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(SshMsg.Request(0, "subsystem", true, SshMsg.Text("sftp")));
        await target.ExpectAsync(SshMessageNumber.ChannelRequest);
        await target.SendAsync(SshMsg.Success(0));
        await client.SkipToAsync(SshMessageNumber.ChannelSuccess);
        await client.SendAsync(SshMsg.Data(0, [0, 0, 0, 5, Init, 0, 0, 0, 3]));
        byte[] asked = await DataAsync(target, data => Packets(data).Count == 2);
        uint home = BinaryPrimitives.ReadUInt32BigEndian(Packets(asked)[1].AsSpan(5));
        byte[] name = new SshWriter().Byte(Name).UInt32(home).UInt32(1).String("/users/deploy").String("").UInt32(0).ToArray();
        await target.SendAsync(SshMsg.Data(0, [0, 0, 0, 5, Version, 0, 0, 0, 3, .. SshMsg.UInt32((uint)name.Length), .. name]));
        await DataAsync(client, data => data.Length == 9);
    }

    private static byte[] Path(byte type, uint id, string path, bool attributes = false)
    {
        SshWriter body = new SshWriter().Byte(type).UInt32(id).String(path);
        return Framed(attributes ? body.UInt32(0) : body);
    }

    private static byte[] Reply(byte type, uint id) => Framed(type == Status
        ? new SshWriter().Byte(type).UInt32(id).UInt32(0).String("").String("")
        : new SshWriter().Byte(type).UInt32(id).UInt32(0));

    private static byte[] Framed(SshWriter packet) => [.. SshMsg.UInt32((uint)packet.Written.Length), .. packet.Written];

    private static async Task<(byte Type, uint Id)[]> RequestsAsync(SshPeer target, int count) =>
        [.. Packets(await DataAsync(target, data => Packets(data).Count >= count)).Select(p => (p[4], BinaryPrimitives.ReadUInt32BigEndian(p.AsSpan(5))))];

    /// <summary>Type, id, and of a status its code.</summary>
    private static async Task<(byte, uint, uint)[]> RepliesAsync(SshPeer client, int count) =>
        [.. Packets(await DataAsync(client, data => Packets(data).Count >= count))
            .Select(p => (p[4], BinaryPrimitives.ReadUInt32BigEndian(p.AsSpan(5)), p[4] == Status ? BinaryPrimitives.ReadUInt32BigEndian(p.AsSpan(9)) : 0u))];

    /// <summary>Data of the first channel, until it is enough; windows aside.</summary>
    private static async Task<byte[]> DataAsync(SshPeer peer, Func<byte[], bool> isEnough)
    {
        byte[] data = [];
        while (!isEnough(data))
        {
            byte[] message = await peer.SkipToAsync(SshMessageNumber.ChannelData);
            Assert.NotEmpty(message);
            data = [.. data, .. message.AsSpan(9)];
        }

        return data;
    }

    private static List<byte[]> Packets(byte[] data)
    {
        var packets = new List<byte[]>();
        for (int at = 0; at + 4 <= data.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(data.AsSpan(at)) + 4;
            if (at + length > data.Length)
                break;
            packets.Add(data[at..(at + length)]);
            at += length;
        }

        return packets;
    }
}
