using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Cli;

/// <summary><c>sallyport keys rotate</c> and <c>keys rewrap</c>: the keys that seal secrets in the store.</summary>
internal static class StoreKeysCommand
{
    public static Command Rotate()
    {
        Option<FileInfo> config = CommandLine.ConfigOption();
        Option<bool> json = JsonOption();
        var command = new Command("rotate", "Make a new data key and seal every secret in the store again; daemons may be running") { config, json };
        command.SetAction((parsed, cancel) => StoreCommand.RunAsync(
            parsed.GetRequiredValue(config), parsed.GetValue(json), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, RotateAsync, cancel));
        return command;
    }

    public static Command Rewrap()
    {
        Option<FileInfo> config = CommandLine.ConfigOption();
        Option<bool> json = JsonOption();
        Option<FileInfo?> next = new("--new-key") { Description = "Step 1: from now on this key opens the store too", HelpName = "FILE" };
        Option<bool> finish = new("--finish") { Description = "Step 2, with the new key configured: the old one no longer opens it" };
        var command = new Command("rewrap", "Change the operator's key, in two steps") { config, next, finish, json };
        command.Validators.Add(result =>
        {
            if (result.GetValue(finish) == (result.GetValue(next) is not null))
                result.AddError("Give either --new-key FILE or --finish.");
        });
        command.SetAction((parsed, cancel) => StoreCommand.RunAsync(
            parsed.GetRequiredValue(config),
            parsed.GetValue(json),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error,
            (context, token) => RewrapAsync(context, parsed.GetValue(next), token),
            cancel));
        return command;
    }

    public static Option<bool> JsonOption() => new("--json") { Description = "Report as one JSON object" };

    private static async Task<JsonObject> RotateAsync(StoreCommandContext context, CancellationToken cancel)
    {
        // The sealer owns its key and disposes of it; the rotation has one of its own.
        using OperatorKey key = OperatorKey.Read(context.Settings.Key);
        await using Sealer sealer = await Sealer.OpenAsync(context.Store, OperatorKey.Read(context.Settings.Key), TimeProvider.System, context.Log, cancel).ConfigureAwait(false);
        await context.KeepAsync(AuditTypes.KeysRotated, new Dictionary<string, string> { ["step"] = "begun" }, cancel).ConfigureAwait(false);
        IReadOnlyDictionary<string, int> done = await KeyChange.RotateAsync(context.Store, sealer, key, context.Config.Node, TimeProvider.System, cancel).ConfigureAwait(false);
        await context.KeepAsync(AuditTypes.KeysRotated, new Dictionary<string, string> { ["step"] = "done", ["key"] = Number(sealer.CurrentKey) }, cancel).ConfigureAwait(false);
        var told = new JsonObject { ["data-key"] = sealer.CurrentKey };
        foreach ((string column, int count) in done)
            told[column] = count;
        return told;
    }

    private static async Task<JsonObject> RewrapAsync(StoreCommandContext context, FileInfo? next, CancellationToken cancel)
    {
        using OperatorKey now = OperatorKey.Read(context.Settings.Key);
        if (next is null)
        {
            await context.KeepAsync(AuditTypes.KeysRewrapped, new Dictionary<string, string> { ["step"] = "finish", ["key"] = now.Fingerprint }, cancel).ConfigureAwait(false);
            int finished = await KeyChange.FinishRewrapAsync(context.Store, now, cancel).ConfigureAwait(false);
            return new JsonObject { ["data-keys"] = finished, ["operator-key"] = now.Fingerprint };
        }

        using OperatorKey other = OperatorKey.Read(new SecretReference(SecretSource.File, next.FullName, default));
        await context.KeepAsync(AuditTypes.KeysRewrapped, new Dictionary<string, string> { ["step"] = "begin", ["key"] = other.Fingerprint }, cancel).ConfigureAwait(false);
        int begun = await KeyChange.BeginRewrapAsync(context.Store, now, other, cancel).ConfigureAwait(false);
        return new JsonObject
        {
            ["data-keys"] = begun,
            ["new-operator-key"] = other.Fingerprint,
            ["next"] = "configure the new key, restart every daemon, then: sallyport keys rewrap --finish",
        };
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
