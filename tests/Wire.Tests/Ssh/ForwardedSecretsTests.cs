using System.Text;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Ssh;

/// <summary>Displays and agents that are forwarded: what opens them, or is given to them to keep, goes through and is in no recording.</summary>
public sealed class ForwardedSecretsTests
{
    private const string Cookie = "c00k1ec00k1e-c00";
    private const string Key = "canary-private-key";

    [Theory, Chunkings]
    public async Task An_X11_connection_goes_through_without_its_cookie_in_the_recording(Chunking chunking)
    {
        await using var rig = new SshRig(chunking);
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        byte[] rest = [0, .. SshMsg.Text("MIT-MAGIC-COOKIE-1"), .. SshMsg.Text(Cookie), .. SshMsg.UInt32(0)];
        await client.SendAsync(SshMsg.Request(0, "x11-req", true, rest));
        await target.ExpectAsync(SshMsg.Request(200, "x11-req", true, rest));
        await target.SendAsync(SshMsg.Success(0));
        await client.ExpectAsync(SshMsg.Success(100));

        byte[] opened = [.. SshMsg.Text("127.0.0.1"), .. SshMsg.UInt32(6010)];
        await target.SendAsync(SshMsg.Open(7, "x11", opened));
        await client.ExpectAsync(SshMsg.Open(1, "x11", opened));
        await client.SendAsync(SshMsg.Confirm(1, 101));
        await target.ExpectAsync(SshMsg.Confirm(7, 1));

        byte[] setup = [(byte)'l', 0, 11, 0, 0, 0, 18, 0, 16, 0, 0, 0, .. "MIT-MAGIC-COOKIE-1"u8, 0, 0, .. Encoding.ASCII.GetBytes(Cookie), .. "drawn behind it"u8];
        foreach (byte[] piece in setup.Chunk(7))
        {
            await target.SendAsync(SshMsg.Data(1, piece));
            await client.ExpectAsync(SshMsg.Data(101, piece));
        }

        string all = SshRecorded.All(rig.Recorder.Only);
        Assert.DoesNotContain("c00k1e", all, StringComparison.Ordinal);
        Assert.Contains("MIT-MAGIC-COOKIE-1", all, StringComparison.Ordinal);
        Assert.Contains("****************drawn behind it", all, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x11-req", Verb.ForwardX11, "x11")]
    [InlineData("auth-agent-req@openssh.com", Verb.ForwardAgent, "auth-agent@openssh.com")]
    public async Task What_policy_denies_reaches_no_target_and_opens_nothing(string request, Verb verb, string opens)
    {
        await using var rig = new SshRig();
        rig.Policy.Denied.Add(verb);
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        byte[] rest = verb == Verb.ForwardX11 ? [0, .. SshMsg.Text("MIT-MAGIC-COOKIE-1"), .. SshMsg.Text(Cookie), .. SshMsg.UInt32(0)] : [];
        await client.SendAsync(SshMsg.Request(0, request, true, rest), SshMsg.Env(0, "LANG"));
        await target.ExpectAsync(SshMsg.Env(200, "LANG"));
        await target.SendAsync(SshMsg.Success(0), SshMsg.Open(7, opens, verb == Verb.ForwardX11 ? [.. SshMsg.Text("127.0.0.1"), .. SshMsg.UInt32(6010)] : []));
        await client.ExpectAsync(SshMsg.Failure(100), SshMsg.Success(100));
        Assert.Equal(7u, SshMsg.Field(await target.ExpectAsync(SshMessageNumber.ChannelOpenFailure), 1));
        Assert.Contains(rig.Recorder.Only.Decisions, d => d.Verdict.Kind == VerdictKind.Deny);
        Assert.DoesNotContain("c00k1e", SshRecorded.All(rig.Recorder.Only), StringComparison.Ordinal);
    }

    [Theory, Chunkings]
    public async Task A_key_that_is_added_to_the_agent_is_not_in_the_recording(Chunking chunking)
    {
        await using var rig = new SshRig(chunking);
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(SshMsg.Request(0, "auth-agent-req@openssh.com", true));
        await target.ExpectAsync(SshMessageNumber.ChannelRequest);
        await target.SendAsync(SshMsg.Success(0), SshMsg.Open(7, "auth-agent@openssh.com"));
        await client.ExpectAsync(SshMsg.Success(100));
        await client.ExpectAsync(SshMsg.Open(1, "auth-agent@openssh.com"));
        await client.SendAsync(SshMsg.Confirm(1, 101));
        await target.ExpectAsync(SshMsg.Confirm(7, 1));

        // SSH2_AGENTC_REQUEST_IDENTITIES, ADD_IDENTITY, ADD_ID_CONSTRAINED, LOCK, SIGN_REQUEST.
        byte[] asked = [.. Agent(11, ""), .. Agent(17, Key), .. Agent(25, Key), .. Agent(22, Key), .. Agent(13, "signed in the open")];
        foreach (byte[] piece in asked.Chunk(11))
        {
            await target.SendAsync(SshMsg.Data(1, piece));
            await client.ExpectAsync(SshMsg.Data(101, piece));
        }

        string all = SshRecorded.Data(rig.Recorder.Only, Direction.ToClient, 1);
        Assert.Equal(3 * Key.Length, all.Count(c => c == '*'));
        Assert.DoesNotContain("canary", all, StringComparison.Ordinal);
        Assert.Contains("signed in the open", all, StringComparison.Ordinal);
    }

    private static byte[] Agent(byte type, string contents) => new SshWriter().UInt32(1 + (uint)contents.Length).Byte(type).Raw(Encoding.ASCII.GetBytes(contents)).ToArray();
}
