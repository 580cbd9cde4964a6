using Sallyport.Compare.Processes;
using Sallyport.Compare.Ssh;

namespace Sallyport.Compare.Peers;

/// <summary>A jump host as people build it who want to see what runs: OpenSSH's sshd, whose ForceCommand is ssh to the target. It judges and records nothing.</summary>
internal sealed class SshDoubleHop : ISshPeer
{
    private readonly Dictionary<SshCipherCase, Server> _servers = [];

    private SshDoubleHop(SshMaterial material, string knownHosts)
    {
        Key = material.AccountKey;
        KnownHosts = knownHosts;
    }

    public string Name => "double hop";

    public string Key { get; }

    public string KnownHosts { get; }

    public string User(SshCipherCase cipher) => SshMaterial.Account;

    public int Port(SshCipherCase cipher) => _servers[cipher].Port;

    public int? ProcessId(SshCipherCase cipher) => _servers[cipher].Id;

    public static async Task<SshDoubleHop> StartAsync(Workspace workspace, SshMaterial material, SshDirect direct, IReadOnlyList<SshCipherCase> ciphers)
    {
        var hop = new SshDoubleHop(material, direct.KnownHosts);
        foreach (SshCipherCase cipher in ciphers)
        {
            string ssh = string.Join(' ', ["ssh", .. material.Options(direct.Key, direct.KnownHosts), .. cipher.Options, "-p", direct.Port(cipher).ToString()]);
            string script = workspace.Write($"hop-{cipher.Word}.sh", $"""
                #!/bin/sh
                case $SSH_ORIGINAL_COMMAND in
                    hop-sftp) exec {ssh} -s {SshMaterial.Account}@127.0.0.1 sftp ;;
                    *) exec {ssh} {SshMaterial.Account}@127.0.0.1 "$SSH_ORIGINAL_COMMAND" ;;
                esac

                """);
            File.SetUnixFileMode(script, File.GetUnixFileMode(script) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
            hop._servers[cipher] = await material.StartSshdAsync($"hop-{cipher.Word}", cipher, "hop-sftp", $"ForceCommand {script}");
        }

        return hop;
    }

    public void Tidy()
    {
        // Nothing is kept.
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Server server in _servers.Values)
            await server.DisposeAsync();
    }
}
