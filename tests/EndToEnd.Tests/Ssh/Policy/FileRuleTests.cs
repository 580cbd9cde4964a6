using System.Security.Cryptography;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Policy;

/// <summary>Files move only where a rule says: by sftp each operation for itself, by scp, rsync and git as a whole.</summary>
[Collection(SshServers.Name)]
public sealed class FileRuleTests(RulesDaemon rules) : IClassFixture<RulesDaemon>, IDisposable
{
    private readonly TempFolder _here = new();

    public void Dispose() => _here.Dispose();

    [Fact]
    public async Task A_refused_operation_says_why_and_the_sftp_session_goes_on()
    {
        string there = rules.Folder();
        File.WriteAllText(Path.Combine(there, "server.key"), "secret");
        File.WriteAllText(Path.Combine(there, "notes"), "notes");

        SshRun run = await rules.SftpAsync($"-get {there}/server.key {_here.At("key")}", $"get {there}/notes {_here.At("notes")}");

        Assert.Equal(0, run.ExitCode);
        Assert.False(File.Exists(_here.At("key")) && File.ReadAllText(_here.At("key")).Length > 0);
        Assert.Equal("notes", File.ReadAllText(_here.At("notes")));
        Assert.Contains("not found", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get THERE/server.key HERE")]
    [InlineData("get THERE/../SAME/server.key HERE")]
    [InlineData("get THERE/./sub/..//server.key HERE")]
    [InlineData("get /etc/hostname HERE")]
    [InlineData("get FILES/../../../../../etc/hostname HERE")]
    [InlineData("put HERE/file THERE/up.key")]
    [InlineData("put HERE/file FILES/readonly/file")]
    [InlineData("put HERE/file FILES/../outside")]
    [InlineData("rename THERE/server.key THERE/innocent")]
    [InlineData("rename THERE/notes THERE/notes.key")]
    [InlineData("ln THERE/server.key THERE/innocent")]
    [InlineData("ln -s THERE/server.key THERE/innocent")]
    [InlineData("ln -s /etc THERE/etc")]
    [InlineData("rm THERE/server.key")]
    [InlineData("chmod 777 THERE/server.key")]
    [InlineData("mkdir FILES/readonly/d")]
    [InlineData("rmdir FILES/secrets")]
    [InlineData("ls /etc")]
    public async Task What_no_path_grants_is_refused(string line)
    {
        string there = rules.Folder();
        File.WriteAllText(Path.Combine(there, "server.key"), "secret");
        File.WriteAllText(Path.Combine(there, "notes"), "notes");
        Directory.CreateDirectory(Path.Combine(rules.Files, "readonly"));
        Directory.CreateDirectory(Path.Combine(rules.Files, "secrets"));
        _here.Write("file", "content");
        string[] before = [.. Directory.EnumerateFileSystemEntries(there)];

        SshRun run = await rules.SftpAsync(line.Replace("SAME", Path.GetFileName(there), StringComparison.Ordinal).Replace("THERE", there, StringComparison.Ordinal)
            .Replace("HERE", _here.FullName, StringComparison.Ordinal).Replace("FILES", rules.Files, StringComparison.Ordinal));

        Assert.NotEqual(0, run.ExitCode);
        Assert.True(new[] { "ermission denied", "not found" }.Any(text => run.Error.Contains(text, StringComparison.Ordinal)), run.Error);
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(there));
        Assert.Equal([_here.At("file")], Directory.EnumerateFiles(_here.FullName).Where(f => new FileInfo(f).Length > 0));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(rules.Files, "readonly")));
        Assert.Equal("secret", File.ReadAllText(Path.Combine(there, "server.key")));
    }

    /// <summary>sftp names all that is in the home directory by an absolute path: the target has said which that is.</summary>
    [Fact]
    public async Task What_a_tilde_grants_is_the_home_directory_that_the_target_names()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        SshRun run = await rules.SftpAsync($"cd {home}", $"ls -1 {home}", "-ls -1 /etc", "pwd");
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Contains($"Remote working directory: {home}", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("/etc/passwd", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_cut_off_and_the_session_goes_on()
    {
        string there = Directory.CreateDirectory(Path.Combine(rules.Files, "small")).FullName;
        File.WriteAllBytes(_here.At("large"), RandomNumberGenerator.GetBytes(5000));
        File.WriteAllBytes(_here.At("fits"), RandomNumberGenerator.GetBytes(1000));

        SshRun run = await rules.SftpAsync($"-put {_here.At("large")} {there}/large", $"put {_here.At("fits")} {there}/fits");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("ermission denied", run.Error, StringComparison.Ordinal);
        Assert.InRange(new FileInfo(Path.Combine(there, "large")).Length, 0, 1000);
        Assert.Equal(File.ReadAllBytes(_here.At("fits")), File.ReadAllBytes(Path.Combine(there, "fits")));
    }

    [Theory]
    [InlineData("-O")]
    [InlineData("-s")]
    public async Task Scp_is_judged_by_path_and_direction(string protocol)
    {
        string there = rules.Folder();
        File.WriteAllText(Path.Combine(there, "a.key"), "secret");
        _here.Write("file", "content");
        string host = $"{SshDaemon.User}@127.0.0.1:";

        SshRun allowed = await ScpAsync(protocol, _here.At("file"), $"{host}{there}/file");
        SshRun back = await ScpAsync(protocol, $"{host}{there}/file", _here.At("back"));
        SshRun key = await ScpAsync(protocol, $"{host}{there}/a.key", _here.At("key"));
        SshRun up = await ScpAsync(protocol, _here.At("file"), $"{host}{rules.Files}/readonly/file");
        SshRun outside = await ScpAsync(protocol, _here.At("file"), $"{host}/tmp/outside-of-every-rule");

        Assert.Equal((0, 0), (allowed.ExitCode, back.ExitCode));
        Assert.Equal("content", File.ReadAllText(_here.At("back")));
        foreach (SshRun refused in new[] { key, up, outside })
            Assert.NotEqual(0, refused.ExitCode);
        Assert.False(File.Exists(_here.At("key")) && File.ReadAllText(_here.At("key")).Length > 0);
        Assert.False(File.Exists(Path.Combine(rules.Files, "readonly/file")));
        Assert.False(File.Exists("/tmp/outside-of-every-rule"));
        if (protocol == "-O")
            Assert.Contains("Rule box/no-keys. Keys stay where they are.", key.Error, StringComparison.Ordinal);
    }

    /// <summary>What it moves within a directory nobody tells: any rule that stops something below it stops all.</summary>
    [Fact]
    public async Task Rsync_is_judged_by_path_and_direction()
    {
        string there = rules.Folder();
        File.WriteAllText(Path.Combine(there, "a"), "content");
        File.WriteAllText(Path.Combine(there, "a.key"), "secret");
        _here.Write("tree/a", "content");
        string shell = "ssh " + string.Join(' ', rules.Daemon.Options());
        string host = $"{SshDaemon.User}@127.0.0.1:";

        SshRun file = await SshRun.OfAsync(["rsync", "-t", "-e", shell, $"{host}{there}/a", _here.At("file")]);
        SshRun tree = await SshRun.OfAsync(["rsync", "-a", "-e", shell, $"{host}{there}/", _here.At("copy")]);
        SshRun pattern = await SshRun.OfAsync(["rsync", "-t", "-e", shell, $"{host}{there}/a.k*", _here.At("pattern")]);
        SshRun forbidden = await SshRun.OfAsync(["rsync", "-rt", "-e", shell, _here.At("tree/"), $"{host}{rules.Files}/readonly/"]);
        SshRun links = await SshRun.OfAsync(["rsync", "-a", "-e", shell, _here.At("tree/"), $"{host}{there}/"]);
        SshRun outside = await SshRun.OfAsync(["rsync", "-a", "-e", shell, $"{host}/etc/hostname", _here.At("down")]);

        Assert.Equal((0, ""), (file.ExitCode, file.Error));
        Assert.Equal("content", File.ReadAllText(_here.At("file")));
        foreach (SshRun refused in new[] { tree, pattern, forbidden, links })
            Assert.Contains("Rule box/no-keys.", refused.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, outside.ExitCode);
        Assert.False(File.Exists(_here.At("copy/a.key")) || File.Exists(_here.At("pattern")) || File.Exists(_here.At("down")));
    }

    [Fact]
    public async Task Git_is_judged_by_path_and_direction()
    {
        string there = rules.Folder();
        var environment = new Dictionary<string, string>
        {
            ["GIT_SSH_COMMAND"] = "ssh " + string.Join(' ', rules.Daemon.Options()),
            ["GIT_CONFIG_GLOBAL"] = _here.Write("gitconfig", "[user]\nname = Ada\nemail = ada@example.com\n[init]\ndefaultBranch = main\n[safe]\ndirectory = *\n"),
        };
        string read = Path.Combine(rules.Files, "readonly-git", "readonly");
        Directory.CreateDirectory(Path.Combine(rules.Files, "readonly"));
        foreach (string repository in new[] { there, Path.Combine(rules.Files, "secrets/repo.git"), read })
            Assert.Equal(0, (await SshRun.OfAsync(["git", "init", "-q", "--bare", repository], environment: environment)).ExitCode);

        SshRun clone = await GitAsync(environment, "clone", "-q", $"{SshDaemon.User}@127.0.0.1:{there}", _here.At("work"));
        SshRun secret = await GitAsync(environment, "clone", "-q", $"{SshDaemon.User}@127.0.0.1:{rules.Files}/secrets/repo.git", _here.At("secret"));
        SshRun outside = await GitAsync(environment, "clone", "-q", $"{SshDaemon.User}@127.0.0.1:/tmp/elsewhere.git", _here.At("elsewhere"));
        _here.Write("work/file", "content\n");
        foreach (string[] step in new string[][] { ["add", "file"], ["commit", "-q", "-m", "first"], ["push", "-q", "origin", "HEAD:main"] })
            Assert.Equal(0, (await GitAsync(environment, ["-C", _here.At("work"), .. step])).ExitCode);
        SshRun push = await GitAsync(environment, "-C", _here.At("work"), "push", "-q", $"{SshDaemon.User}@127.0.0.1:{rules.Files}/readonly/repo.git", "HEAD:main");

        Assert.Equal(0, clone.ExitCode);
        Assert.Contains("Rule box/no-keys.", secret.Error, StringComparison.Ordinal);
        Assert.Contains("Rule default.", outside.Error, StringComparison.Ordinal);
        Assert.Contains("Rule box/only-read.", push.Error, StringComparison.Ordinal);
    }

    private Task<SshRun> ScpAsync(string protocol, string from, string to) => SshRun.OfAsync(["scp", protocol, .. rules.Daemon.Options("-P"), from, to]);

    private static Task<SshRun> GitAsync(Dictionary<string, string> environment, params string[] arguments) => SshRun.OfAsync(["git", .. arguments], environment: environment);
}
