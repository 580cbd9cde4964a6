using System.CommandLine;
using Sallyport.Proxy.Admin.Routes;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Cli.Admin;

/// <summary><c>sallyport targets</c>: what is led to, and by what credential.</summary>
internal static class TargetsCommand
{
    public static Command Create() => new("targets", "Targets and their credentials") { List(), Set(), Delete(), HostKeysCommands.List(), HostKeysCommands.Pin(), HostKeysCommands.Unpin() };

    private static Command List()
    {
        Option<int> most = Options.Most();
        return AdminVerb.Create("list", "List targets", [most], async context =>
        {
            List<TargetJson> targets = await context.Client.ListAsync<TargetJson>("/v1/targets", context.Value(most), context.Cancel).ConfigureAwait(false);
            context.Output.Table(targets, ["NAME", "FROM", "PROTOCOL", "ADDRESS", "USER", "TLS", "CHANGED", "BY"], target =>
                [target.Name, target.Origin, target.Protocol, target.Address, target.User, target.TlsMode, AdminOutput.Time(target.ChangedAt), target.ChangedBy]);
            return ExitCode.Done;
        });
    }

    private static Command Set()
    {
        Argument<string> name = Options.Name("target");
        Option<string> address = new("--address") { Description = "host:port", HelpName = "HOST:PORT", Required = true };
        Option<string> protocol = new("--protocol") { Description = "postgres (the default), ssh, http or kubernetes", HelpName = "NAME", DefaultValueFactory = _ => "postgres" };
        Option<string?> user = new("--user") { Description = "Login name at the target; for ssh the one account there is", HelpName = "USER" };
        Option<string?> account = new("--account") { Description = "ssh: the account when a client names none", HelpName = "NAME" };
        Option<string[]> accounts = new("--allow-account") { Description = "ssh: an account that may be asked for; repeat it; any by default", HelpName = "NAME" };
        Option<string?> credential = new("--credential") { Description = "ssh: password (the default), private-key or mint; http and kubernetes: bearer (the default), basic, header or none", HelpName = "KIND" };
        Option<string?> header = new("--credential-header") { Description = "http: with --credential header, the field that the credential is sent in", HelpName = "NAME" };
        Option<string[]> hosts = new("--host") { Description = "http and kubernetes: a host that leads to it, beside those whose first label is its name; repeat it", HelpName = "HOST" };
        Option<string?> prefix = new("--impersonate-prefix") { Description = "kubernetes: stands before the names of people and groups", HelpName = "PREFIX" };
        Option<string[]> impersonated = new("--impersonate-group") { Description = "kubernetes: a group that the cluster is told of; repeat it; all but the cluster's own by default", HelpName = "GROUP" };
        Option<string[]> pinned = new("--host-key") { Description = "ssh: the host's key or fingerprint; repeat it", HelpName = "KEY" };
        Option<string[]> authority = new("--host-authority") { Description = "ssh: the public key of an authority for host certificates; repeat it", HelpName = "KEY" };
        Option<string> database = new("--database", "-d") { Description = "The database when a client names none", HelpName = "NAME" };
        Option<string[]> databases = new("--allow-database") { Description = "A database that may be asked for; repeat it; any by default", HelpName = "NAME" };
        Option<string> mode = new("--tls-mode") { Description = "verify-full (the default), verify-ca, require or disable", HelpName = "MODE" };
        Option<string> serverName = new("--tls-server-name") { Description = "The name that the certificate must be for", HelpName = "NAME" };
        Option<FileInfo?> ca = new("--tls-ca") { Description = "Certificate authorities to trust (PEM)", HelpName = "FILE" };
        Option<FileInfo?> password = new("--password-file") { Description = "A file that holds the password, token or private key; - is standard input; without it the one that it has stays", HelpName = "FILE" };
        Option<string> reason = Options.Reason();
        return AdminVerb.Create("set", "Make or change a target of the store", [name, protocol, address, user, account, accounts, credential, header, hosts, prefix, impersonated, pinned, authority, database, databases, mode, serverName, ca, password, reason], async context =>
        {
            bool tls = context.Value(mode) is not null || context.Value(serverName) is not null || context.Value(ca) is not null;
            string? authorities = context.Value(ca) is { } file ? await File.ReadAllTextAsync(file.FullName, context.Cancel).ConfigureAwait(false) : null;
            var form = new StoredTargetForm
            {
                Protocol = context.Value(protocol)!,
                Address = context.Value(address)!,
                User = context.Value(user),
                Account = context.Value(account),
                Accounts = Named(context.Value(accounts)),
                CredentialKind = context.Value(credential),
                CredentialHeader = context.Value(header),
                Hosts = Named(context.Value(hosts)),
                Impersonate = context.Value(prefix) is not null || context.Value(impersonated) is { Length: > 0 } ? new StoredImpersonationForm(context.Value(prefix), Named(context.Value(impersonated))) : null,
                HostPins = Named(context.Value(pinned)),
                HostAuthorities = Named(context.Value(authority)),
                Database = context.Value(database),
                Databases = Named(context.Value(databases)),
                Tls = tls ? new StoredTargetTlsForm(context.Value(mode), context.Value(serverName), authorities) : null,
            };
            var body = new TargetPutJson(form, context.Value(reason)!, await PasswordAsync(context.Value(password), context.Cancel).ConfigureAwait(false));
            TargetJson target = await context.Client.SendAsync<TargetJson>(HttpMethod.Put, AdminClient.Path($"/v1/targets/{context.Value(name)}"), body, context.Cancel).ConfigureAwait(false);
            context.Output.Done(target, $"{target.Name}: {target.Address} as {target.User ?? target.Account ?? (target.Protocol is "http" or "kubernetes" ? $"by {target.Credential}" : "the account that is asked for")}");
            return ExitCode.Done;
        });
    }

    private static Command Delete()
    {
        Argument<string> name = Options.Name("target");
        Option<string> reason = Options.Reason();
        return AdminVerb.Create("delete", "Take a target out of the store", [name, reason], async context =>
        {
            string path = AdminClient.Path($"/v1/targets/{context.Value(name)}?reason={context.Value(reason)}");
            TargetJson target = await context.Client.SendAsync<TargetJson>(HttpMethod.Delete, path, null, context.Cancel).ConfigureAwait(false);
            context.Output.Done(target, $"{target.Name} is gone");
            return ExitCode.Done;
        });
    }

    private static string[]? Named(string[]? names) => names is { Length: > 0 } ? names : null;

    /// <summary>Never from the command line, where every user of the machine could read it.</summary>
    private static async Task<string?> PasswordAsync(FileInfo? file, CancellationToken cancel)
    {
        if (file is null)
            return null;
        string text = file.Name == "-" ? await Console.In.ReadToEndAsync(cancel).ConfigureAwait(false) : await File.ReadAllTextAsync(file.FullName, cancel).ConfigureAwait(false);
        return text.TrimEnd('\r', '\n');
    }
}
