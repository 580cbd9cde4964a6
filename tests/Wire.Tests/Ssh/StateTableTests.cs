using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Ssh;

/// <summary>
/// Every message number, from either peer, on a channel that is opening, open, after EOF, after CLOSE, and on one that does not exist: passed on, answered
/// here, or the end of the session, exactly as RFC 4253 11 and RFC 4254 5 say.
/// </summary>
public sealed class StateTableTests
{
    private const uint Probe = 1;

    /// <summary>Where the channel stands for the peer that speaks.</summary>
    public enum At
    {
        Opening,
        Open,
        Eof,
        Closed,
        Unknown,
    }

    /// <summary>What becomes of a message.</summary>
    private enum Fate
    {
        /// <summary>The other peer gets it.</summary>
        Passed,

        /// <summary>The other peer hears nothing of it, and the session goes on.</summary>
        Kept,

        /// <summary>The session ends, for what this peer did.</summary>
        Violation,

        /// <summary>It says good-bye.</summary>
        Closed,
    }

    public static TheoryData<At, bool> States()
    {
        var data = new TheoryData<At, bool>();
        foreach (At at in Enum.GetValues<At>())
        {
            data.Add(at, true);
            data.Add(at, false);
        }

        return data;
    }

    [Theory, MemberData(nameof(States))]
    public async Task Messages_of_channels(At at, bool fromClient)
    {
        for (byte number = 80; number <= 100; number++)
            await ProbeAsync(at, fromClient, number);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task All_other_messages(bool fromClient)
    {
        // Those of key exchanges (20 to 49) are settled by the transport, whose own tests have them all.
        foreach (int number in Enumerable.Range(0, 256).Where(n => n is < 22 or 30 or 49 or (>= 50 and < 80) or > 100))
            await ProbeAsync(At.Open, fromClient, (byte)number);
    }

    private static async Task ProbeAsync(At at, bool fromClient, byte number)
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        (SshPeer from, SshPeer to) = fromClient ? (client, target) : (target, client);
        await PrepareAsync(at, client, target, from);

        Fate expected = Expected(at, fromClient, number);
        await from.SendAsync(Message(number, at == At.Unknown ? 77 : Probe));
        string what = $"{number} of the {(fromClient ? "client" : "target")}, {at}";
        if (expected is Fate.Violation or Fate.Closed)
        {
            SessionEnd end = (await rig.Running.WaitAsync(Peer.Patience)).End;
            (SessionSide, string) why = (fromClient ? SessionSide.Client : SessionSide.Target, expected == Fate.Closed ? "closed" : "protocol-violation");
            Assert.True((end.Side, end.Reason) == why, $"{what}: {end}");
            return;
        }

        // Data on another channel, behind it: what came before that has been dealt with.
        await from.SendAsync(SshMsg.Data(0, "fence"));
        var got = new List<byte[]>();
        byte[] fence = SshMsg.Data(fromClient ? 200u : 100u, "fence");
        for (byte[] message = await to.NextAsync(); !message.AsSpan().SequenceEqual(fence); message = await to.NextAsync())
        {
            Assert.True(message.Length > 0, $"{what}: the session ended");
            got.Add(message);
        }

        bool passed = got.Exists(m => m[0] == number);
        Assert.True(passed == (expected == Fate.Passed), $"{what}: {(passed ? "was passed on" : "was not passed on")}");
    }

    /// <summary>Brings the probed half of channel 1 where it is to be.</summary>
    private static async Task PrepareAsync(At at, SshPeer client, SshPeer target, SshPeer from)
    {
        if (at == At.Opening)
        {
            // Asked for by the client, and not answered yet: the target may answer it, the client must wait.
            await client.SendAsync(SshMsg.Open(101));
            await target.ExpectAsync(SshMessageNumber.ChannelOpen);
            return;
        }

        await SshRig.RunAsync(client, target, Probe);

        // A request of the client is under way, which the target may answer.
        await client.SendAsync(SshMsg.Request(Probe, "signal", true, SshMsg.Text("INT")));
        await target.ExpectAsync(SshMessageNumber.ChannelRequest);
        SshPeer to = from == client ? target : client;
        if (at == At.Eof)
        {
            await from.SendAsync(SshMsg.Eof(Probe));
            await to.ExpectAsync(SshMessageNumber.ChannelEof);
        }

        if (at == At.Closed)
        {
            await from.SendAsync(SshMsg.Close(Probe));
            await to.ExpectAsync(SshMessageNumber.ChannelClose);
        }
    }

