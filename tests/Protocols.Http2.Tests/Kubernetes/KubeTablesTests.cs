using Sallyport.Protocols.Http2.Kubernetes;
using Sallyport.Protocols.Http2.Tests.Bodies;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Kubernetes;

/// <summary>Tables whose cells may show what is masked are not asked for.</summary>
public sealed class KubeTablesTests
{
    [Theory]
    [InlineData("secrets", "data.", false)]
    [InlineData("secrets", "type", true)]
    [InlineData("configmaps", "data.", false)]
    [InlineData("configmaps", "metadata.name", true)]
    [InlineData("pods", "spec.containers[*].env[*].value", false)]
    [InlineData("pods", "status.podIPs", true)]
    [InlineData("pods", "status.initContainerStatuses[*].state.terminated.reason", true)]
    [InlineData("deployments.apps", "spec.template.spec.containers[*].env[*].value", false)]
    [InlineData("deployments.apps", "spec.template.spec.containers[*].image", true)]
    [InlineData("deployments.apps", "spec.selector.matchLabels.team", true)]
    [InlineData("deployments.apps", "spec.selector.matchExpressions[*].values[*]", true)]
    [InlineData("replicasets.apps", "spec.selector.matchLabels.team", true)]
    [InlineData("jobs.batch", "spec.selector.matchLabels.team", true)]
    [InlineData("statefulsets.apps", "spec.selector.matchLabels.team", false)]
    [InlineData("daemonsets.apps", "spec.template.spec.nodeSelector.rack", true)]
    [InlineData("widgets.example.com", "spec.anything", true)]
    [InlineData("pods.example.com", "spec.anything", true)]
    [InlineData("services", "spec.anything", true)]
    [InlineData("pods", "=status", true)]
    [InlineData("pods", "=status.podIPs[*]", true)]
    [InlineData("pods", "=spec.containers", false)]
    [InlineData("deployments.apps", "=spec.selector", true)]
    public void Cells_are_known_of_some_resources_only(string resource, string masked, bool shows) =>
        Assert.Equal(shows, KubeTables.ShowsMasked(resource, new TestMasks(masked)));
}
