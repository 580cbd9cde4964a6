using System.CommandLine;
using Sallyport.Policy;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Lifecycle;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Cli;

/// <summary><c>sallyport serve</c>: checks everything, then runs until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        Option<FileInfo> config = CommandLine.ConfigOption();
        Option<bool> check = new("--check") { Description = "Check the configuration and every file it names, then exit" };
        var command = new Command("serve", "Run the proxy") { config, check };
        command.SetAction((parsed, _) => RunAsync(
            parsed.GetRequiredValue(config), parsed.GetValue(check), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static async Task<int> RunAsync(FileInfo file, bool check, TextWriter output, TextWriter error)
    {
        if (ConfigFile.Read(file, error) is not { } config)
            return ExitCode.Config;
        var bag = new DiagnosticBag();
        Materials? materials = Materials.Load(config, bag, create: !check);
        PolicyStore? policy = PolicyLoader.Load(config, TimeProvider.System, out IReadOnlyList<Diagnostic> ofPolicy);
        Report.Write(error, [.. bag.Items, .. ofPolicy]);
        if (materials is null || policy is null)
            return ExitCode.Config;
        if (!check)
            return await ServeAsync(config, materials, policy).ConfigureAwait(false);
        output.WriteLine($"{file}: the configuration is good ({policy.DocumentCount} policy documents)");
        return ExitCode.Done;
    }

    private static async Task<int> ServeAsync(DaemonConfig config, Materials materials, PolicyStore policy)
    {
        using Log log = Log.ToStandardError(config.LogFormat);
        using var signals = new Signals();
        using Systemd systemd = Systemd.FromEnvironment();
        Daemon? opened = null;
        try
        {
            opened = await Daemon.OpenAsync(config, materials, policy, log).ConfigureAwait(false);
            await opened.StartAsync().ConfigureAwait(false);
        }
        catch (IOException failure)
        {
            log.Error("start-failed", new LogField("error", failure.Message));
            if (opened is not null)
                await opened.DisposeAsync().ConfigureAwait(false);
            return ExitCode.Failed;
        }

        await using Daemon daemon = opened;

        TimeSpan? watchdog = Systemd.WatchdogInterval(
            Environment.GetEnvironmentVariable("WATCHDOG_USEC"), Environment.GetEnvironmentVariable("WATCHDOG_PID"), Environment.ProcessId);
        await using var heartbeat = new Heartbeat(systemd, daemon.Stuck, () => daemon.Status, watchdog, TimeProvider.System, log);
        heartbeat.Start();
        systemd.Ready(daemon.Status);
        log.Info("ready", new("version", VersionCommand.Version), new("node", config.Node), new("policy", policy.Digest));
        await MainLoop.RunAsync(daemon, config.Limits.Drain, signals, systemd, log).ConfigureAwait(false);
        return ExitCode.Done;
    }
}
