using System.Security.Cryptography;
using System.Text.Json;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Sessions;

/// <summary>A daemon whose sessions are frozen, resumed, watched and ended.</summary>
public sealed class LiveDaemon(SshServerFixture sshd) : IAsyncLifetime
{
    private const string Policy = """
        policy: box
        rules:
          - {id: all, effect: allow, verbs: [all], unparsed: true, truncated: true}
        ---
        policy: idle
        match: {groups: [short]}
        rules:
          - {id: all, effect: allow, verbs: [all], unparsed: true, truncated: true}
        limits: {idle: 2s}
        ---
        policy: absolute
        match: {groups: [brief]}
        rules:
          - {id: all, effect: allow, verbs: [all], unparsed: true, truncated: true}
        limits: {session: 3s}
        ---
        policy: one
        match: {groups: [single]}
        rules:
          - {id: all, effect: allow, verbs: [all], unparsed: true, truncated: true}
        limits: {concurrent-sessions: 1}
        ---
        policy: watched
        match: {groups: [watched]}
        rules:
          - {id: all, effect: allow, verbs: [all], unparsed: true, truncated: true}
        limits: {moderated-by: [auditors]}
        """;

    private const string Issuer = "https://ci.example";

    private readonly TempFolder _folder = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private SshDaemon? _daemon;

    public SshDaemon Daemon => _daemon!;

    public ControlPlane Control { get; } = new();

    /// <summary>The private key by which the target lets the gateway in.</summary>
    public string SshdCredential => sshd.Server.CredentialFile;

    public async Task InitializeAsync() =>
        _daemon = await SshDaemon.StartAsync(
            sshd.Server,
            Policy,
            Control.Sections,
            listener: "methods: [publickey, password]",
            identity: $$"""
                issuers:
                  - name: ci
                    issuer: {{Issuer}}
                    audience: sallyport
                    clock-skew: 0s
                    jwks: {file: {{_folder.Write("ci.jwks", Jwt.KeySet(_key))}}}
                """);

    public async Task DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        Control.Dispose();
        _key.Dispose();
        _folder.Dispose();
    }

    /// <summary>A token of eve's, which ends in so many seconds to the second.</summary>
    public string ShortToken(int seconds) => Jwt.Sign(_key, Jwt.Claims(Issuer, seconds));

    public async Task<string> TokenAsync(string subject, string groups, string ttl = "1h")
    {
        SshRun run = await SshRun.OfAsync([Repository.Tool("sallyport"), "token", "create", "--config", Daemon.ConfigFile, "--subject", subject, "--groups", groups, "--kind", "human", "--ttl", ttl]);
        return run.ExitCode == 0 ? run.Output.Trim() : throw new InvalidOperationException(run.ToString());
    }

    /// <summary>A session of somebody who has that token, which runs a command. The token is in a file: in no argument and no variable of the client's.</summary>
    public ChildProcess Start(string token, params string[] command)
    {
        string answer = _folder.Write($"tokens/{Guid.NewGuid():N}", token + "\n");
        string ask = _folder.Write($"ask/{Guid.NewGuid():N}", $"#!/bin/sh\ncat {answer}\n");
        File.SetUnixFileMode(ask, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var environment = new Dictionary<string, string> { ["SSH_ASKPASS"] = ask, ["SSH_ASKPASS_REQUIRE"] = "force" };
        return ChildProcess.Start(
            [
                "ssh", "-F", "none", "-o", "UserKnownHostsFile=" + _folder.At("known"), "-o", "StrictHostKeyChecking=accept-new", "-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1",
                "-p", Daemon.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), SshDaemon.User + "@127.0.0.1", .. command,
            ],
            environment);
    }

    /// <summary>The live session of a subject.</summary>
    public async Task<string> SessionAsync(string subject)
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            using JsonDocument list = JsonDocument.Parse(await Control.SaysAsync(Daemon, "vera@example.com", "viewers", "sessions", "list", "--subject", subject, "--json"));
            JsonElement items = list.RootElement.ValueKind == JsonValueKind.Array ? list.RootElement : list.RootElement.GetProperty("items");
            if (items.GetArrayLength() > 0)
                return items[0].GetProperty("id").GetString()!;
        }

        throw new TimeoutException($"{subject} has no session.");
    }

    /// <summary>Somebody who watches a session, until the process ends.</summary>
    public Task<ChildProcess> WatchAsync(string id) => Control.StartAsync(Daemon, "mod@example.com", "auditors", "sessions", "follow", id, "--reason", "must be watched");

    /// <summary>A verb of an administrator.</summary>
    public Task<string> DoAsync(params string[] arguments) => Control.SaysAsync(Daemon, "root@example.com", "administrators", arguments);
}
