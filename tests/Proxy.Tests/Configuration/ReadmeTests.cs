using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Configuration;

/// <summary>The configuration that a newcomer copies from README.md is one that is read.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public void The_configuration_is_good()
    {
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        int begin = readme.IndexOf("# sallyport.yaml", StringComparison.Ordinal);
        using var directory = new TemporaryDirectory();
        var bag = new DiagnosticBag();
        DaemonConfig? config = ConfigReader.Read(directory.Write("sallyport.yaml", readme[begin..readme.IndexOf("```", begin, StringComparison.Ordinal)]), bag);
        Assert.Empty(bag.Items);
        Assert.True(config is { Store: not null, Admin: not null, Broker.Providers.Length: 1, Approvals.Webhooks.Length: 1 });
    }
}
