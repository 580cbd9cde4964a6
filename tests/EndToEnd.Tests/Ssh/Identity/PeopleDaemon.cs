using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Identity;

/// <summary>
/// A daemon with people of its own, ada and bob, who have registered keys and are signed in at the broker by their browsers; and a second listener that lets nobody in
/// by a key alone.
/// </summary>
public sealed partial class PeopleDaemon : IAsyncLifetime
{
    /// <summary>What policy asks of who logs in at the targets, one condition each.</summary>
    private const string Policy = """
        policy: box
        match: {groups: [engineering], targets: [box]}
        rules:
          - {id: all, effect: allow, verbs: [all], unparsed: true, truncated: true}
          - {id: plant, effect: hold, verbs: [exec], commands: ["touch **"], approval: {groups: [approvers], break-glass: [on-call]}}
          - {id: never, effect: deny, verbs: [exec], commands: [id]}
        ---
        policy: fits
        match: {groups: [engineering], targets: [near], kinds: [human], sources: ["127.0.0.0/8"]}
        rules:
          - {id: all, effect: allow, verbs: [all]}
        ---
        policy: elsewhere
        match: {groups: [engineering], targets: [far], sources: ["10.0.0.0/8"]}
        rules:
          - {id: all, effect: allow, verbs: [all]}
        ---
        policy: others
        match: {groups: [finance], targets: [books]}
        rules:
          - {id: all, effect: allow, verbs: [all]}
        ---
        policy: programs
        match: {groups: [engineering], targets: [bots], kinds: [agent, service]}
        rules:
          - {id: all, effect: allow, verbs: [all]}
        """;

    private readonly TempFolder _folder = new();
    private readonly int _strictPort = FreePort.Next();
    private SshServer? _server;
    private SshDaemon? _daemon;

    public SshDaemon Daemon => _daemon!;

    public SshServer Server => _server!;

    public ControlPlane Control { get; } = new();

    /// <summary>The port of the listener that asks for a key and a login elsewhere.</summary>
    public int StrictPort => _strictPort;

    public BrokerBrowser Ada { get; private set; } = null!;

    public BrokerBrowser Bob { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        foreach (string name in (string[])["ca", "old-ca", "ada", "bob", "loose"])
            SshServer.Keygen("-t", "ed25519", "-f", At(name));
        File.WriteAllText(At("krl"), "");
        _server = await SshServer.StartAsync();
        _daemon = await SshDaemon.StartAsync(
            _server,
            Policy,
            Control.Sections,
            listener: "methods: [publickey, password, keyboard-interactive]",
            ssh: $$"""
                user-authorities:
                  - { file: {{At("ca.pub")}}, subject: key-id }
                  - { file: {{At("old-ca.pub")}}, subject: key-id }
                revoked-keys: {{At("krl")}}
                """,
            targets: string.Join('\n', ((string[])["near", "far", "books", "bots"]).Select(Target)),
            listeners: $$"""
                - name: strict
                  protocol: ssh
                  address: 127.0.0.1:{{_strictPort}}
                  ssh:
                    host-keys: host-keys
                    methods: [publickey+keyboard-interactive]
                """);
        Ada = await JoinAsync("ada", "engineering", "on-call");
        Bob = await JoinAsync("bob", "engineering");
        await AsRootAsync("keys", "add", At("ada.pub"), "--subject", "ada");
        await AsRootAsync("keys", "add", At("bob.pub"), "--subject", "bob");
    }

    public async Task DisposeAsync()
    {
        Ada?.Dispose();
        Bob?.Dispose();
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        Control.Dispose();
        _folder.Dispose();
    }

    public string At(string name) => _folder.At(name);

    /// <summary>A verb of an administrator.</summary>
    public Task<string> AsRootAsync(params string[] arguments) => Control.SaysAsync(Daemon, "root@example.com", "administrators", arguments);

    /// <summary>A verb of ada's, by the login in her browser.</summary>
    public async Task<SshRun> AsAdaAsync(params string[] arguments)
    {
        string token = _folder.Write("tokens/" + Guid.NewGuid().ToString("N"), await Ada.TokenAsync("sallyport-admin"));
        return await SshRun.OfAsync([Repository.Tool("sallyport"), .. arguments, "--url", Control.AdminUrl, "--token-file", token, "--ca", Control.CaFile]);
    }

    /// <summary>A password issued to ada, as SSH takes it.</summary>
    public async Task<string> IssueAsync(params string[] more)
    {
        SshRun run = await AsAdaAsync(["passwords", "issue", "--json", .. more]);
        using JsonDocument issued = JsonDocument.Parse(run.ExitCode == 0 ? run.Output : throw new InvalidOperationException(run.ToString()));
        return $"{issued.RootElement.GetProperty("user").GetString()}:{issued.RootElement.GetProperty("password").GetString()}";
    }

    /// <summary>Everything that was kept until now: the log, the audit, the store, recordings as they are and unpacked.</summary>
    public IEnumerable<(string Name, byte[] Bytes)> Kept()
    {
        yield return ("the log", System.Text.Encoding.UTF8.GetBytes(Daemon.Log));
        foreach (string file in Directory.EnumerateFiles(Path.GetDirectoryName(Control.AuditFile)!).Where(file => file == Control.AuditFile || Path.GetFileName(file) is "sallyport.db" or "sallyport.db-wal"))
            yield return (file, Read(file));
        foreach (string file in Directory.EnumerateFiles(Daemon.Recordings, "*", SearchOption.AllDirectories))
            yield return (file, Read(file));
        foreach (Recorded recorded in Recorded.In(Daemon.Recordings))
            yield return (recorded.File + ", unpacked", recorded.Bytes);
    }

