namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>How a <see cref="SallyportDaemon"/> is to be configured, apart from what it always has.</summary>
public sealed record DaemonSetup
{
    /// <summary>Policy documents by file name. Changed later with <see cref="SallyportDaemon.WritePolicy"/> and <see cref="SallyportDaemon.ReloadAsync"/>.</summary>
    public required IReadOnlyDictionary<string, string> Policies { get; init; }

    /// <summary>More keys of the target <c>shop</c>, as YAML indented by four spaces.</summary>
    public string TargetExtras { get; init; } = "";

    /// <summary>More targets, as YAML indented by two spaces.</summary>
    public string MoreTargets { get; init; } = "";

    /// <summary>More issuers under <c>identity</c>, as YAML indented by two spaces (<c>issuers:</c> and what belongs to it).</summary>
    public string MoreIdentity { get; init; } = "";

    /// <summary>More keys of <c>recordings</c>, as YAML indented by two spaces.</summary>
    public string RecordingExtras { get; init; } = "";

    /// <summary>More top-level keys, such as <c>limits:</c>.</summary>
    public string MoreConfig { get; init; } = "";

    /// <summary>Its name among others on the same store.</summary>
    public string Node { get; init; } = "test-node";

    /// <summary>True: it has a store, a broker and an admin API.</summary>
    public bool Control { get; init; }

    /// <summary>Its store, as YAML indented by two spaces; empty: SQLite beside its configuration.</summary>
    public string Store { get; init; } = "";

    /// <summary>Providers of its broker, as YAML indented by two spaces (<c>providers:</c> and what belongs to it).</summary>
    public string Providers { get; init; } = "";

    /// <summary>Key of the store, which several daemons on one store share; empty: one of its own.</summary>
    public string StoreKey { get; init; } = "";

    /// <summary>Where browsers reach the broker when it is not this daemon alone; null: at its own port.</summary>
    public int? BrokerPort { get; init; }

    /// <summary>More files of the configuration by name, such as a provider's metadata.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>Environment variables for the daemon.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>What the daemon is started by, such as a shell that sets its limits; empty: directly.</summary>
    public IReadOnlyList<string> Wrapper { get; init; } = [];

    /// <summary>Another port on loopback than the server's own to reach it by.</summary>
    public int? ServerPort { get; init; }

    /// <summary>One policy document.</summary>
    public static DaemonSetup With(string policy) => new() { Policies = new Dictionary<string, string> { ["policy.yaml"] = policy } };
}

