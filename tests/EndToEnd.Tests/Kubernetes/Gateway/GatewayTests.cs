using Sallyport.EndToEnd.Tests.Kubernetes.Commands;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Kubernetes.Gateway;

/// <summary>Through the proxy, to the same effect as straight to the cluster.</summary>
[Collection(KubernetesGateways.Name)]
public sealed class ReadingTests(GatewayFixture way) : ReadingCommands(way);

/// <inheritdoc cref="ReadingTests"/>
[Collection(KubernetesGateways.Name)]
public sealed class WritingTests(GatewayFixture way) : WritingCommands(way);

/// <inheritdoc cref="ReadingTests"/>
[Collection(KubernetesGateways.Name)]
public sealed class StreamingTests(GatewayFixture way) : StreamingCommands(way);

/// <inheritdoc cref="ReadingTests"/>
[Collection(KubernetesGateways.Name)]
public sealed class LibraryTests(GatewayFixture way) : LibraryCommands(way);
