using System.Text;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>
/// The built `sallyport serve` with an SSH listener in front of an <see cref="SshServer"/>, the target <c>box</c>; and a person, ada@example.com of the group
/// engineering, with a registered key.
/// </summary>
public sealed class SshDaemon : IAsyncDisposable, IConfiguredDaemon
{
    private readonly TempFolder _folder = new();
    private ChildProcess? _process;
    private NotifySocket? _notify;

    private SshDaemon(SshServer server, string policy, string more, string target, string listener, string ssh, string targets, string listeners, string identity)
    {
        Server = server;
        _folder.Write("token.key", Pem.NewKey());
        Directory.CreateDirectory(_folder.At("people"));
        SshServer.Keygen("-t", "ed25519", "-f", KeyFile);
        File.Copy(KeyFile + ".pub", _folder.At("people/ada@example.com"));
        WritePolicy(policy);
        _folder.Write("sallyport.yaml", $$"""
            node: test-node
            identity:
              local:
                issuer: https://sallyport.example
                key: token.key
            {{Indented(identity, 2)}}
            ssh:
              authority:
                user: user-ca
                host: host-ca
              authorized-keys:
                directory: people
                issuer: https://sallyport.example
                groups-always: [engineering]
            {{Indented(ssh, 2)}}
            listeners:
              - name: ssh
                protocol: ssh
                address: 127.0.0.1:{{Port}}
                ssh:
                  host-keys: host-keys
            {{Indented(listener, 6)}}
            {{Indented(listeners, 2)}}
            targets:
              box:
                protocol: ssh
                address: 127.0.0.1:{{server.Port}}
                account: {{SshServer.Account}}
                accounts: [{{SshServer.Account}}]
                credential:
                  private-key:
                    file: {{server.CredentialFile}}
                host-keys:
                  known-hosts: {{server.KnownHostsFile}}
            {{Indented(target, 4)}}
            {{Indented(targets, 2)}}
            policies: policies
            recordings:
              directory: recordings
            {{more}}

            """);
    }

    public SshServer Server { get; }

    /// <summary>Where clients connect on loopback.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>The person's private key.</summary>
    public string KeyFile => _folder.At("ada");

    public string ConfigFile => _folder.At("sallyport.yaml");

    public string Recordings => _folder.At("recordings");

    /// <summary>A file in the daemon's folder.</summary>
    public string At(string name) => _folder.At(name);

    /// <summary>The user name that leads to the target.</summary>
    public static string User => SshServer.Account + "+box";

    public string Log => Process.Output + Process.Error;

    public ChildProcess Process => _process ?? throw new InvalidOperationException("The daemon has not been started.");

    /// <param name="policy">One policy document.</param>
    /// <param name="more">More top-level sections of the configuration.</param>
    /// <param name="target">More keys of the target.</param>
    /// <param name="listener">More keys of the listener's <c>ssh</c>.</param>
    /// <param name="ssh">More keys of <c>ssh</c>.</param>
    /// <param name="targets">More targets.</param>
    /// <param name="listeners">More listeners.</param>
    /// <param name="identity">More keys of <c>identity</c>.</param>
    public static async Task<SshDaemon> StartAsync(
        SshServer server, string policy, string more = "", string target = "", string listener = "", string ssh = "", string targets = "", string listeners = "", string identity = "")
    {
        var daemon = new SshDaemon(server, policy, more, target, listener, ssh, targets, listeners, identity);
        await daemon.ServeAsync();
        return daemon;
    }

    public void WritePolicy(string yaml) => _folder.Write("policies/policy.yaml", yaml);

    /// <summary>Writes any file of its folder.</summary>
    public string Write(string name, string text) => _folder.Write(name, text);

    /// <summary>SIGHUP; returns when it says READY again.</summary>
    public async Task ReloadAsync()
    {
        Process.Signal(UnixSignal.Hup);
        await _notify!.WaitForAsync("RELOADING=1");
        await _notify.WaitForAsync("READY=1");
    }

    /// <summary>Options of OpenSSH's clients for the gateway as the person, before what the caller adds.</summary>
    public string[] Options(string portOption = "-p") =>
    [
        "-F", "none", "-i", KeyFile, "-o", "IdentitiesOnly=yes", "-o", "UserKnownHostsFile=" + _folder.At("known_hosts"), "-o", "StrictHostKeyChecking=accept-new",
        "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=20", portOption, Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
    ];

    /// <summary>Runs ssh for a command on the target, to its end.</summary>
    public Task<SshRun> RunAsync(string command, params string[] options) => SshAsync("", [.. options, $"{User}@127.0.0.1", command]);

    /// <summary>Runs ssh with these arguments and this input, to its end.</summary>
    public Task<SshRun> SshAsync(string input, string[] arguments) => SshRun.OfAsync(["ssh", .. Options(), .. arguments], input);

    /// <summary>Everything that `sallyport-replay show` says of the recordings, oldest first.</summary>
    public async Task<string> ReplayAsync(params string[] arguments)
    {
        var all = new StringBuilder();
        foreach (string file in RecordingFiles())
        {
            (int code, string output, string error) = await SallyportDaemon.ReplayAsync(["show", file, .. arguments]);
            all.Append(code == 0 ? output : throw new InvalidOperationException($"show {file}: {code}\n{error}"));
        }

        return all.ToString();
    }

    /// <summary>The recordings, oldest first.</summary>
    public IReadOnlyList<string> RecordingFiles() => Directory.Exists(Recordings)
        ? [.. Directory.EnumerateFiles(Recordings, "*", SearchOption.AllDirectories).Where(f => !Path.GetFileName(f).StartsWith('.') && f.Contains(".sp", StringComparison.Ordinal)).Order(StringComparer.Ordinal)]
        : [];

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        if (_notify is not null)
            await _notify.DisposeAsync();
        _folder.Dispose();
    }

    private async Task ServeAsync()
    {
        _notify = new NotifySocket(_folder.At("notify"));
        _process = ChildProcess.Start([Repository.Tool("sallyport"), "serve", "--config", ConfigFile], new Dictionary<string, string> { ["NOTIFY_SOCKET"] = _notify.Path });
        Task ready = _notify.WaitForAsync("READY=1", TimeSpan.FromMinutes(2));
        Task<int> ended = _process.WaitForExitAsync(Timeout.InfiniteTimeSpan);
        if (await Task.WhenAny(ready, ended) == ended)
            throw new InvalidOperationException($"sallyport ended with {await ended}:\n{Log}");
        await ready;
    }

    private static string Indented(string yaml, int by) => string.Join('\n', yaml.Split('\n').Select(line => line.Length == 0 ? line : new string(' ', by) + line));
}