    private static Fate Expected(At at, bool fromClient, byte number) => number switch
    {
        SshMessageNumber.Disconnect => Fate.Closed,
        SshMessageNumber.Ignore or SshMessageNumber.Unimplemented or SshMessageNumber.Debug or SshMessageNumber.ExtInfo => Fate.Kept,
        SshMessageNumber.UserauthRequest when fromClient => Fate.Kept,
        0 or 5 or 6 or (>= 20 and <= 49) or (>= 50 and < 80) => Fate.Violation,
        > 7 and < 20 => Fate.Kept,
        SshMessageNumber.GlobalRequest => Fate.Kept,
        SshMessageNumber.RequestSuccess or SshMessageNumber.RequestFailure => Fate.Violation,
        > 82 and < 90 => Fate.Kept,
        SshMessageNumber.ChannelOpen => fromClient ? Fate.Passed : Fate.Kept,
        SshMessageNumber.ChannelOpenConfirmation or SshMessageNumber.ChannelOpenFailure => at == At.Opening && !fromClient ? Fate.Passed : Fate.Violation,
        > 100 => Fate.Kept,
        _ => OnChannel(at, fromClient, number),
    };

    private static Fate OnChannel(At at, bool fromClient, byte number) => number switch
    {
        _ when at is At.Opening or At.Closed or At.Unknown => Fate.Violation,
        SshMessageNumber.ChannelData or SshMessageNumber.ChannelExtendedData or SshMessageNumber.ChannelEof when at == At.Eof => Fate.Violation,

        // Nobody reads extended data of a client; nothing is owed by a client.
        SshMessageNumber.ChannelExtendedData when fromClient => Fate.Kept,
        SshMessageNumber.ChannelSuccess or SshMessageNumber.ChannelFailure when fromClient => Fate.Violation,
        _ => Fate.Passed,
    };

    private static byte[] Message(byte number, uint channel) => number switch
    {
        SshMessageNumber.Disconnect => [1, .. SshMsg.UInt32(11), .. SshMsg.Text("bye"), .. SshMsg.Text("")],
        SshMessageNumber.Ignore => [2, .. SshMsg.Text("x")],
        SshMessageNumber.Unimplemented => [3, .. SshMsg.UInt32(0)],
        SshMessageNumber.Debug => [4, 1, .. SshMsg.Text("x"), .. SshMsg.Text("")],
        SshMessageNumber.ExtInfo => [7, .. SshMsg.UInt32(0)],
        SshMessageNumber.GlobalRequest => SshMsg.Global("unheard-of@example.com", true),
        SshMessageNumber.ChannelOpen => SshMsg.Open(150),
        SshMessageNumber.ChannelOpenConfirmation => SshMsg.Confirm(channel, 250),
        SshMessageNumber.ChannelOpenFailure => SshMsg.OpenFailure(channel),
        SshMessageNumber.ChannelWindowAdjust => SshMsg.Adjust(channel, 10),
        SshMessageNumber.ChannelData => SshMsg.Data(channel, "x"),
        SshMessageNumber.ChannelExtendedData => SshMsg.Error(channel, "x"),
        SshMessageNumber.ChannelRequest => SshMsg.Request(channel, "eow@openssh.com", false),
        SshMessageNumber.UserauthRequest => [50, .. SshMsg.Text("u"), .. SshMsg.Text("ssh-connection"), .. SshMsg.Text("none")],
        _ => [number, .. SshMsg.UInt32(channel)],
    };
}
