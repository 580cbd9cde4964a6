using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store;
using Spectre.Console;

namespace Sallyport.Proxy.Cli;

/// <summary><c>sallyport backup</c> and <c>sallyport restore</c>: the state into a file and back, on either database.</summary>
internal static class BackupCommand
{
    public static Command CreateBackup()
    {
        Option<FileInfo> config = CommandLine.ConfigOption();
        Option<bool> json = StoreKeysCommand.JsonOption();
        Option<FileInfo> target = new("--out", "-o") { Description = "The file to make; it must not exist", HelpName = "FILE", Required = true };
        var command = new Command("backup", "Write the state into a file, while daemons go on; the operator's key is not in it, and is needed with it") { config, target, json };
        command.SetAction((parsed, cancel) => StoreCommand.RunAsync(
            parsed.GetRequiredValue(config),
            parsed.GetValue(json),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error,
            (context, token) => BackUpAsync(context, parsed.GetRequiredValue(target), Progress(parsed.GetValue(json)), token),
            cancel));
        return command;
    }

    public static Command CreateRestore()
    {
        Option<FileInfo> config = CommandLine.ConfigOption();
        Option<bool> json = StoreKeysCommand.JsonOption();
        Option<FileInfo> source = new("--from", "-f") { Description = "A backup", HelpName = "FILE", Required = true };
        Option<bool> force = new("--force") { Description = "Throw away what is in the store" };
        var command = new Command("restore", "Read a backup into the configured store, whichever database it is; no daemon may be running on it") { config, source, force, json };
        command.SetAction((parsed, cancel) => StoreCommand.RunAsync(
            parsed.GetRequiredValue(config),
            parsed.GetValue(json),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error,
            (context, token) => RestoreAsync(context, parsed.GetRequiredValue(source), parsed.GetValue(force), Progress(parsed.GetValue(json)), token),
            cancel));
        return command;
    }

    private static async Task<JsonObject> BackUpAsync(StoreCommandContext context, FileInfo target, Action<string, long> progress, CancellationToken cancel)
    {
        // Before, so that it is in the backup, and so that none is made unseen.
        await context.KeepAsync(AuditTypes.BackupMade, new Dictionary<string, string> { ["file"] = target.FullName }, cancel).ConfigureAwait(false);
        (long rows, string digest) = await Backup.MakeAsync(context.Store, target.FullName, VersionCommand.Version, TimeProvider.System, progress, cancel).ConfigureAwait(false);
        return new JsonObject { ["file"] = target.FullName, ["rows"] = rows, ["sha256"] = digest };
    }

    private static async Task<JsonObject> RestoreAsync(StoreCommandContext context, FileInfo source, bool force, Action<string, long> progress, CancellationToken cancel)
    {
        long rows = await Backup.RestoreAsync(context.Store, source.FullName, force, TimeProvider.System, progress, cancel).ConfigureAwait(false);

        // Afterwards: before, the store would not have been empty.
        await context.KeepAsync(
            AuditTypes.BackupRestored,
            new Dictionary<string, string> { ["file"] = source.FullName, ["rows"] = rows.ToString(CultureInfo.InvariantCulture), ["force"] = force ? "true" : "false" },
            cancel).ConfigureAwait(false);
        return new JsonObject { ["file"] = source.FullName, ["rows"] = rows };
    }

    /// <summary>Shows how far it is, on a terminal only.</summary>
    private static Action<string, long> Progress(bool json)
    {
        if (json || Console.IsErrorRedirected)
            return (_, _) => { };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return (table, rows) => console.MarkupLine($"[grey]{Markup.Escape(table)}: {rows.ToString(CultureInfo.InvariantCulture)}[/]");
    }
}