/// <summary>
/// The built `sallyport serve` as a child process, in front of a <see cref="PostgresServer"/>: a TLS listener and a plaintext one on
/// loopback, a local issuer, the target <c>shop</c>, recordings and policies in a folder of its own.
/// </summary>
public sealed class SallyportDaemon : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly DaemonSetup _setup;
    private NotifySocket? _notify;
    private ChildProcess? _process;

    private SallyportDaemon(PostgresServer postgres, DaemonSetup setup)
    {
        _setup = setup;
        WriteFiles(postgres);
    }

    /// <summary>The name that the listener's certificate is for.</summary>
    public const string Host = "localhost";

    /// <summary>Port of the TLS listener.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>Port of the listener that takes tokens unencrypted.</summary>
    public int PlaintextPort { get; } = FreePort.Next();

    /// <summary>Port of the broker.</summary>
    public int BrokerPort { get; } = FreePort.Next();

    /// <summary>Port of the admin API.</summary>
    public int AdminPort { get; } = FreePort.Next();

    /// <summary>Where browsers reach the broker.</summary>
    public string BrokerUrl => $"https://localhost:{_setup.BrokerPort ?? BrokerPort}";

    /// <summary>Where the admin API is.</summary>
    public string AdminUrl => $"https://localhost:{AdminPort}";

    /// <summary>PEM file that the TLS listener's certificate is checked against.</summary>
    public string CaFile => _folder.At("listener.crt");

    /// <summary>The configuration file.</summary>
    public string ConfigFile => _folder.At("sallyport.yaml");

    /// <summary>The folder of recordings.</summary>
    public string Recordings => _folder.At("recordings");

    /// <summary>The daemon's process.</summary>
    public ChildProcess Process => _process ?? throw new InvalidOperationException("The daemon has not been started.");

    /// <summary>What it has logged so far.</summary>
    public string Log => Process.Output + Process.Error;

    /// <summary>What it has told the service manager.</summary>
    public NotifySocket Notify => _notify ?? throw new InvalidOperationException("The daemon has not been started.");

    /// <summary>Starts a daemon and waits until it says READY.</summary>
    /// <exception cref="InvalidOperationException">It ended instead; the message holds its log.</exception>
    public static async Task<SallyportDaemon> StartAsync(PostgresServer postgres, DaemonSetup setup)
    {
        var daemon = new SallyportDaemon(postgres, setup);
        try
        {
            await daemon.RunAsync();
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it again with the same files, after it has ended.</summary>
    public async Task RestartAsync()
    {
        await EndAsync();
        await RunAsync();
    }

    /// <summary>A token of the local issuer, made by `sallyport token create`.</summary>
    public async Task<string> TokenAsync(string subject, string groups, string kind = "human", string ttl = "1h", bool admin = false)
    {
        string[] more = admin ? ["--admin"] : [];
        (int code, string output, string error) = await CommandAsync(
            ["token", "create", "--config", ConfigFile, "--subject", subject, "--groups", groups, "--kind", kind, "--ttl", ttl, .. more]);
        return code == 0 ? output.Trim() : throw new InvalidOperationException($"token create: exit code {code}\n{error}");
    }

    /// <summary>Runs a verb of the admin API as someone (of the local issuer), to its end.</summary>
    public Task<(int ExitCode, string Output, string Error)> AdminAsync(string subject, string groups, params string[] arguments) =>
        AdminAsAsync("human", subject, groups, arguments);

    /// <summary>… as one of that kind.</summary>
    public async Task<(int ExitCode, string Output, string Error)> AdminAsAsync(string kind, string subject, string groups, params string[] arguments)
    {
        string token = _folder.Write($"tokens/{Guid.NewGuid():N}", await TokenAsync(subject, groups, kind, admin: true));
        return await CommandAsync([.. arguments, "--url", AdminUrl, "--token-file", token, "--ca", CaFile]);
    }

    /// <summary>Runs `sallyport` with these arguments to its end.</summary>
    public static Task<(int ExitCode, string Output, string Error)> CommandAsync(params string[] arguments) => RunToolAsync("sallyport", arguments);

    /// <summary>Runs `sallyport-replay` with these arguments to its end.</summary>
    public static Task<(int ExitCode, string Output, string Error)> ReplayAsync(params string[] arguments) => RunToolAsync("sallyport-replay", arguments);

    /// <summary>psql through the TLS listener.</summary>
    public PsqlTarget Psql(string token, string database = "shop", string user = "anybody") => new(Host, Port, database, user, token)
    {
        RootCertificate = CaFile,
        Environment = new Dictionary<string, string> { ["PGHOSTADDR"] = "127.0.0.1" },
    };

    /// <summary>Npgsql through the TLS listener.</summary>
    public Npgsql.NpgsqlConnectionStringBuilder Npgsql(string token, string database = "shop", string user = "anybody") => new()
    {
        Host = Host,
        Port = Port,
        Database = database,
        Username = user,
        Password = token,
        SslMode = global::Npgsql.SslMode.VerifyFull,
        RootCertificate = CaFile,
        IncludeErrorDetail = true,
        Pooling = false,
    };

    /// <summary>Writes a policy file; <see cref="ReloadAsync"/> puts it in force.</summary>
    public void WritePolicy(string name, string yaml) => _folder.Write("policies/" + name, yaml);

    /// <summary>Writes any file of the configuration: <c>listener.crt</c>, <c>target.password</c>, <c>sallyport.yaml</c>.</summary>
    public void WriteFile(string name, string text) => _folder.Write(name, text);

    /// <summary>SIGHUP; returns when it says READY again.</summary>
    public async Task ReloadAsync()
    {
        Process.Signal(UnixSignal.Hup);
        await Notify.WaitForAsync("RELOADING=1");
        await Notify.WaitForAsync("READY=1");
    }

    /// <summary>SIGTERM; returns its exit code once it has drained and ended.</summary>
    public Task<int> StopAsync() => Process.StopAsync();

    /// <summary>SIGKILL: no chance to finish anything.</summary>
    public async Task KillAsync()
    {
        Process.Signal(UnixSignal.Kill);
        await Process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _folder.Dispose();
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunToolAsync(string tool, string[] arguments)
    {
        await using ChildProcess process = ChildProcess.Start([Repository.Tool(tool), .. arguments]);
        process.Input.Close();
        int code = await process.WaitForExitAsync();
        return (code, process.Output, process.Error);
    }

    private async Task RunAsync()
    {
        _notify = new NotifySocket(_folder.At("notify"));
        var environment = new Dictionary<string, string>(_setup.Environment) { ["NOTIFY_SOCKET"] = _notify.Path };
        _process = ChildProcess.Start([.. _setup.Wrapper, Repository.Tool("sallyport"), "serve", "--config", ConfigFile], environment);
        Task ready = _notify.WaitForAsync("READY=1", TimeSpan.FromMinutes(2));
        Task<int> ended = _process.WaitForExitAsync(Timeout.InfiniteTimeSpan);
        if (await Task.WhenAny(ready, ended) == ended)
            throw new InvalidOperationException($"sallyport ended with {await ended}:\n{Log}");
        await ready;
    }

    private async Task EndAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        if (_notify is not null)
        {
            await _notify.DisposeAsync();
            File.Delete(_notify.Path);
        }

        (_process, _notify) = (null, null);
    }

    private void WriteFiles(PostgresServer postgres)
    {
        (string certificate, string key) = Pem.NewServer();
        _folder.Write("listener.crt", certificate);
        _folder.Write("listener.key", key);
        _folder.Write("token.key", Pem.NewKey());
        _folder.Write("mask.key", "0123456789abcdef0123456789abcdef");
        _folder.Write("target.password", PostgresServer.AppPassword + "\n");
        foreach ((string name, string yaml) in _setup.Policies)
            WritePolicy(name, yaml);
        _folder.Write("store.key", _setup.StoreKey.Length > 0 ? _setup.StoreKey : NewStoreKey());
        foreach ((string name, string text) in _setup.Files)
            _folder.Write(name, text);
        _folder.Write("sallyport.yaml", $"""
            node: {_setup.Node}
            identity:
              local:
                issuer: https://sallyport.example
                key: token.key
            {_setup.MoreIdentity}
            listeners:
              - name: tls
                protocol: postgres
                address: 127.0.0.1:{Port}
                tls:
                  certificate: listener.crt
                  key: listener.key
              - name: plaintext
                protocol: postgres
                address: 127.0.0.1:{PlaintextPort}
                plaintext: loopback-only
            targets:
              shop:
                protocol: postgres
                address: {PostgresServer.Host}:{_setup.ServerPort ?? postgres.Port}
                tls:
                  mode: verify-full
                  ca: {postgres.CaFile}
                credential:
                  user: {PostgresServer.AppUser}
                  password:
                    file: target.password
                database: {PostgresServer.Database}
            {_setup.TargetExtras}
            {_setup.MoreTargets}
            policies: policies
            mask-key:
              file: mask.key
            recordings:
              directory: recordings
            {_setup.RecordingExtras}
            {_setup.MoreConfig}
            {(_setup.Control ? ControlSections() : "")}

            """);
    }

    /// <summary>A key that seals the secrets of a store.</summary>
    public static string NewStoreKey() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));

    private string ControlSections() => $"""
        store:
        {(_setup.Store.Length > 0 ? _setup.Store : "  sqlite:\n    file: state/sallyport.db")}
          key:
            file: store.key
        audit:
          file: state/audit.jsonl
        broker:
          address: 127.0.0.1:{BrokerPort}
          url: {BrokerUrl}
          tls:
            certificate: listener.crt
            key: listener.key
        {_setup.Providers}
        admin:
          address: 127.0.0.1:{AdminPort}
          url: {AdminUrl}
          tls:
            certificate: listener.crt
            key: listener.key
          roles:
            viewer: [viewers, administrators]
            approver: [approvers, dba, security]
            auditor: auditors
            policy-author: authors
            administrator: administrators
        """;
}
