using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Identity;

/// <summary>A daemon that takes keys, certificates and tokens, with targets of several kinds.</summary>
public sealed class IdentityDaemon(SshServerFixture sshd) : IAsyncLifetime
{
    private const string Policy = """
        policy: box
        match: {groups: [engineering]}
        rules:
          - {id: all, effect: allow, verbs: [all], unparsed: true, truncated: true}
        """;

    private readonly TempFolder _folder = new();
    private SshDaemon? _daemon;
    private SshServer? _minting;

    public SshDaemon Daemon => _daemon!;

    public ControlPlane Control { get; } = new();

    public async Task InitializeAsync()
    {
        SshServer.Keygen("-t", "ed25519", "-f", At("ca"));
        SshServer.Keygen("-t", "ed25519", "-f", At("other-ca"));
        SshServer.Keygen("-t", "ed25519", "-f", At("stranger"));
        // Without a serial number ssh-keygen revokes the key id, and with it everything of hers.
        Certify("revoked", "-z", "7");
        SshServer.Keygen("-k", "-f", At("krl"), At("revoked-cert.pub"));
        _minting = await SshServer.StartAsync("LogLevel VERBOSE");
        _daemon = await SshDaemon.StartAsync(
            sshd.Server,
            Policy,
            Control.Sections,
            listener: "methods: [publickey, password]",
            ssh: $"""
                user-authorities:
                  - file: {At("ca.pub")}
                    subject: key-id
                    issuer: https://sallyport.example
                    groups-always: [engineering]
                revoked-keys: {At("krl")}
                """,
            targets: $$"""
                minted:
                  protocol: ssh
                  address: 127.0.0.1:{{_minting.Port}}
                  accounts: [{{SshServer.Account}}]
                  credential: { mint: { validity: 5m } }
                  host-keys: { known-hosts: {{_minting.KnownHostsFile}} }
                moved:
                  protocol: ssh
                  address: 127.0.0.1:{{sshd.Server.Port}}
                  credential: { private-key: { file: {{sshd.Server.CredentialFile}} } }
                  host-keys: { pinned: ["{{File.ReadAllText(At("stranger.pub")).Trim()}}"] }
                unpinned:
                  protocol: ssh
                  address: 127.0.0.1:{{_minting.Port}}
                  credential: { private-key: { file: {{_minting.CredentialFile}} } }
                """);
        SshRun authority = await SshRun.OfAsync([Repository.Tool("sallyport"), "ssh-authority", "--config", _daemon.ConfigFile]);
        _minting.Trust(authority.Output.Trim());
    }

    public async Task DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        if (_minting is not null)
            await _minting.DisposeAsync();
        Control.Dispose();
        _folder.Dispose();
    }

    public SshServer Minting => _minting!;

    public string At(string name) => _folder.At(name);

    /// <summary>A key with a certificate of ada's; what is given takes the place of the usual options.</summary>
    public string Certify(string name, params string[] options)
    {
        SshServer.Keygen("-t", "ed25519", "-f", At(name));
        string[] usual = ["-s", At("ca"), "-I", "ada@example.com", "-n", SshServer.Account, "-V", "-1m:+10m"];
        SshServer.Keygen([.. usual, .. options, At(name + ".pub")]);
        return At(name);
    }

    /// <summary>ssh with a key of one's own, to its end.</summary>
    public Task<SshRun> WithKeyAsync(string key, string target, params string[] command) => WithKeyAsync([], key, target, command);

    /// <summary>… with more options.</summary>
    public Task<SshRun> WithKeyAsync(string[] options, string key, string target, params string[] command) => SshRun.OfAsync(
    [
        "ssh", .. options, "-F", "none", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "UserKnownHostsFile=" + At("known"), "-o", "StrictHostKeyChecking=accept-new",
        "-o", "LogLevel=INFO", "-o", "PreferredAuthentications=publickey", "-p", Daemon.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), target + "@127.0.0.1", .. command,
    ]);

    /// <summary>ssh with a password, to its end.</summary>
    public Task<SshRun> WithPasswordAsync(string password, string target, params string[] command)
    {
        string ask = _folder.Write("ask-" + Guid.NewGuid().ToString("N"), "#!/bin/sh\nprintf '%s\\n' \"$ANSWER\"\n");
        File.SetUnixFileMode(ask, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var environment = new Dictionary<string, string> { ["SSH_ASKPASS"] = ask, ["SSH_ASKPASS_REQUIRE"] = "force", ["ANSWER"] = password };
        return SshRun.OfAsync(
            [
                "ssh", "-F", "none", "-o", "UserKnownHostsFile=" + At("known"), "-o", "StrictHostKeyChecking=accept-new", "-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1",
                "-p", Daemon.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), target + "@127.0.0.1", .. command,
            ],
            environment: environment);
    }
}
