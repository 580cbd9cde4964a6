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
            // For people who use targets.
            LoginCommand.CreateLogin(),
            LoginCommand.CreateLogout(),
            PsqlCommand.Create(),
            PgPassCommand.Create(),
            SshConfigCommand.Create(),
            KubeConfigCommand.Create(),
            KubeTokenCommand.Create(),
            TokenCommand.Create(),
            CredentialCommands.Tokens(),
            CredentialCommands.Passwords(),
            AccessCommand.Create(),

            // For those who decide, watch and look after it: by the admin API.
            ApprovalsCommand.Create(),
            SessionsCommand.Create(),
            RecordingsCommand.Create(),
            AuditCommand.Create(),
            CredentialCommands.Revocations(),
            PoliciesCommand.Create(),
            TargetsCommand.Create(),
            UsersCommand.Create(),
            AgentsCommand.Create(),
            NodesCommand.Create(),

            // On the machine itself.
            ServeCommand.Create(),
            InitCommand.Create(),
            KeysCommand.Create(),
            ExplainCommand.Create(),
            SshAuthorityCommand.Create(),
            BackupCommand.CreateBackup(),
            BackupCommand.CreateRestore(),
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
