using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Ssh;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Ssh;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Configuration;

/// <summary>What the configuration says of SSH, and the keys that are made for it.</summary>
public sealed class SshSectionTests : IDisposable
{
    private const string Good = """
        identity: { local: { issuer: "https://local", key: local.pem } }
        ssh:
          authority: { user: ssh/user-ca, host: ssh/host-ca }
          user-authorities: [{ file: ca.pub, subject: key-id, accounts: any, issuer: "https://corp.example", groups-always: ops }]
          authorized-keys: { directory: keys, issuer: "https://corp.example" }
          login-lifetime: 8h
        listeners:
          - name: ssh
            protocol: ssh
            address: "127.0.0.1:0"
            ssh:
              host-keys: ssh
              host-key-types: [ed25519, ecdsa]
              host-names: gate.example.com
              methods: [publickey, publickey+keyboard-interactive]
              algorithms: { ciphers: aes128-gcm@openssh.com }
        targets:
          web1:
            protocol: ssh
            address: "web1.internal:22"
            accounts: [deploy, root]
            account: deploy
            credential: { mint: { validity: 10m } }
            host-keys: { pinned: "SHA256:mVPwvezndPv/ARoIadVY98vAC0g+P/5633yTC4d/wXE" }
        policies: policies
        recordings: { enabled: false }
        """;

    private readonly TemporaryDirectory _directory = new();

    public SshSectionTests()
    {
        Directory.CreateDirectory(_directory["policies"]);
        Directory.CreateDirectory(_directory["keys"]);
        Proxy.Identity.LocalKey.Create(_directory["local.pem"]);
        _directory.Write("ca.pub", Tests.Ssh.SshKeyRig.Authority.PublicKey + " ca\n");
        _directory.Write("keys/pat", Tests.Ssh.SshKeyRig.Person.PublicKey + " laptop\n");
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Everything_is_read()
    {
        DaemonConfig config = Read(Good, out IReadOnlyList<Diagnostic> diagnostics)!;
        Assert.Empty(diagnostics);
        SshListenerConfig listener = config.Listeners[0].Ssh!;
        Assert.Equal([HostKeyKind.Ed25519, HostKeyKind.Ecdsa], listener.HostKeyKinds.AsEnumerable());
        Assert.Equal([[SshMethod.PublicKey], [SshMethod.PublicKey, SshMethod.KeyboardInteractive]], listener.Methods.Select(sequence => sequence.ToArray()));
        Assert.Equal(["aes128-gcm@openssh.com"], listener.Algorithms.Ciphers.AsEnumerable());
        TargetConfig web1 = config.Targets[0];
        Assert.Equal(("ssh", "deploy", TimeSpan.FromMinutes(10)), (web1.Protocol, web1.Database, web1.Ssh!.Credential.MintValidity));
        Assert.Equal(["deploy", "root"], web1.Databases.AsEnumerable());
        Assert.Equal(TimeSpan.FromHours(8), config.Ssh.LoginLifetime);
    }

    [Theory]
    [InlineData("mint: { validity: 10m }", "mint: { validity: 10m }, password: { env: X }", "exactly one of")]
    [InlineData("credential: { mint: { validity: 10m } }", "credential: { user: root, password: { env: X } }", "leave \"user\" out")]
    [InlineData("account: deploy", "account: admin", "not among")]
    [InlineData("accounts: [deploy, root]", "accounts: [deploy, a+b]", "has a '+'")]
    [InlineData("SHA256:mVPw", "SHA1:mVPw", "neither a public key")]
    [InlineData("publickey+keyboard-interactive", "publickey+passwd", "no way to log in")]
    [InlineData("aes128-gcm@openssh.com", "3des-cbc", "none of")]
    [InlineData("user: ssh/user-ca, ", "", "ssh.authority.user")]
    [InlineData("user: ssh/user-ca", "user: ssh/host-ca", "One key for both")]
    [InlineData("subject: key-id, accounts: any", "subject: principal, accounts: principals", "leave \"accounts\" out")]
    [InlineData(", issuer: \"https://corp.example\", groups-always: ops", "", "there is no broker")]
    [InlineData("host-keys: ssh\n", "host-key: ssh\n", "host-key")]
    [InlineData("host-names: gate.example.com", "host-names: \"*.example.com\"", "no host name")]
    public void Every_mistake_is_told(string good, string bad, string told)
    {
        Assert.Null(Read(Good.Replace(good, bad, StringComparison.Ordinal), out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Contains(told, string.Join('\n', diagnostics), StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_are_made_once_for_their_owner_alone_and_refused_when_others_can_read_them()
    {
        DaemonConfig config = Read(Good, out _)!;
        var looked = new DiagnosticBag();
        Assert.NotNull(Materials.Load(config, looked, create: false));
        Assert.All(looked.Items, item => Assert.True(item.IsWarning));
        Assert.False(Directory.Exists(_directory["ssh"]));

        Materials materials = Materials.Load(config, new DiagnosticBag())!;
        string[] made = ["ssh/user-ca", "ssh/host-ca", "ssh/ssh_host_ed25519_key", "ssh/ssh_host_ecdsa_key"];
        Assert.All(made, path => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory[path])));
        Assert.False(File.Exists(_directory["ssh/ssh_host_rsa_key"]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_directory["ssh"]));
        Assert.Equal("pat", Assert.Single(materials.Ssh.Trust.Files.Values).Subject);
        Materials again = Materials.Load(config, new DiagnosticBag())!;
        Assert.Equal(materials.Ssh.HostAuthority!.PublicKey, again.Ssh.HostAuthority!.PublicKey);
        Assert.Equal(materials.Ssh.HostKeys["ssh"].PublicKeys, again.Ssh.HostKeys["ssh"].PublicKeys);

        File.SetUnixFileMode(_directory["ssh/ssh_host_ed25519_key"], UnixFileMode.UserRead | UnixFileMode.GroupRead);
        var bag = new DiagnosticBag();
        Assert.Null(Materials.Load(config, bag));
        Assert.Contains("chmod 600", Assert.Single(bag.Items).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ca.pub", "nonsense")]
    [InlineData("keys/pat", "nonsense")]
    [InlineData("ca.pub", "")]
    public void A_file_that_is_wrong_is_told(string file, string content)
    {
        _directory.Write(file, content);
        var bag = new DiagnosticBag();
        Assert.Null(Materials.Load(Read(Good, out _)!, bag));
        Assert.NotEmpty(bag.Items);
    }

    private DaemonConfig? Read(string text, out IReadOnlyList<Diagnostic> diagnostics)
    {
        var bag = new DiagnosticBag();
        DaemonConfig? config = ConfigReader.Read(_directory.Write("sallyport.yaml", text), bag);
        diagnostics = bag.Items;
        return config;
    }
}
