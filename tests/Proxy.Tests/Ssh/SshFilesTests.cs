using Sallyport.Proxy.Cli.Client;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Ssh;
using Xunit;

namespace Sallyport.Proxy.Tests.Ssh;

/// <summary>What <c>sallyport ssh-config</c> writes.</summary>
public sealed class SshFilesTests
{
    private static readonly string HostKey = SshKeyRig.Person.PublicKey.ToString();

    private static readonly string Authority = SshKeyRig.Authority.PublicKey.ToString();

    private static readonly HostPort Gateway = new("gate.example.com", 2222);

    [Fact]
    public void A_target_is_reached_through_the_gateway_and_known_by_its_authority()
    {
        SshClientJson known = Known(new SshTargetJson("web1", "deploy", []), new SshTargetJson("db.prod", null, []));
        string config = SshFiles.Config(known, Gateway, "/people/x/.ssh/sallyport.known_hosts");
        Assert.Contains("Host sallyport\n    HostName gate.example.com\n    Port 2222\n", config, StringComparison.Ordinal);
        Assert.Contains("Host web1.sallyport\n    HostName web1\n    HostKeyAlias web1\n    ProxyJump sallyport\n    UserKnownHostsFile \"/people/x/.ssh/sallyport.known_hosts\"\n    User deploy\n", config, StringComparison.Ordinal);
        string hosts = SshFiles.KnownHosts(known, Gateway);
        Assert.Contains($"[gate.example.com]:2222 {HostKey}\n", hosts, StringComparison.Ordinal);
        Assert.Contains($"@cert-authority [gate.example.com]:2222,web1,db.prod {Authority}\n", hosts, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_an_authority_targets_have_the_gateways_keys()
    {
        string hosts = SshFiles.KnownHosts(Known(new SshTargetJson("web1", null, [])) with { HostAuthority = null }, Gateway);
        Assert.Contains($"\nweb1 {HostKey}\n", hosts, StringComparison.Ordinal);
        Assert.DoesNotContain("@cert-authority", hosts, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("web1\nProxyCommand evil", "deploy")]
    [InlineData("*", "deploy")]
    [InlineData("web1", "deploy\n    ProxyCommand evil")]
    [InlineData("web1", "%h")]
    public void What_the_server_says_cannot_be_a_setting(string target, string account) =>
        Assert.Throws<ClientException>(() => SshFiles.Config(Known(new SshTargetJson(target, account, [])), Gateway, "/x"));

    [Theory]
    [InlineData("nonsense")]
    [InlineData("ssh-ed25519 AAAA\n@cert-authority * ssh-ed25519 AAAA")]
    public void Nor_can_a_key(string key) =>
        Assert.Throws<ClientException>(() => SshFiles.KnownHosts(Known() with { HostAuthority = key }, Gateway));

    private static SshClientJson Known(params SshTargetJson[] targets) => new(Authority, [new SshListenerJson("ssh", 2222, [], [HostKey])], targets);
}
