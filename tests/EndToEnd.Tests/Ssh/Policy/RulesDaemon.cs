using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Policy;

/// <summary>A daemon whose one policy document has a rule for each thing that the tests of this folder try.</summary>
public sealed class RulesDaemon(SshServerFixture sshd) : IAsyncLifetime
{
    private SshDaemon? _daemon;
    private SshMux? _mux;

    public SshDaemon Daemon => _daemon!;

    /// <summary>One connection for all commands.</summary>
    public SshMux Mux => _mux!;

    public SshServer Server => sshd.Server;

    /// <summary>What may be reached through a tunnel.</summary>
    public EchoServer Open { get; } = new();

    /// <summary>What may not.</summary>
    public EchoServer Shut { get; } = new();

    /// <summary>Where files may be moved.</summary>
    public string Files => sshd.Server.Files;

    private string Policy => $$"""
        policy: box
        rules:
          - {id: commands, effect: allow, verbs: [exec], commands: ["**"]}
          - id: no-recursive-rm
            effect: deny
            verbs: [exec, terminal-command]
            commands: ["rm -{r|R|--recursive,f|--force}"]
            hint: Remove files by name.
          - {id: no-halt, effect: deny, verbs: [exec], commands: ["stop-plant **"]}
          - {id: environment, effect: allow, verbs: [env], objects: [LANG, "LC_*", DEMO_SHOWN]}
          - {id: subsystem, effect: allow, verbs: [subsystem], objects: [sftp]}
          - {id: scratch, effect: allow, verbs: [files-read, files-write], paths: ["/dev/null", "{{Files}}/**", "/"]}
          - {id: home, effect: allow, verbs: [file-stat, file-list], paths: ["~/**"]}
          - {id: no-keys, effect: deny, verbs: [all], paths: ["**/*.key", "{{Files}}/secrets/**"], hint: Keys stay where they are.}
          - {id: only-read, effect: deny, verbs: [files-write], paths: ["{{Files}}/readonly/**"]}
          - {id: small, effect: allow, verbs: [file-write], paths: ["{{Files}}/small/**"], max-size: 1KB}
          - {id: tunnels, effect: allow, verbs: [forward-local], destinations: ["127.0.0.1:{{Open.Port}}"]}
          - {id: back, effect: allow, verbs: [forward-remote], destinations: ["127.0.0.1:20000-60999"]}
          - {id: inside, effect: deny, verbs: [forward], destinations: ["10.0.0.0/8:*"], hint: The inner network is out of reach.}
        """;

    public async Task InitializeAsync()
    {
        _daemon = await SshDaemon.StartAsync(sshd.Server, Policy);
        _mux = await SshMux.OpenAsync(_daemon);
    }

    public async Task DisposeAsync()
    {
        if (_mux is not null)
            await _mux.DisposeAsync();
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        Open.Dispose();
        Shut.Dispose();
    }

    /// <summary>A folder of its own below <see cref="Files"/>.</summary>
    public string Folder(string under = "") => Directory.CreateDirectory(Path.Combine(Files, under, Guid.NewGuid().ToString("N"))).FullName;

    /// <summary>sftp with a batch, to its end.</summary>
    public async Task<SshRun> SftpAsync(params string[] lines)
    {
        using var folder = new TempFolder();
        return await SshRun.OfAsync(["sftp", "-b", folder.Write("batch", string.Join('\n', lines) + "\n"), .. Daemon.Options("-P"), $"{SshDaemon.User}@127.0.0.1"]);
    }
}
