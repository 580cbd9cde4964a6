using System.Text.Json;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Recording;

/// <summary>Whoever reads a recording of git's push sees which branches it changed.</summary>
public sealed partial class CanaryTests
{
    [Fact]
    public async Task A_push_names_the_refs_that_it_changes()
    {
        using var here = new TempFolder();
        string repository = Path.Combine(gateway.Server.Files, "pushed.git"), work = here.At("work");
        var environment = new Dictionary<string, string>
        {
            ["GIT_SSH_COMMAND"] = "ssh " + string.Join(' ', _daemon.Options()),
            ["GIT_CONFIG_GLOBAL"] = here.Write("gitconfig", "[user]\nname = Ada\nemail = ada@example.com\n[init]\ndefaultBranch = main\n[safe]\ndirectory = *\n"),
        };
        async Task<string> GitAsync(params string[] arguments)
        {
            SshRun run = await SshRun.OfAsync(["git", .. arguments], environment: environment);
            Assert.True(run.ExitCode == 0, run.ToString());
            return run.Output.Trim();
        }

        await GitAsync("init", "-q", "--bare", repository);
        await GitAsync("init", "-q", work);
        await GitAsync("-C", work, "commit", "-q", "--allow-empty", "-m", "first");
        await GitAsync("-C", work, "push", "-q", $"{SshDaemon.User}@127.0.0.1:{repository}", "HEAD:main", "HEAD:refs/heads/release/1.0", "HEAD:refs/tags/v1");
        string first = await GitAsync("-C", work, "rev-parse", "HEAD");
        await GitAsync("-C", work, "push", "-q", $"{SshDaemon.User}@127.0.0.1:{repository}", ":refs/tags/v1");

        string[] pushed;
        do
        {
            pushed = [.. (await SshRecordings.CompleteAsync(_daemon)).SelectMany(r => r.Events).Where(e => e.Name == "git-push").Select(e => JsonDocument.Parse(e.Detail).RootElement)
                .Where(e => e.GetProperty("path").GetString() == repository).Select(e => $"{e.GetProperty("ref").GetString()} {e.GetProperty("old").GetString()} {e.GetProperty("new").GetString()}")];
        }
        while (pushed.Length < 4);
        string none = new('0', 40);
        Assert.Equal([$"refs/heads/main {none} {first}", $"refs/heads/release/1.0 {none} {first}", $"refs/tags/v1 {none} {first}"], pushed[..3].Order(StringComparer.Ordinal));
        Assert.Equal($"refs/tags/v1 {first} {none}", pushed[3]);
        string shown = await _daemon.ReplayAsync();
        Assert.Contains($"git push to {repository}: refs/heads/main, new, {first}", shown, StringComparison.Ordinal);
        Assert.Contains($"git push to {repository}: refs/tags/v1, deleted (was {first})", shown, StringComparison.Ordinal);
    }
}
