namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>One connection of OpenSSH's ssh that many commands share (ControlMaster): each is a channel of one session.</summary>
public sealed class SshMux : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string[] _options;

    private SshMux(SshDaemon daemon, string[] options, IReadOnlyDictionary<string, string>? environment)
    {
        _options = [.. daemon.Options(), "-o", "ControlPath=" + _folder.At("control")];
        Master = ChildProcess.Start(["ssh", .. options, .. _options, "-M", "-N", SshDaemon.User + "@127.0.0.1"], environment);
    }

    /// <summary>The process that has the connection.</summary>
    public ChildProcess Master { get; }

    public static async Task<SshMux> OpenAsync(SshDaemon daemon, IReadOnlyDictionary<string, string>? environment = null, params string[] options)
    {
        var mux = new SshMux(daemon, options, environment);
        for (int i = 0; i < 1000 && !File.Exists(mux._folder.At("control")); i++)
        {
            if (mux.Master.HasExited)
                throw new InvalidOperationException("ssh ended: " + mux.Master.Error + daemon.Log);
            await Task.Delay(20);
        }

        return mux;
    }

    /// <summary>Runs a command in a channel of its own, to its end.</summary>
    public Task<SshRun> RunAsync(string command, string input = "", params string[] options) =>
        SshRun.OfAsync(["ssh", .. options, .. _options, SshDaemon.User + "@127.0.0.1", command], input);

    /// <summary>Starts ssh with these arguments, of which the last are the command.</summary>
    public ChildProcess Start(string[] options, params string[] command) =>
        ChildProcess.Start(["ssh", .. options, .. _options, SshDaemon.User + "@127.0.0.1", .. command]);

    public async ValueTask DisposeAsync()
    {
        await Master.DisposeAsync();
        _folder.Dispose();
    }
}
