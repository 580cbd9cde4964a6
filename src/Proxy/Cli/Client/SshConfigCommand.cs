using System.CommandLine;
using Sallyport.Proxy.Cli.Admin;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Ssh;

namespace Sallyport.Proxy.Cli.Client;

/// <summary><c>sallyport ssh-config</c>: settings for OpenSSH's client, so that <c>ssh TARGET.sallyport</c> works without a question.</summary>
internal static class SshConfigCommand
{
    public static Command Create()
    {
        Option<string?> gateway = new("--gateway", "-g") { Description = "Where the gateway's SSH listener is; \"proxy.host\" of client.yaml and the listener's own port by default", HelpName = "HOST:PORT" };
        Option<string> output = new("--output", "-o") { Description = "The file to write, with known_hosts beside it; - is standard output", HelpName = "FILE", DefaultValueFactory = _ => Path.Combine(ClientFiles.Home, ".ssh", "sallyport.conf") };
        Option<FileInfo?> file = ClientConfig.FileOption();
        return AdminVerb.Create("ssh-config", "Write settings for OpenSSH's client: your targets, and whom to trust for them", [gateway, output, file], async context =>
        {
            try
            {
                SshClientJson known = await context.Client.GetAsync<SshClientJson>("/v1/ssh", context.Cancel).ConfigureAwait(false);
                HostPort at = Where(context.Value(gateway), known, ClientConfig.Read(context.Value(file)));
                string path = context.Value(output)!;
                string knownHosts = path == "-" ? Path.Combine(ClientFiles.Home, ".ssh", "sallyport.known_hosts") : Path.ChangeExtension(Path.GetFullPath(path), ".known_hosts");
                string settings = SshFiles.Config(known, at, knownHosts);
                string hosts = SshFiles.KnownHosts(known, at);
                if (path == "-")
                {
                    context.Output.Done(new { settings, knownHosts = hosts }, $"{settings}\n# {knownHosts}:\n{Commented(hosts)}");
                    return ExitCode.Done;
                }

                ClientFiles.Make(Path.GetDirectoryName(Path.GetFullPath(path))!);
                ClientFiles.Write(knownHosts, hosts);
                ClientFiles.Write(path, settings);
                context.Output.Done(new { file = path, knownHosts, targets = known.Targets }, Next(path, known));
                return ExitCode.Done;
            }
            catch (ClientException wrong)
            {
                context.Output.Error.WriteLine($"sallyport: {wrong.Message}");
                return ExitCode.Failed;
            }
        }, config: file);
    }

    private static HostPort Where(string? named, SshClientJson known, ClientConfig config)
    {
        if (known.Listeners.Count == 0)
            throw new ClientException("This gateway has no SSH listener.");
        if (named is not null)
            return HostPort.TryParse(named, lowest: 1, out HostPort at) ? at : throw new ClientException($"\"{named}\" is not host:port.");
        string host = config.Host ?? known.Listeners[0].HostNames.FirstOrDefault() ?? throw new ClientException("Where is the gateway? Say --gateway, or \"proxy\" in " + ClientConfig.DefaultPath + ".");
        return new HostPort(host, known.Listeners[0].Port);
    }

    private static string Next(string path, SshClientJson known)
    {
        string include = Path.GetDirectoryName(path) == Path.Combine(ClientFiles.Home, ".ssh") ? Path.GetFileName(path) : path;
        string first = known.Targets.Count > 0 ? $"ssh {known.Targets[0].Name}{SshFiles.Suffix}" : "ssh TARGET" + SshFiles.Suffix;
        return $"{path} has {known.Targets.Count} targets. Put \"Include {include}\" at the top of ~/.ssh/config; then \"{first}\" works, and so do scp, sftp, rsync and git.";
    }

    private static string Commented(string text) => string.Concat(text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"#   {line}\n"));
}
