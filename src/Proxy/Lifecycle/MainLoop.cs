using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Lifecycle;

/// <summary>Does what signals ask for, until one asks to stop and the daemon has drained.</summary>
internal static class MainLoop
{
    /// <summary>Beyond the drain time: ending what is left and sealing recordings.</summary>
    private static readonly TimeSpan SealTime = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(Daemon daemon, TimeSpan drain, Signals signals, Systemd systemd, Log log)
    {
        while (await signals.NextAsync().ConfigureAwait(false) == DaemonSignal.Reload)
            await ReloadAsync(daemon, systemd, log).ConfigureAwait(false);
        await DrainAsync(daemon, drain, signals, systemd, log).ConfigureAwait(false);
    }

    private static async Task ReloadAsync(Daemon daemon, Systemd systemd, Log log)
    {
        systemd.Reloading();
        (bool reloaded, IReadOnlyList<Diagnostic> diagnostics) = await daemon.ReloadAsync().ConfigureAwait(false);
        foreach (Diagnostic diagnostic in diagnostics)
        {
            LogField field = new("diagnostic", diagnostic.ToString());
            if (diagnostic.IsWarning)
                log.Warning("reload-doubtful", field);
            else
                log.Error("reload-error", field);
        }

        if (reloaded)
            log.Info("reloaded", new LogField("status", daemon.Status));
        else
            log.Error("reload-refused", new LogField("kept", "the policies, certificates and keys that were in force"));
        systemd.Ready(reloaded ? daemon.Status : $"{daemon.Status}; the last reload was refused, see the log");
    }

    private static async Task DrainAsync(Daemon daemon, TimeSpan drain, Signals signals, Systemd systemd, Log log)
    {
        log.Info("draining", new("status", daemon.Status), new("seconds", (long)drain.TotalSeconds));
        systemd.Stopping("draining");
        systemd.ExtendTimeout(drain + SealTime);
        using var hurry = new CancellationTokenSource();
        Task draining = daemon.DrainAsync(drain, hurry.Token);
        using var drained = new CancellationTokenSource();
        Task impatience = HurryOnSecondStopAsync(signals, hurry, log, drained.Token);
        await draining.ConfigureAwait(false);
        await drained.CancelAsync().ConfigureAwait(false);
        await impatience.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        log.Info("drained");
    }

    /// <summary>A second SIGTERM or SIGINT ends the waiting, not the sealing of recordings.</summary>
    private static async Task HurryOnSecondStopAsync(Signals signals, CancellationTokenSource hurry, Log log, CancellationToken drained)
    {
        while (await signals.NextAsync(drained).ConfigureAwait(false) == DaemonSignal.Reload)
            log.Warning("reload-ignored", new LogField("reason", "draining"));
        log.Warning("drain-cut-short");
        await hurry.CancelAsync().ConfigureAwait(false);
    }
}
