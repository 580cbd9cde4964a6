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

    [Fact]
    public void Towards_targets_what_costs_a_client_most_comes_behind_what_every_target_has()
    {
        IReadOnlyList<string> names = SshTransportOptions.Default.ForTargets().KeyExchanges;
        Assert.Equal(SshAlgorithms.MlKem768X25519, names[0]);
        Assert.True(names.ToList().IndexOf(SshAlgorithms.Curve25519LibSsh) < names.ToList().IndexOf(SshAlgorithms.Sntrup761X25519));
        Assert.Equal(SshTransportOptions.Default.KeyExchanges.Order(), names.Order());
    }

    [Fact]
    public void An_order_that_was_set_counts_towards_targets_too_even_when_it_is_the_same()
    {
        SshTransportOptions set = SshTransportOptions.Default with { KeyExchanges = [.. SshTransportOptions.Default.KeyExchanges] };
        Assert.Same(set, set.ForTargets());
        Assert.Equal(TimeSpan.FromMinutes(5), (SshTransportOptions.Default with { RekeyTime = TimeSpan.FromMinutes(5) }).ForTargets().RekeyTime);
    }
}
