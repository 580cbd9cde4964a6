using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Recording;

/// <summary>What was done is in the recording, as `sallyport-replay` shows it; what nobody may know is not.</summary>
[Collection(SshServers.Name)]
public sealed class ReplayTests(SshServerFixture sshd) : IAsyncLifetime
{
    private const string Typed = "canary-typed-secret";
    private SshDaemon _daemon = null!;

    public async Task InitializeAsync() => _daemon = await SshDaemon.StartAsync(sshd.Server, SshPolicies.AllowAll);

    public async Task DisposeAsync() => await _daemon.DisposeAsync();

    [Fact]
    public async Task Commands_files_and_tunnels_of_one_session_are_shown()
    {
        using var folder = new TempFolder();
        using var echo = new EchoServer();
        byte[] content = RandomNumberGenerator.GetBytes(1_500_000);
        await File.WriteAllBytesAsync(folder.At("file"), content);
        string there = Path.Combine(sshd.Server.Files, "replayed");
        int port = FreePort.Next();
        await using (SshMux mux = await SshMux.OpenAsync(_daemon, null, "-L", $"{port}:127.0.0.1:{echo.Port}"))
        {
            Assert.Equal(7, (await mux.RunAsync("cat; echo to-the-error-output >&2; exit 7", "typed into it\n")).ExitCode);
            Assert.Equal("hello", await EchoServer.AskAsync(port, "hello"));
            SshRun scp = await SshRun.OfAsync(["scp", .. _daemon.Options("-P"), folder.At("file"), $"{SshDaemon.User}@127.0.0.1:{there}"]);
            Assert.Equal(0, scp.ExitCode);
            mux.Master.Signal(UnixSignal.Term);
            await mux.Master.WaitForExitAsync();
        }

        await SshRecordings.CompleteAsync(_daemon, 2);
        string shown = await _daemon.ReplayAsync("--full");

        Assert.Contains("cat; echo to-the-error-output >&2; exit 7", shown, StringComparison.Ordinal);
        Assert.Contains("14 bytes in, 14 out, 20 of errors", shown, StringComparison.Ordinal);
        Assert.Contains("exit 7", shown, StringComparison.Ordinal);
        Assert.Contains(there, shown, StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{echo.Port}", shown, StringComparison.Ordinal);
        IReadOnlyList<Recorded> all = await SshRecordings.CompleteAsync(_daemon, 2);
        using JsonDocument file = JsonDocument.Parse(all.SelectMany(r => r.Events).Single(e => e.Name == "file").Detail);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), file.RootElement.GetProperty("sha256").GetString());
        Assert.Equal((content.Length, "upload", "complete"), (file.RootElement.GetProperty("bytes").GetInt32(), file.RootElement.GetProperty("direction").GetString(), file.RootElement.GetProperty("status").GetString()));
        using JsonDocument forward = JsonDocument.Parse(all.SelectMany(r => r.Events).Single(e => e.Name == "forward").Detail);
        Assert.Equal((6, 6), (forward.RootElement.GetProperty("bytes-to-target").GetInt32(), forward.RootElement.GetProperty("bytes-to-client").GetInt32()));
        Assert.All(all, r => Assert.True(r.Bytes.AsSpan().IndexOf(content.AsSpan(1000, 64)) < 0, "the file's bytes are in the recording"));
        Assert.Contains(all, r => r.Bytes.AsSpan().IndexOf("typed into it\n"u8) >= 0);
        AssertNoKeys(all);
    }

    [Fact]
    public async Task A_terminal_is_exported_with_its_sizes_and_a_typed_password_is_nowhere()
    {
        using var folder = new TempFolder();
        string ssh = $"ssh {string.Join(' ', _daemon.Options())} -tt {SshDaemon.User}@127.0.0.1";
        await using (ChildProcess terminal = ChildProcess.Start(["script", "-qec", $"stty cols 100 rows 30; tty > {folder.At("tty")}; exec {ssh}", "/dev/null"], new Dictionary<string, string> { ["TERM"] = "xterm", ["SHELL"] = "/bin/sh" }))
        {
            await TypeAsync(terminal, "exec bash --norc --noprofile -i\n");
            await TypeAsync(terminal, "PS1='$ '; echo ready-$((40+2))\n", "ready-42");
            await TypeAsync(terminal, "stty size\n", "30 100");
            await SshRun.OfAsync(["stty", "-F", (await File.ReadAllTextAsync(folder.At("tty"))).Trim(), "cols", "120", "rows", "40"]);
            while (!terminal.Output.Contains("40 120", StringComparison.Ordinal))
            {
                await TypeAsync(terminal, "stty size\n");
                await Task.Delay(200);
            }

            await TypeAsync(terminal, "echo mistak\u007fen-$((1+1))\n", "mistaen-2");
            await TypeAsync(terminal, "\u001b[A\n");
            await TypeAsync(terminal, "read -s -p $'asks-\\x41\\r\\npassword: ' x; echo; echo length-${#x}\n", "asks-A");
            await TypeAsync(terminal, Typed + "\n", $"length-{Typed.Length.ToString(CultureInfo.InvariantCulture)}");
            await TypeAsync(terminal, "exit 3\n");
            Assert.Equal(3, await terminal.WaitForExitAsync());
        }

        Recorded recorded = (await SshRecordings.CompleteAsync(_daemon)).Single();
        string[] commands = [.. recorded.Events.Where(e => e.Name == "command").Select(e => JsonDocument.Parse(e.Detail).RootElement.GetProperty("text").GetString()!)];
        Assert.Equal(2, commands.Count(c => c == "echo mistaen-$((1+1))"));
        Assert.True(recorded.Bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Typed)) < 0, "the typed password is in the recording");
        string shown = await _daemon.ReplayAsync("--full");
        Assert.Contains("100x30", shown, StringComparison.Ordinal);
        Assert.Contains("resized to 120x40", shown, StringComparison.Ordinal);
        Assert.Contains("exit 3", shown, StringComparison.Ordinal);
        (int exported, string cast, _) = await SallyportDaemon.ReplayAsync("export", recorded.File);
        Assert.Equal(0, exported);
        using JsonDocument head = JsonDocument.Parse(cast.Split('\n')[0]);
        Assert.Equal((2, 100, 30), (head.RootElement.GetProperty("version").GetInt32(), head.RootElement.GetProperty("width").GetInt32(), head.RootElement.GetProperty("height").GetInt32()));
        Assert.Contains("\"120x40\"", cast, StringComparison.Ordinal);
        Assert.Contains("mistaen-2", cast, StringComparison.Ordinal);
        Assert.DoesNotContain(Typed, shown + cast, StringComparison.Ordinal);
        AssertNoKeys([recorded]);
    }

    /// <summary>Neither keys nor credentials are in what was written.</summary>
    private void AssertNoKeys(IReadOnlyList<Recorded> all)
    {
        foreach (string file in new[] { _daemon.KeyFile, sshd.Server.CredentialFile, _daemon.At("user-ca"), _daemon.At("host-ca"), _daemon.At("token.key") })
        {
            string secret = File.ReadAllLines(file)[1];
            Assert.DoesNotContain(secret, _daemon.Log, StringComparison.Ordinal);
            Assert.All(all, r => Assert.True(r.Bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(secret)) < 0, $"{file} is in the recording"));
        }
    }

    private static async Task TypeAsync(ChildProcess terminal, string keys, string? until = null)
    {
        await terminal.Input.WriteAsync(keys);
        await terminal.Input.FlushAsync();
        if (until is not null)
            await terminal.WaitForOutputAsync(until);
    }
}
