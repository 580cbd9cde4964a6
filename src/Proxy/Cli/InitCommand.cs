using System.CommandLine;
using System.Text.Json.Nodes;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Identity.Local;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Cli;

/// <summary><c>sallyport init</c>: the first administrator, made on the machine itself, because nobody can log in yet.</summary>
internal static class InitCommand
{
    public static Command Create()
    {
        Option<FileInfo> config = CommandLine.ConfigOption();
        Option<string> user = new("--user") { Description = "The administrator's user name", HelpName = "NAME", Required = true };
        Option<bool> again = new("--again") { Description = "Make another administrator although there is one" };
        Option<bool> json = StoreKeysCommand.JsonOption();
        var command = new Command("init", "Make the first administrator; prints the address by which they choose a password, once") { config, user, again, json };
        command.SetAction((parsed, cancel) => StoreCommand.RunAsync(
            parsed.GetRequiredValue(config),
            parsed.GetValue(json),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error,
            (context, token) => RunAsync(context, parsed.GetRequiredValue(user), parsed.GetValue(again), token),
            cancel));
        return command;
    }

    private static async Task<JsonObject> RunAsync(StoreCommandContext context, string user, bool again, CancellationToken cancel)
    {
        if (context.Config.Broker is not { } broker)
            throw new IOException("the configuration has no broker, so users have nowhere to log in");
        try
        {
            var actor = new AuditActor(Environment.UserName, "operating-system", []);
            string invitation = await FirstAdministrator.InviteAsync(context.Store, context.Audit, broker, user, again, actor, TimeProvider.System, cancel).ConfigureAwait(false);
            return new JsonObject { ["user"] = user, ["invitation"] = invitation };
        }
        catch (UserRefusedException refused)
        {
            throw new IOException(refused.Message, refused);
        }
    }
}
