using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Sallyport.Compare.Processes;

/// <summary>A server started for the comparison: it writes to a log file, and dies with us whatever happens (PR_SET_PDEATHSIG, by way of setpriv and <see cref="Starter"/>).</summary>
internal sealed class Server : IAsyncDisposable
{
    private readonly Process _process;

    private Server(string name, int port, string log, Process process)
    {
        Name = name;
        Port = port;
        Log = log;
        _process = process;
    }

    public string Name { get; }

    public int Port { get; }

    /// <summary>Path of its log.</summary>
    public string Log { get; }

    public int Id => _process.Id;

    /// <summary>The signal that ends it without waiting for clients.</summary>
    private string StopSignal { get; init; } = "TERM";

    /// <summary>Starts a server and waits until it accepts connections on <paramref name="port"/> of loopback.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="port">Where it will listen.</param>
    /// <param name="log">File for what it says.</param>
    /// <param name="asUser">The user to run as when we are root and it refuses to be; null: ours.</param>
    /// <param name="command">Program and arguments.</param>
    /// <param name="environment">Variables to add.</param>
    /// <param name="stopSignal">The signal that ends it without waiting for clients.</param>
    public static async Task<Server> StartAsync(
        string name,
        int port,
        string log,
        string? asUser,
        string[] command,
        IReadOnlyDictionary<string, string>? environment = null,
        string stopSignal = "TERM")
    {
        List<string> words = ["setpriv", "--pdeathsig", "KILL"];
        if (asUser is not null && Environment.IsPrivilegedProcess)
            words.AddRange(["--reuid", asUser, "--regid", asUser, "--init-groups"]);
        words.AddRange(command);

        // The shell only opens the log; exec keeps one process, whose id is the server's.
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true };
        foreach (string word in (IEnumerable<string>)["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", log, .. words])
            start.ArgumentList.Add(word);
        start.Environment["PATH"] += ":/usr/sbin:/sbin";
        foreach ((string key, string value) in environment ?? new Dictionary<string, string>())
            start.Environment[key] = value;

        Process process = await Starter.StartAsync(start);
        var server = new Server(name, port, log, process) { StopSignal = stopSignal };
        try
        {
            await server.WaitUntilListeningAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using (Process? polite = Process.Start("kill", ["-" + StopSignal, _process.Id.ToString()]))
                await polite.WaitForExitAsync();
            Task exit = _process.WaitForExitAsync();
            if (await Task.WhenAny(exit, Task.Delay(TimeSpan.FromSeconds(10))) != exit)
                _process.Kill(entireProcessTree: true);
            await exit;
        }

        _process.Dispose();
    }

    private async Task WaitUntilListeningAsync()
    {
        long deadline = Environment.TickCount64 + 30_000;
        while (true)
        {
            if (_process.HasExited || Environment.TickCount64 > deadline)
                throw new InvalidOperationException($"{Name} did not start:\n{(File.Exists(Log) ? File.ReadAllText(Log) : "(no log)")}");

            using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await probe.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port));
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(20);
            }
        }
    }
}
