using System.Globalization;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Clients;

/// <summary>Targets that leave no choice are spoken to in what they have.</summary>
[Collection(ClientGateways.Name)]
public sealed class TargetAlgorithmTests(ClientGateway gateway)
{
    public static TheoryData<int> Narrow => [.. Enumerable.Range(0, ClientGateway.Narrow.Count)];

    [Theory]
    [MemberData(nameof(Narrow))]
    public async Task What_the_target_takes_is_agreed(int number)
    {
        string text = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"line {i}\n"));
        SshRun run = await gateway.Daemon.SshAsync(text, [$"{SshServer.Account}+narrow-{number.ToString(CultureInfo.InvariantCulture)}@127.0.0.1", "cat"]);
        Assert.Equal((0, "", text), (run.ExitCode, run.Error, run.Output));
    }
}
