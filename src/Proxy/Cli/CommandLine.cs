using System.CommandLine;
using Sallyport.Proxy.Cli.Admin;
using Sallyport.Proxy.Cli.Client;

namespace Sallyport.Proxy.Cli;

/// <summary>The commands of <c>sallyport</c>.</summary>
internal static class CommandLine
{
    public static Option<FileInfo> ConfigOption() => new("--config", "-c")
    {
        Description = "The configuration file (YAML)",
        HelpName = "FILE",
        Required = true,
    };

    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("Sallyport: an identity-aware proxy that judges, masks and records what is done to databases.")
        {
            ServeCommand.Create(),
            LoginCommand.CreateLogin(),
            LoginCommand.CreateLogout(),
            PsqlCommand.Create(),
            PgPassCommand.Create(),
            CredentialCommands.Tokens(),
            CredentialCommands.Passwords(),
            CredentialCommands.Revocations(),
            TokenCommand.Create(),
            KeysCommand.Create(),
            ExplainCommand.Create(),
            BackupCommand.CreateBackup(),
            BackupCommand.CreateRestore(),
            ApprovalsCommand.Create(),
            AccessCommand.Create(),
            SessionsCommand.Create(),
            RecordingsCommand.Create(),
            PoliciesCommand.Create(),
            TargetsCommand.Create(),
            AuditCommand.Create(),
            NodesCommand.Create(),
            InitCommand.Create(),
            UsersCommand.Create(),
            AgentsCommand.Create(),
            VersionCommand.Create(),
        };
        ParseResult parsed = root.Parse(args);
        var settings = new InvocationConfiguration
        {
            // The daemon has its own answer to signals; and an exception that nobody expected should show its stack.
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        };
        int code = await parsed.InvokeAsync(settings).ConfigureAwait(false);
        return parsed.Errors.Count > 0 ? ExitCode.Usage : code;
    }
}
