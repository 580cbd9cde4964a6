using Sallyport.Compare.Processes;
using Sallyport.Compare.Ssh;

namespace Sallyport.Compare.Peers;

/// <summary>The daemon with a policy for deployments such as a team has, and with recording.</summary>
internal sealed class SshSallyport : ISshPeer
{
    private const string Policy = """
        policy: deploy
        match:
          groups: [engineering]
          targets: ["box-*"]
        rules:
          - {id: environment, effect: allow, verbs: [env], objects: [LANG, "LC_*"]}
          - {id: terminal, effect: allow, verbs: [shell, pty]}
          - id: commands
            effect: allow
            verbs: [exec]
            commands:
              - git pull --ff-only
              - systemctl status shop
              - journalctl -u shop **
              - tail -n * /srv/shop/log/*.log
              - "true"
              - head -c * **
              - cat **
              - sha256sum **
          - {id: outputs, effect: allow, verbs: [files-read, files-write], paths: [/dev/null, /dev/zero]}
          - id: no-recursive-rm
            effect: deny
            verbs: [exec]
            commands: ["rm -{r|R|--recursive,f|--force}"]
            hint: Remove files by name.
          - id: restart
            effect: hold
            verbs: [exec]
            commands: [systemctl restart shop]
            hint: A lead must approve a restart.
            approval: {groups: [leads]}
          - {id: sftp, effect: allow, verbs: [subsystem], objects: [sftp]}
          - {id: home, effect: allow, verbs: [files-read], paths: ["HOME/**"]}
          - {id: files, effect: allow, verbs: [files-read, files-write], paths: ["/srv/shop/**", "WORKSPACE/**"], max-size: 4GB}
          - {id: no-keys, effect: deny, verbs: [all], paths: ["**/*.key", "/srv/shop/secrets/**"]}
        """;

    private readonly Workspace _workspace;
    private readonly Server _server;
    private readonly SshMaterial _material;

    private SshSallyport(Workspace workspace, SshMaterial material, Server server, string knownHosts)
    {
        _workspace = workspace;
        _material = material;
        _server = server;
        KnownHosts = knownHosts;
    }

    public string Name => "sallyport";

    public string Key => _material.PersonKey;

    public string KnownHosts { get; }

    public string User(SshCipherCase cipher) => $"{SshMaterial.Account}+box-{cipher.Word}";

    public int Port(SshCipherCase cipher) => _server.Port;

    public int? ProcessId(SshCipherCase cipher) => _server.Id;

    public static async Task<SshSallyport> StartAsync(Workspace workspace, SshMaterial material, SshDirect direct, IReadOnlyList<SshCipherCase> ciphers)
    {
        string executable = SallyportPeer.Executable ?? throw new InvalidOperationException("SALLYPORT_BIN does not name the folder of the built daemon: use eng/bench.");
        int port = Workspace.FreePort();
        workspace.Write("gateway/policies/deploy.yaml", Policy.Replace("WORKSPACE", workspace.At(".")[..^2], StringComparison.Ordinal).Replace("HOME", Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), StringComparison.Ordinal));
        workspace.Write("gateway/people/jane@example.com", File.ReadAllText(material.PersonKey + ".pub"));
        string config = workspace.Write("gateway/sallyport.yaml", $$"""
            node: bench
            identity:
              local:
                issuer: https://sallyport.example
                key: token.key
            ssh:
              authorized-keys:
                directory: people
                issuer: https://sallyport.example
                groups-always: [engineering]
            listeners:
              - name: ssh
                protocol: ssh
                address: 127.0.0.1:{{port}}
                ssh:
                  host-keys: host-keys
            targets:
            {{string.Concat(ciphers.Select(cipher => $$"""
              box-{{cipher.Word}}:
                protocol: ssh
                address: 127.0.0.1:{{direct.Port(cipher)}}
                account: {{SshMaterial.Account}}
                credential:
                  private-key:
                    file: {{material.AccountKey}}
                host-keys:
                  known-hosts: {{workspace.Write("gateway/known_" + cipher.Word, $"[127.0.0.1]:{direct.Port(cipher)} {File.ReadAllText(material.HostKey + ".pub")}")}}

            """.ReplaceLineEndings("\n")))}}
            policies: policies
            recordings:
              directory: recordings

            """);
        await Tool.RunAsync(executable, ["keys", "create", "--config", config]);
        Server server = await Server.StartAsync("sallyport", port, workspace.At("sallyport.log"), null, [executable, "serve", "--config", config]);
        string known = material.KnowHost("known_gateway", workspace.At("gateway/host-keys/ssh_host_ed25519_key.pub"));
        return new SshSallyport(workspace, material, server, known);
    }

    /// <summary>Deletes recordings that have ended: of what does not compress they are as large as it was.</summary>
    public void Tidy()
    {
        foreach (string file in Directory.EnumerateFiles(_workspace.At("gateway/recordings"), "*", SearchOption.AllDirectories).Where(file => new FileInfo(file).Length > 1 << 20))
            File.Delete(file);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
