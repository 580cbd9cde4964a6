using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests.Keys;

public sealed class KnownHostsTests(SshKeygen keygen) : IClassFixture<SshKeygen>
{
    private static readonly SshPrivateKey Key = TestKeys.Of(SshKeyTypes.Ed25519);
    private static readonly SshPrivateKey Other = TestKeys.Of(SshKeyTypes.EcdsaP256);
    private static readonly SshPrivateKey Authority = TestKeys.Of(SshKeyTypes.Ed25519, "authority");

    [Theory]
    [InlineData("web1", "web1", 22, true)]
    [InlineData("web1", "WEB1", 22, true)]
    [InlineData("web1", "web1", 2222, false)]
    [InlineData("[web1]:2222", "web1", 2222, true)]
    [InlineData("[web1]:2222", "web1", 22, false)]
    [InlineData("web2,web1,10.0.0.1", "10.0.0.1", 22, true)]
    [InlineData("*.example.com", "a.example.com", 22, true)]
    [InlineData("*.example.com", "example.com", 22, false)]
    [InlineData("*.example.com,!bad.example.com", "bad.example.com", 22, false)]
    [InlineData("!bad.example.com,*.example.com", "bad.example.com", 22, false)]
    [InlineData("!bad.example.com", "good.example.com", 22, false)]
    [InlineData("web?", "web1", 22, true)]
    [InlineData("[*.example.com]:2222", "a.example.com", 2222, true)]
    [InlineData("::1", "::1", 22, true)]
    public void Names_match_as_OpenSSH_s_do(string names, string host, int port, bool known)
    {
        KnownHosts hosts = KnownHosts.Parse($"# file\n\n{names} {Key.PublicKey} comment here\n");
        Assert.Empty(hosts.Problems);
        Assert.Equal(known ? HostKeyStatus.Trusted : HostKeyStatus.Unknown, Judge(hosts.For(host, port), Key));
        string file = keygen.At(Guid.NewGuid().ToString("N"));
        File.WriteAllText(file, $"{names} {Key.PublicKey}\n");
        Assert.Equal(known, keygen.Try("-F", port == 22 ? host.ToLowerInvariant() : $"[{host}]:{port}", "-f", file).Code == 0);
    }

    [Fact]
    public void Names_that_ssh_keygen_has_hashed_are_found()
    {
        string file = keygen.At("hashed");
        File.WriteAllText(file, $"web1.example.com,10.0.0.1 {Key.PublicKey}\n[web1.example.com]:2222 {Other.PublicKey}\n");
        keygen.Run("-H", "-f", file);
        string text = File.ReadAllText(file);
        Assert.DoesNotContain("web1", text, StringComparison.Ordinal);
        KnownHosts hosts = KnownHosts.Parse(text);

        Assert.Empty(hosts.Problems);
        Assert.Equal(HostKeyStatus.Trusted, Judge(hosts.For("web1.example.com", 22), Key));
        Assert.Equal(HostKeyStatus.Trusted, Judge(hosts.For("10.0.0.1", 22), Key));
        Assert.Equal(HostKeyStatus.Mismatch, Judge(hosts.For("web1.example.com", 22), Other));
        Assert.Equal(HostKeyStatus.Trusted, Judge(hosts.For("web1.example.com", 2222), Other));
        Assert.Equal(HostKeyStatus.Unknown, Judge(hosts.For("web2.example.com", 22), Key));
    }

    [Fact]
    public void An_authority_answers_for_hosts_by_their_whole_names()
    {
        KnownHost host = KnownHosts.Parse($"@cert-authority *.example.com {Authority.PublicKey}\n").For("web1.example.com", 22);

        Assert.Equal("ssh-ed25519-cert-v01@openssh.com", host.KnownTypes[0]);
        Assert.Equal(HostKeyStatus.Trusted, host.Judge(Host("web1.example.com"), TestKeys.Now));
        Assert.Equal(HostKeyStatus.Mismatch, host.Judge(Host("web2.example.com"), TestKeys.Now));
        Assert.Equal(HostKeyStatus.Mismatch, host.Judge(Host("web1.example.com"), TestKeys.Now.AddDays(1)));
        Assert.Equal(HostKeyStatus.Mismatch, host.Judge(TestKeys.Certificate(Key.PublicKey, Authority, request => request with { Principals = ["web1.example.com"] }), TestKeys.Now));
        Assert.Equal(HostKeyStatus.Mismatch, Judge(host, Key));
        Assert.Equal(HostKeyStatus.Mismatch, Judge(host, Authority));
        Assert.Equal(HostKeyStatus.Mismatch, host.Judge("nothing"u8, TestKeys.Now));
    }

    [Fact]
    public void A_revoked_authority_s_certificates_are_revoked()
    {
        KnownHost host = KnownHosts.Parse($"@cert-authority * {Authority.PublicKey}\n@revoked * {Authority.PublicKey}\n").For("web1", 22);
        Assert.Equal(HostKeyStatus.Revoked, host.Judge(Host("web1"), TestKeys.Now));
    }

    [Fact]
    public void A_revoked_key_is_revoked_wherever_else_it_stands()
    {
        KnownHost host = KnownHosts.Parse($"web1 {Key.PublicKey}\n@revoked * {Key.PublicKey}\n@cert-authority * {Authority.PublicKey}\n").For("web1", 22);
        Assert.Equal(HostKeyStatus.Revoked, Judge(host, Key));
        Assert.Equal(HostKeyStatus.Revoked, host.Judge(Host("web1"), TestKeys.Now));
    }

    [Fact]
    public void Two_sources_know_more_than_one()
    {
        KnownHost one = KnownHosts.Parse($"web1 {Key.PublicKey}\n").For("web1", 22), two = KnownHosts.Parse($"web1 {Other.PublicKey}\n@revoked * {Key.PublicKey}\n").For("web1", 22);
        KnownHost both = one.With(two);
        Assert.Equal(HostKeyStatus.Trusted, Judge(both, Other));
        Assert.Equal(HostKeyStatus.Revoked, Judge(both, Key));
        Assert.Equal([SshKeyTypes.Ed25519, SshKeyTypes.EcdsaP256], both.KnownTypes);
    }

    [Theory]
    [InlineData("web1")]
    [InlineData("web1 ssh-dss AAAAB3NzaC1kc3MAAACBAA==")]
    [InlineData("@other web1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1AHeAPyOGJ5Ssbd7hbLHkk0GxDvFZuYfPpIfbmdRCZ")]
    [InlineData("|1|AAAA ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1AHeAPyOGJ5Ssbd7hbLHkk0GxDvFZuYfPpIfbmdRCZ")]
    [InlineData("@revoked")]
    [InlineData("@")]
    public void A_line_that_is_none_is_told_and_passed_over(string line)
    {
        KnownHosts hosts = KnownHosts.Parse($"{line}\nweb1 {Key.PublicKey}\n");
        Assert.Equal(1, Assert.Single(hosts.Problems).Line);
        Assert.Equal(HostKeyStatus.Trusted, Judge(hosts.For("web1", 22), Key));
    }

    private static byte[] Host(string name) =>
        TestKeys.Certificate(Key.PublicKey, Authority, request => request with { Kind = SshCertificateKind.Host, Principals = [name], Extensions = [] });

    private static HostKeyStatus Judge(KnownHost host, SshPrivateKey key) => host.Judge(key.PublicBlob.Span, TestKeys.Now);
}
