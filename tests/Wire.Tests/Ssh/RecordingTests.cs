using System.Text;
using Sallyport.Protocols.Ssh;
using Sallyport.Protocols.Ssh.Transcript;

namespace Sallyport.Wire.Tests.Ssh;

/// <summary>What is recorded is what happened, in the form that the documents promise, and nothing happens that is not recorded.</summary>
public sealed class RecordingTests
{
    [Theory, Chunkings]
    public async Task Both_directions_are_read_back_under_our_numbers(Chunking chunking)
    {
        await using var rig = new SshRig(chunking);
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        await SshRig.RunAsync(client, target, 1, command: "other");
        await client.SendAsync(SshMsg.Data(1, "question"));
        await target.ExpectAsync(SshMsg.Data(201, "question"));
        await target.SendAsync(SshMsg.Data(1, "answer"), SshMsg.Error(1, "oops"), SshMsg.ExitStatus(1, 4), SshMsg.Close(1));
        await client.SkipToAsync(SshMessageNumber.ChannelClose);

        List<SshTranscriptEntry> entries = Read(rig.Recorder.Only);
        Assert.DoesNotContain(entries, e => e is SshMalformedEntry);
        SshDataEntry[] data = [.. entries.OfType<SshDataEntry>()];
        Assert.All(data, d => Assert.Equal(1u, d.Channel.Number));
        Assert.Equal(["question", "answer", "oops"], data.Select(d => Encoding.UTF8.GetString(d.Bytes.Span)));
        Assert.Equal([SshStream.Input, SshStream.Output, SshStream.Error], data.Select(d => d.Stream));
        Assert.Equal(["cat", "other"], entries.OfType<SshRequestEntry>().Where(r => r.Name == "exec").Select(r => r.Text));
        Assert.Contains(entries.OfType<SshRequestEntry>(), r => r is { Name: "exit-status", FromTarget: true });
    }

    [Fact]
    public async Task Secrets_cookies_and_logins_are_not_in_it()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(
            SshMsg.Request(0, "x11-req", true, [0, .. SshMsg.Text("MIT-MAGIC-COOKIE-1"), .. SshMsg.Text("c00k1ec00k1e"), .. SshMsg.UInt32(0)]), SshMsg.Pty(0), SshMsg.Request(0, "shell", true));
        await target.ExpectAsync(SshMessageNumber.ChannelRequest);
        await target.SendAsync(SshMsg.Success(0), SshMsg.Success(0), SshMsg.Success(0), SshMsg.Data(0, "[sudo] password for deploy: "));
        await client.SkipToAsync(SshMessageNumber.ChannelData);
        await client.SendAsync(SshMsg.Data(0, "hunter2\r"));
        await target.SkipToAsync(SshMessageNumber.ChannelData);
        MemoryRecording recording = rig.Recorder.Only;
        string all = Encoding.Latin1.GetString([.. recording.FromClient, .. recording.ToClient]) + string.Join('\n', recording.Events);
        Assert.DoesNotContain("c00k1e", all, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", all, StringComparison.Ordinal);
        Assert.DoesNotContain(Doors.GoodToken, all, StringComparison.Ordinal);
        Assert.DoesNotContain("target's own secret", all, StringComparison.Ordinal);
        Assert.Contains("********", all, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_recording_that_is_behind_holds_back_what_it_has_not_kept(bool fromClient)
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        (SshPeer from, SshPeer to) = fromClient ? (client, target) : (target, client);
        MemoryRecording recording = rig.Recorder.Only;
        var behind = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        recording.Behind = behind;
        await from.SendAsync(SshMsg.Data(0, "kept first"));
        while (!Encoding.Latin1.GetString(fromClient ? recording.FromClient : recording.ToClient).Contains("kept first", StringComparison.Ordinal))
            await Task.Yield();

        // The other direction goes on; what comes from there first is not what waits.
        Task<byte[]> next = to.NextAsync();
        Assert.False(next.IsCompleted);
        recording.Behind = null;
        behind.SetResult();
        Assert.Equal(SshMsg.Shown(SshMsg.Data(fromClient ? 200u : 100u, "kept first")), SshMsg.Shown(await next));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_recording_that_fails_ends_the_session_and_the_client_is_told(bool fromClient)
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        rig.Recorder.Only.Fails = true;
        await (fromClient ? client : target).SendAsync(SshMsg.Data(0, "lost"));
        await rig.ExpectEndAsync(SessionSide.Proxy, "recording-failed");
        Assert.DoesNotContain(await client.DrainAsync(), m => m[0] == SshMessageNumber.ChannelData);
        Assert.DoesNotContain(await target.DrainAsync(), m => m[0] == SshMessageNumber.ChannelData);
        Assert.Contains("recorded", client.Transport.PeerDisconnect ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exec")]
    [InlineData("env")]
    [InlineData("open")]
    [InlineData("tcp")]
    [InlineData("pty")]
    public async Task Nothing_is_asked_of_the_target_that_could_not_be_recorded(string what)
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        rig.Recorder.Only.Fails = true;
        await client.SendAsync(what switch
        {
            "exec" => SshMsg.Exec(0, "ls"),
            "env" => SshMsg.Env(0, "A"),
            "open" => SshMsg.Open(5),
            "tcp" => SshMsg.OpenTcp(5, "h", 80),
            _ => SshMsg.Pty(0),
        });
        await rig.ExpectEndAsync(SessionSide.Proxy, "recording-failed");
        Assert.Empty(await target.DrainAsync());
    }

    [Fact]
    public async Task A_session_that_cannot_be_recorded_does_not_begin()
    {
        await using var rig = new SshRig();
        rig.Recorder.RefusesToOpen = true;
        SshPeer client = await rig.ConnectAsync();
        Assert.False(await client.LogInAsync("deploy+box", Doors.GoodToken));
        await rig.ExpectEndAsync(SessionSide.Proxy, "recording-failed");
    }

    [Fact]
    public async Task A_recording_that_fails_at_once_lets_nobody_in()
    {
        await using var rig = new SshRig();
        rig.Recorder.FailsAtOnce = true;
        SshPeer client = await rig.ConnectAsync();
        Task<bool> login = client.LogInAsync("deploy+box", Doors.GoodToken);
        await (await rig.TargetAsync()).LetInAsync();
        Assert.False(await login);
        await rig.ExpectEndAsync(SessionSide.Proxy, "recording-failed");
    }

    private static List<SshTranscriptEntry> Read(MemoryRecording recording)
    {
        // Two streams that were recorded side by side: requests and what opens channels come first either way.
        var transcript = new SshTranscript();
        var entries = new List<SshTranscriptEntry>();
        transcript.Feed(Direction.FromClient, recording.FromClient, DateTimeOffset.UnixEpoch);
        transcript.Feed(Direction.ToClient, recording.ToClient, DateTimeOffset.UnixEpoch);
        while (transcript.TryTake(out SshTranscriptEntry? entry))
            entries.Add(entry!);
        return entries;
    }
}
