using System.CommandLine;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Ssh;

namespace Sallyport.Proxy.Cli;

/// <summary><c>sallyport ssh-authority</c>: what targets and clients are to trust.</summary>
internal static class SshAuthorityCommand
{
    public static Command Create()
    {
        Option<FileInfo> config = CommandLine.ConfigOption();
        Option<bool> host = new("--host") { Description = "The authority for host certificates, as clients' known_hosts takes it, instead of the one for users" };
        var command = new Command("ssh-authority", "Print the public key of our authority: a line for sshd's TrustedUserCAKeys, or for known_hosts; it is made when it is not there") { config, host };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(config), parsed.GetValue(host), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static int Run(FileInfo file, bool host, TextWriter output, TextWriter error)
    {
        if (ConfigFile.Read(file, error) is not { } config)
            return ExitCode.Config;
        if ((host ? config.Ssh.HostAuthority : config.Ssh.UserAuthority) is not { } path)
        {
            error.WriteLine($"sallyport: the configuration has no ssh.authority.{(host ? "host" : "user")}");
            return ExitCode.Config;
        }

        try
        {
            SshPrivateKey key = KeyFiles.Open(path.Path, SshKeyTypes.Ed25519, $"sallyport {(host ? "host" : "user")} authority", create: true)!;
            string names = host ? $"@cert-authority {string.Join(',', Names(config))} " : "";
            output.WriteLine($"{names}{key.PublicKey} sallyport {(host ? "host" : "user")} authority");
            return ExitCode.Done;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException)
        {
            error.WriteLine($"sallyport: {path.Path}: {failure.Message}");
            return ExitCode.Failed;
        }
    }

    /// <summary>The gateway's own names and those of its targets: never all there are.</summary>
    private static IEnumerable<string> Names(DaemonConfig config)
    {
        string[] names = [.. config.Listeners.Where(listener => listener.Ssh is not null).SelectMany(listener => listener.Ssh!.HostNames.SelectMany(name => new[] { name, $"[{name}]:{listener.Address.Port}" })),
            .. config.Targets.Where(target => target.Ssh is not null).Select(target => target.Name)];
        return names.Length > 0 ? names : ["*.sallyport"];
    }
}