    /// <summary>Removes a registered key.</summary>
    public async Task RemoveKeyAsync(string name)
    {
        string fingerprint = (await SshRun.OfAsync(["ssh-keygen", "-lf", At(name + ".pub")])).Output.Split(' ')[1];
        using JsonDocument list = JsonDocument.Parse(await AsRootAsync("keys", "list", "--all", "--json"));
        JsonElement key = list.RootElement.EnumerateArray().Single(one => one.GetProperty("fingerprint").GetString() == fingerprint);
        await AsRootAsync("keys", "remove", key.GetProperty("id").GetString()!, "--reason", "lost");
    }

    /// <summary>A key with a certificate of ada's, with these options besides.</summary>
    public string Certify(string name, string authority = "ca", params string[] options)
    {
        SshServer.Keygen("-t", "ed25519", "-f", At(name));
        SshServer.Keygen(["-s", At(authority), "-I", "ada", "-n", SshServer.Account, "-V", "-1m:+10m", .. options, At(name + ".pub")]);
        return At(name);
    }

    /// <summary>ssh with these options; questions are answered by what is given, or by nobody.</summary>
    public ChildProcess Start(string[] options, string? answer, params string[] targetAndCommand)
    {
        var environment = new Dictionary<string, string> { ["SSH_ASKPASS_REQUIRE"] = answer is null ? "never" : "force", ["ANSWER"] = answer ?? "" };
        if (answer is not null)
            environment["SSH_ASKPASS"] = AskPass();
        return ChildProcess.Start(
            [
                "ssh", .. options, "-F", "none", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "UserKnownHostsFile=" + At("known"), "-o", "StrictHostKeyChecking=no",
                "-o", "NumberOfPasswordPrompts=1", "-o", "LogLevel=INFO", .. targetAndCommand,
            ],
            environment);
    }

    public string[] Key(string name, int? port = null) => ["-i", At(name), .. Methods("publickey", port)];

    public string[] Methods(string methods, int? port = null) => ["-o", "PreferredAuthentications=" + methods, "-p", (port ?? Daemon.Port).ToString(CultureInfo.InvariantCulture)];

    /// <summary>ssh to its end.</summary>
    public async Task<SshRun> RunAsync(string[] options, string? answer, params string[] targetAndCommand)
    {
        await using ChildProcess ssh = Start(options, answer, targetAndCommand);
        ssh.Input.Close();
        int code = await ssh.WaitForExitAsync();
        return new SshRun(code, ssh.Output, ssh.Error);
    }

    /// <summary>Where and by what code a waiting client wants its person to log in.</summary>
    public static async Task<(string Url, string Code)> PromptAsync(ChildProcess ssh)
    {
        await ssh.WaitForOutputAsync("and check that it shows the code");
        Match shown = Prompt().Match(ssh.Error);
        return shown.Success ? (shown.Groups[1].Value, shown.Groups[2].Value) : throw new InvalidOperationException(ssh.Error);
    }

    /// <summary>ssh by a login elsewhere, which the person agrees to.</summary>
    public async Task<SshRun> ByBrowserAsync(string name, BrokerBrowser browser, params string[] targetAndCommand)
    {
        await using ChildProcess ssh = Start(Methods("keyboard-interactive"), name, targetAndCommand);
        await browser.AnswerAsync(await PromptAsync(ssh), yes: true);
        int code = await ssh.WaitForExitAsync();
        return new SshRun(code, ssh.Output, ssh.Error);
    }

    /// <summary>The complete recording of the session in which that was done.</summary>
    public async Task<Recorded> RecordingAsync(Func<Recorded, bool> which)
    {
        for (int attempt = 0; attempt < 500; attempt++)
        {
            if (Directory.Exists(Daemon.Recordings) && Recorded.In(Daemon.Recordings).LastOrDefault(which) is { } found)
                return found;
            await Task.Delay(20);
        }

        throw new TimeoutException("There is no such recording: " + Daemon.Log);
    }

    public string Audit => File.ReadAllText(Control.AuditFile);

    private static byte[] Read(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    private async Task<BrokerBrowser> JoinAsync(string name, params string[] groups)
    {
        string invitation = (await AsRootAsync(["users", "invite", name, .. groups.SelectMany(group => (string[])["--group", group])])).Trim();
        var browser = new BrokerBrowser(Control);
        await browser.JoinAsync(invitation, name, "correct horse battery " + name);
        return browser;
    }

    private string AskPass()
    {
        string ask = At("ask");
        lock (_folder)
        {
            if (!File.Exists(ask))
            {
                _folder.Write("ask", "#!/bin/sh\nprintf '%s\\n' \"$ANSWER\"\n");
                File.SetUnixFileMode(ask, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            }
        }

        return ask;
    }

    private string Target(string name) => $$"""
        {{name}}:
          protocol: ssh
          address: 127.0.0.1:{{_server!.Port}}
          accounts: [{{SshServer.Account}}]
          credential: { private-key: { file: {{_server.CredentialFile}} } }
          host-keys: { known-hosts: {{_server.KnownHostsFile}} }
        """;

    [GeneratedRegex(@"Log in at (https://\S+)\s+and check that it shows the code ([A-Z]{4}-[A-Z]{4})")]
    private static partial Regex Prompt();
}

[CollectionDefinition(Name)]
public sealed class People : ICollectionFixture<PeopleDaemon>
{
    public const string Name = "ssh people";
}
