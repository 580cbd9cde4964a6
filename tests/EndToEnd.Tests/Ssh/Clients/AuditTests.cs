using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Clients;

/// <summary>What ssh-audit says of a gateway with its defaults.</summary>
[Collection(ClientGateways.Name)]
public sealed class AuditTests(ClientGateway gateway)
{
    [Fact]
    public async Task It_has_nothing_to_warn_of()
    {
        SshRun run = await gateway.RunAsync(["ssh-audit", "-n", "-l", "warn", "-t", "20", "127.0.0.1:" + gateway.Port]);
        Assert.Equal("", run.Output + run.Error);
    }
}
