using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Cli;

/// <summary>What the commands that work on the store have in common. Daemons may be running beside them.</summary>
internal static class StoreCommand
{
    /// <summary>Opens the configured store, does something with it, and reports.</summary>
    /// <param name="work">Returns what to tell: names and values.</param>
    public static async Task<int> RunAsync(FileInfo file, bool json, TextWriter output, TextWriter error, Func<StoreCommandContext, CancellationToken, Task<JsonObject>> work, CancellationToken cancel)
    {
        if (ConfigFile.Read(file, error) is not { } config)
            return ExitCode.Config;
        if (config is not { Store: { } settings, Audit: { } audit })
        {
            error.WriteLine("sallyport: the configuration has no store");
            return ExitCode.Config;
        }

        try
        {
            using Log log = Log.ToStandardError(config.LogFormat);
            await using StateStore store = await StateStore.OpenAsync(settings, TimeProvider.System, log, cancel).ConfigureAwait(false);
            await using AuditStream stream = AuditStream.Open(audit.File.Path, config.Node, store, alone: false, TimeProvider.System, log);
            JsonObject told = await work(new StoreCommandContext(config, settings, store, stream, log), cancel).ConfigureAwait(false);
            Tell(output, told, json);
            return ExitCode.Done;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            error.WriteLine($"sallyport: {failure.Message}");
            return failure is StateRefusedException ? ExitCode.Config : ExitCode.Failed;
        }
    }

    private static void Tell(TextWriter output, JsonObject told, bool json)
    {
        if (json)
        {
            output.WriteLine(told.ToJsonString());
            return;
        }

        foreach ((string name, JsonNode? value) in told)
            output.WriteLine($"{name}: {value}");
    }
}

/// <summary>What a command works with.</summary>
internal sealed record StoreCommandContext(DaemonConfig Config, StoreConfig Settings, StateStore Store, IAudit Audit, Log Log)
{
    /// <summary>Keeps what was done; who did it is known by name only, as the operating system says.</summary>
    public ValueTask KeepAsync(string type, IReadOnlyDictionary<string, string> details, CancellationToken cancel) =>
        Audit.KeepAsync(new AuditEvent(type, new AuditActor(Environment.UserName, "operating-system", [])) { Details = details }, cancel);
}
