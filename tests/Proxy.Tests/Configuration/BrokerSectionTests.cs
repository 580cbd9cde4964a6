using System.Net;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Configuration;

public sealed class BrokerSectionTests
{
    [Fact]
    public void A_broker_is_read()
    {
        BrokerConfig? config = Read(
            """
            broker:
              address: 0.0.0.0:8443
              url: https://id.example.com
              tls: { certificate: a.pem, key: b.pem }
              audience: corp
              token-lifetime: 5m
              lockout: { attempts: 3, wait: 30s }
            """,
            out DiagnosticBag bag);
        Assert.False(bag.HasErrors, string.Join('\n', bag.Items));
        Assert.Equal(new IPEndPoint(IPAddress.Any, 8443), config!.Address);
        Assert.Equal("https://id.example.com/oidc", config.Issuer);
        Assert.Equal("https://id.example.com/oidc/.well-known/openid-configuration", config.DiscoveryUrl);
        Assert.Equal("corp-admin", config.AdminAudience);
        Assert.Equal(TimeSpan.FromMinutes(5), config.TokenLifetime);
        Assert.Equal(3, config.Lockout.Attempts);
        Assert.Equal(TimeSpan.FromHours(12), config.LoginLifetime);
    }

    [Theory]
    [InlineData("url: http://id.example.com")]
    [InlineData("url: https://id.example.com/path")]
    [InlineData("url: https://id.example.com/?q")]
    [InlineData("url: https://user@id.example.com")]
    [InlineData("url: https://id.example.com, token-lifetime: 2h")]
    [InlineData("url: https://id.example.com, audience: a b")]
    [InlineData("url: 'javascript:x'")]
    public void What_would_be_unsafe_is_refused(string settings)
    {
        Read($"broker: {{ address: '127.0.0.1:0', {settings} }}", out DiagnosticBag bag);
        Assert.True(bag.HasErrors);
    }

    [Fact]
    public void Without_tls_it_listens_on_loopback_only()
    {
        Read("broker: { address: '0.0.0.0:8443', url: https://id.example.com }", out DiagnosticBag bag);
        Assert.True(bag.HasErrors);
        Assert.NotNull(Read("broker: { address: '127.0.0.1:8443', url: https://id.example.com }", out DiagnosticBag behind));
        Assert.False(behind.HasErrors);
    }

    private static BrokerConfig? Read(string yaml, out DiagnosticBag bag)
    {
        using var directory = new TemporaryDirectory();
        bag = new DiagnosticBag();
        YamlMap document = YamlReader.ReadSingleFile(directory.Write("c.yaml", yaml), bag)!;
        return BrokerSection.Read(document, new ConfigFiles(directory.Path));
    }
}
