using Sallyport.Compare.Processes;
using Sallyport.Compare.Ssh;

namespace Sallyport.Compare.Peers;

/// <summary>OpenSSH's sshd, the target of everyone: one for each cipher, so that both legs of a way have the same.</summary>
internal sealed class SshDirect : ISshPeer
{
    private readonly Dictionary<SshCipherCase, Server> _servers = [];

    private SshDirect(SshMaterial material, string knownHosts)
    {
        Key = material.AccountKey;
        KnownHosts = knownHosts;
    }

    public string Name => "direct";

    public string Key { get; }

    public string KnownHosts { get; }

    public string User(SshCipherCase cipher) => SshMaterial.Account;

    public int Port(SshCipherCase cipher) => _servers[cipher].Port;

    public int? ProcessId(SshCipherCase cipher) => null;

    public static async Task<SshDirect> StartAsync(SshMaterial material, IReadOnlyList<SshCipherCase> ciphers)
    {
        var direct = new SshDirect(material, material.KnowHost("known_target", material.HostKey + ".pub"));
        foreach (SshCipherCase cipher in ciphers)
            direct._servers[cipher] = await material.StartSshdAsync($"target-{cipher.Word}", cipher, "internal-sftp", "");
        return direct;
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
