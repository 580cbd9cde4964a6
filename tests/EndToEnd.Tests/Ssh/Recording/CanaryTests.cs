using System.Text;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Recording;

/// <summary>What is in files that are moved is in no recording; what a terminal showed can be played on one.</summary>
[Collection(SshServers.Name)]
public sealed partial class CanaryTests(CanaryTests.Gateway gateway) : IClassFixture<CanaryTests.Gateway>
{
    private const string Canary = "canary-of-the-file-that-was-moved";

    private readonly SshDaemon _daemon = gateway.Daemon;

    [Fact]
    public async Task No_bytes_of_files_are_in_recordings()
    {
        using var here = new TempFolder();
        string content = string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i} {Canary}\n"));
        here.Write("tree/file", content);
        string there = gateway.Server.Files, host = $"{SshDaemon.User}@127.0.0.1:", shell = "ssh " + string.Join(' ', _daemon.Options());
        string batch = here.Write("batch", $"put {here.At("tree/file")} {there}/canary-sftp\nget {there}/canary-sftp {here.At("sftp")}\n");
        string[][] moves =
        [
            ["sftp", "-b", batch, .. _daemon.Options("-P"), host[..^1]],
            ["scp", "-O", .. _daemon.Options("-P"), here.At("tree/file"), $"{host}{there}/canary-scp"],
            ["scp", "-O", .. _daemon.Options("-P"), $"{host}{there}/canary-scp", here.At("scp")],
            ["rsync", "-t", "-e", shell, here.At("tree/file"), $"{host}{there}/canary-rsync"],
            ["rsync", "-t", "-e", shell, $"{host}{there}/canary-rsync", here.At("rsync")],
        ];
        SshRun[] runs = await Task.WhenAll(moves[..2].Append(moves[3]).Select(move => SshRun.OfAsync(move)));
        runs = [.. runs, .. await Task.WhenAll(SshRun.OfAsync(moves[2]), SshRun.OfAsync(moves[4]))];

        Assert.All(runs, run => Assert.True(run.ExitCode == 0, run.ToString()));
        foreach (string moved in new[] { there + "/canary-sftp", there + "/canary-scp", there + "/canary-rsync", here.At("sftp"), here.At("scp"), here.At("rsync") })
            Assert.Equal(content, File.ReadAllText(moved));
        Recorded[] recorded;
        do
            recorded = [.. (await SshRecordings.CompleteAsync(_daemon, moves.Length)).Where(r => r.Events.Any(e => e.Name == "file" && e.Detail.Contains("/canary-", StringComparison.Ordinal)))];
        while (recorded.Length < moves.Length);
        Assert.Equal(6, recorded.SelectMany(r => r.Events).Count(e => e.Name == "file"));
        Assert.All(recorded, r => Assert.True(r.Bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Canary)) < 0, $"the file is in {r.File}: {r.Events[0].Detail}"));
        Assert.DoesNotContain(Canary, _daemon.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_is_played_on_a_terminal_and_left_by_q()
    {
        SshRun run = await SshRun.OfAsync(
            ["ssh", .. _daemon.Options(), "-tt", SshDaemon.User + "@127.0.0.1", "printf '\\033[2J\\033[3;5Hdrawn-%d\\033[31m-in-red\\033[0m\\n' 42"]);
        Assert.Equal(0, run.ExitCode);
        Recorded? recorded;
        do
            recorded = (await SshRecordings.CompleteAsync(_daemon)).SingleOrDefault(r => r.Decisions.Any(d => d.Text.Contains("drawn-%d", StringComparison.Ordinal)));
        while (recorded is null);

        using var folder = new TempFolder();
        string typescript = folder.At("typescript");
        await using ChildProcess player = ChildProcess.Start(
            ["script", "-qfec", $"stty cols 90 rows 28; exec {Repository.Tool("sallyport-replay")} play {recorded.File}", typescript],
            new Dictionary<string, string> { ["TERM"] = "xterm", ["SHELL"] = "/bin/sh" });
        string shown = "";
        while (!shown.Contains("q quit", StringComparison.Ordinal) || !shown.Contains("drawn-42", StringComparison.Ordinal))
        {
            Assert.False(player.HasExited, player.Output + player.Error + shown);
            await Task.Delay(20);
            shown = File.Exists(typescript) ? await File.ReadAllTextAsync(typescript) : "";
        }

        Assert.False(player.HasExited);
        await player.Input.WriteAsync("q");
        await player.Input.FlushAsync();
        Assert.Equal(0, await player.WaitForExitAsync());
        shown = await File.ReadAllTextAsync(typescript);
        Assert.Contains("-in-red", shown, StringComparison.Ordinal);

        // On a screen of its own, and back from it: what was recorded never clears the watcher's.
        Assert.Contains("\u001b[?1049h", shown, StringComparison.Ordinal);
        Assert.Contains("\u001b[?1049l", shown, StringComparison.Ordinal);
    }

    /// <summary>A daemon for both.</summary>
    public sealed class Gateway(SshServerFixture sshd) : IAsyncLifetime
    {
        private SshDaemon? _daemon;

        public SshDaemon Daemon => _daemon!;

        public SshServer Server => sshd.Server;

        public async Task InitializeAsync() => _daemon = await SshDaemon.StartAsync(sshd.Server, SshPolicies.AllowAll);

        public async Task DisposeAsync()
        {
            if (_daemon is not null)
                await _daemon.DisposeAsync();
        }
    }
}
