using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Ssh;

/// <summary>Keys, and files of noise, that all ways to the target use.</summary>
internal sealed class SshMaterial
{
    private readonly Workspace _workspace;

    private SshMaterial(Workspace workspace) => _workspace = workspace;

    /// <summary>The account there is: ours.</summary>
    public static string Account => Environment.UserName;

    /// <summary>What opens the account at the target, and the hop.</summary>
    public string AccountKey => _workspace.At("account_key");

    /// <summary>What identifies the person to Sallyport.</summary>
    public string PersonKey => _workspace.At("person_key");

    /// <summary>Of every sshd: they are one machine.</summary>
    public string HostKey => _workspace.At("host_key");

    /// <summary>A file that does not compress, of as many bytes as the loads move.</summary>
    public string Noise => _workspace.At("noise");

    /// <summary>Half of it.</summary>
    public string HalfNoise => _workspace.At("half");

    /// <summary>What is moved to see that it arrives.</summary>
    public string LittleNoise => _workspace.At("little");

    public static async Task<SshMaterial> CreateAsync(Workspace workspace, long bytes)
    {
        var material = new SshMaterial(workspace);
        foreach (string key in (string[])[material.AccountKey, material.PersonKey, material.HostKey])
            await Tool.RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f", key]);
        await material.WriteNoiseAsync(material.Noise, bytes);
        await material.WriteNoiseAsync(material.HalfNoise, bytes / 2);
        await material.WriteNoiseAsync(material.LittleNoise, Math.Min(bytes, 24 << 20));
        return material;
    }

    /// <summary>Starts a sshd that knows the account's key.</summary>
    /// <param name="cipher">The only one it takes.</param>
    /// <param name="more">Lines of its own.</param>
    public async Task<Server> StartSshdAsync(string name, SshCipherCase cipher, string subsystem, string more)
    {
        int port = Workspace.FreePort();
        string settings = _workspace.Write($"{name}/sshd_config", $"""
            Port {port}
            ListenAddress 127.0.0.1
            HostKey {HostKey}
            PidFile none
            AuthorizedKeysFile {AccountKey}.pub
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            PermitRootLogin yes
            PrintMotd no
            UseDNS no
            MaxStartups 1000
            LogLevel ERROR
            Ciphers {cipher.Name}
            {(cipher.Mac is { } mac ? $"MACs {mac}" : "")}
            Subsystem sftp {subsystem}
            {more}

            """);
        // sshd runs itself again for each connection, by its own path; it wants a directory to shut itself in.
        if (Environment.IsPrivilegedProcess)
            Directory.CreateDirectory("/run/sshd");
        return await Server.StartAsync(name, port, _workspace.At(name + ".log"), null, ["/usr/sbin/sshd", "-D", "-e", "-f", settings]);
    }

    /// <summary>Options of OpenSSH's clients that log in with <paramref name="key"/> and know the host key under whatever name.</summary>
    public string[] Options(string key, string knownHosts) =>
    [
        "-F", "none", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", "StrictHostKeyChecking=yes",
        "-o", "HostKeyAlias=bench", "-o", "HostKeyAlgorithms=ssh-ed25519", "-o", $"UserKnownHostsFile={knownHosts}",
    ];

    /// <summary>A file of known hosts with one key.</summary>
    public string KnowHost(string file, string publicKeyFile) => _workspace.Write(file, $"bench {File.ReadAllText(publicKeyFile)}");

    private async Task WriteNoiseAsync(string file, long bytes)
    {
        // Written by a program, and not from memory: it is as large as the load.
        await Tool.RunAsync("sh", ["-c", "head -c \"$1\" /dev/urandom >\"$2\"", "sh", bytes.ToString(), file]);
        if (new FileInfo(file).Length != bytes)
            throw new IOException($"{file} has not {bytes} bytes: no room?");
    }
}

/// <summary>A cipher, and the MAC that goes with it where it needs one.</summary>
internal sealed record SshCipherCase(string Word, string Name, string? Mac)
{
    public static IReadOnlyList<SshCipherCase> All { get; } =
    [
        new("aes128-gcm", "aes128-gcm@openssh.com", null),
        new("aes256-gcm", "aes256-gcm@openssh.com", null),
        new("chacha20", "chacha20-poly1305@openssh.com", null),
        new("aes128-ctr", "aes128-ctr", "hmac-sha2-256-etm@openssh.com"),
    ];

    /// <summary>OpenSSH's options for it.</summary>
    public string[] Options => Mac is null ? ["-c", Name] : ["-c", Name, "-m", Mac];

    /// <summary>The same for sftp, which has no -m.</summary>
    public string[] SftpOptions => Mac is null ? ["-c", Name] : ["-c", Name, "-o", $"MACs={Mac}"];
}
