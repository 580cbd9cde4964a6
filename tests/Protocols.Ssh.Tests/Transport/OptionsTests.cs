using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Transport;

public sealed class OptionsTests
{
    [Fact]
    public void Names_are_checked()
    {
        Assert.Null(SshTransportOptions.Default.Check());
        Assert.Equal("Ciphers: 3des-cbc is not known", new SshTransportOptions { Ciphers = ["3des-cbc"] }.Check());
        Assert.Equal("Macs: empty", new SshTransportOptions { Macs = [] }.Check());
        Assert.Equal("KeyExchanges: a name twice", new SshTransportOptions { KeyExchanges = [SshAlgorithms.Group16, SshAlgorithms.Group16] }.Check());
    }

    [Fact]
    public void Defaults_have_nothing_that_auditors_warn_of()
    {
        string[] names = [.. SshTransportOptions.Default.KeyExchanges, .. SshTransportOptions.Default.HostKeys, .. SshTransportOptions.Default.Macs];
        Assert.DoesNotContain(names, name => name.Contains("nistp", StringComparison.Ordinal) || name is SshAlgorithms.Group14 or SshAlgorithms.HmacSha256 or SshAlgorithms.HmacSha512);
    }
}
