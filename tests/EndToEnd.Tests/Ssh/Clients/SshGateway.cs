using System.Globalization;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Clients;

/// <summary>One sshd and one daemon, for tests of what clients do.</summary>
/// <param name="listener">More keys of the listener's <c>ssh</c>.</param>
public abstract class SshGateway(string listener) : IAsyncLifetime
{
    private SshServer? _server;
    private SshDaemon? _daemon;
    private TempFolder? _home;

    public SshServer Server => _server ?? throw new InvalidOperationException("The server has not been started.");

    public SshDaemon Daemon => _daemon ?? throw new InvalidOperationException("The daemon has not been started.");

    /// <summary>The gateway's port, as an argument.</summary>
    public string Port => Daemon.Port.ToString(CultureInfo.InvariantCulture);

    /// <summary>The line of the gateway's Ed25519 host key: what a client is told to expect.</summary>
    public string HostKey => File.ReadAllText(HostKeyFile).Trim();

    public string HostKeyFile => Daemon.At("host-keys/ssh_host_ed25519_key.pub");

    /// <summary>A home for clients that keep files there.</summary>
    public Dictionary<string, string> Home => new() { ["HOME"] = _home!.FullName };

    public virtual async Task InitializeAsync()
    {
        _home = new TempFolder();
        _server = await SshServer.StartAsync();
        _daemon = await SshDaemon.StartAsync(_server, SshPolicies.AllowAll, listener: listener, targets: await TargetsAsync());
    }

    public virtual async Task DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        _home?.Dispose();
    }

    /// <summary>Targets beside the one.</summary>
    protected virtual Task<string> TargetsAsync() => Task.FromResult("");

    /// <summary>A path at the target that nothing has yet.</summary>
    public string Remote(string name) => Path.Combine(Server.Files, $"{name}-{Guid.NewGuid():N}");

    /// <summary>Runs ssh for <c>cat</c> with a file as its input, and compares what comes back; the error output is ssh's and the command's.</summary>
    /// <param name="options">Before those of the daemon: what comes first counts.</param>
    public Task<SshRun> EchoAsync(string file, params string[] options) => RunAsync(
        ["bash", "-o", "pipefail", "-c", "file=$1; shift; ssh \"$@\" 'echo begun >&2; cat' <\"$file\" | cmp - \"$file\"", "bash", file,
            .. options, .. Daemon.Options(), SshDaemon.User + "@127.0.0.1"]);

    /// <summary>Runs a client to its end; its home is none that anybody has.</summary>
    public Task<SshRun> RunAsync(string[] command, string input = "") => SshRun.OfAsync(command, input, Home);

    /// <summary>Runs one of the Python scripts beside this file with Debian's own Python: port, user, key, the gateway's host key, then what is given.</summary>
    public async Task PythonAsync(string script, params string[] arguments)
    {
        string path = Path.Combine(Repository.Root, "tests/EndToEnd.Tests/Ssh/Clients", script);
        SshRun run = await RunAsync(["/usr/bin/python3", "-B", "-W", "ignore", path, Port, SshDaemon.User, Daemon.KeyFile, HostKeyFile, .. arguments]);
        Assert.True(run.ExitCode == 0 && run.Output.EndsWith("done\n", StringComparison.Ordinal), $"{script}: {run.ExitCode}\n{run.Output}\n{run.Error}\n{Daemon.Log}");
    }
}
