using System.Net.Sockets;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>
/// A throw-away OpenSSH sshd of Debian's on loopback, with host keys, an account (the one the tests run as) and a key for the gateway of its own.
/// </summary>
public sealed class SshServer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ChildProcess _process;

    private SshServer(string extraConfig)
    {
        Keygen("-t", "ed25519", "-f", _folder.At("host_ed25519"));
        Keygen("-t", "ecdsa", "-f", _folder.At("host_ecdsa"));
        Keygen("-t", "rsa", "-b", "2048", "-f", _folder.At("host_rsa"));
        Keygen("-t", "ed25519", "-f", CredentialFile);
        File.Copy(CredentialFile + ".pub", _folder.At("authorized_keys"));
        _folder.Write("trusted_cas", "");
        // SHLVL: bash that is told of a shell around it leaves the machine's own .bashrc alone.
        _folder.Write("sshd_config", $"""
            Port {Port}
            ListenAddress 127.0.0.1
            HostKey {_folder.At("host_ed25519")}
            HostKey {_folder.At("host_ecdsa")}
            HostKey {_folder.At("host_rsa")}
            PidFile none
            AuthorizedKeysFile {_folder.At("authorized_keys")}
            TrustedUserCAKeys {_folder.At("trusted_cas")}
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            PermitRootLogin yes
            AcceptEnv LANG LC_* DEMO_*
            AllowTcpForwarding yes
            AllowStreamLocalForwarding yes
            AllowAgentForwarding yes
            X11Forwarding yes
            SetEnv SHLVL=1 XAUTHORITY={DisplaysFile}
            PrintMotd no
            MaxStartups 1000
            MaxSessions 1000
            {extraConfig}
            LogLevel ERROR
            Subsystem sftp internal-sftp

            """);
        File.WriteAllText(KnownHostsFile, string.Concat(
            new[] { "host_ed25519", "host_ecdsa", "host_rsa" }.Select(key => $"[127.0.0.1]:{Port} {File.ReadAllText(_folder.At(key + ".pub"))}")));
        if (Environment.IsPrivilegedProcess)
            Directory.CreateDirectory("/run/sshd");
        _process = ChildProcess.Start(["/usr/sbin/sshd", "-D", "-e", "-f", _folder.At("sshd_config")]);
    }

    /// <summary>Where it listens on loopback.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>The account there is.</summary>
    public static string Account => Environment.UserName;

    /// <summary>The private key that opens the account.</summary>
    public string CredentialFile => _folder.At("credential");

    /// <summary>Its host keys.</summary>
    public string KnownHostsFile => _folder.At("known_hosts");

    /// <summary>The cookies of displays that were forwarded to it (xauth), instead of the account's own.</summary>
    public string DisplaysFile => _folder.At("xauthority");

    /// <summary>What it has logged so far.</summary>
    public string Log => _process.Error;

    /// <summary>A folder for files that tests move.</summary>
    public string Files => Directory.CreateDirectory(_folder.At("files")).FullName;

    /// <summary>Trusts certificates of this authority (a public key's line).</summary>
    public void Trust(string authority) => _folder.Write("trusted_cas", authority + "\n");

    /// <summary>Starts one, and waits until it takes connections.</summary>
    public static async Task<SshServer> StartAsync(string extraConfig = "")
    {
        var server = new SshServer(extraConfig);
        for (int attempt = 0; attempt < 200; attempt++)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync("127.0.0.1", server.Port);
                return server;
            }
            catch (SocketException)
            {
                if (server._process.HasExited)
                    throw new InvalidOperationException("sshd ended: " + server._process.Error);
                await Task.Delay(25);
            }
        }

        throw new InvalidOperationException("sshd takes no connections: " + server._process.Error);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Runs ssh-keygen, quietly and without a passphrase where it makes a key.</summary>
    public static void Keygen(params string[] arguments)
    {
        string[] quiet = arguments[0] == "-t" ? ["-q", "-N", "", "-C", "test"] : ["-q"];
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("ssh-keygen", [.. quiet, .. arguments]) { RedirectStandardError = true })!;
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"ssh-keygen: {process.StandardError.ReadToEnd()}");
    }
}
