using Sallyport.Shared.KubernetesServer;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Kubernetes.Gateway;

/// <summary>
/// One cluster and one daemon before it for all tests of Kubernetes through the proxy. Ada, of the group admins, may do everything; Bob, of the group developers,
/// what <see cref="Policy"/> says; Carol, of the group support, everything, but she is shown no addresses of mail.
/// </summary>
public sealed class GatewayFixture : IAsyncLifetime, IWayToCluster
{
    /// <summary>What is in force.</summary>
    public const string Policy = """
        policy: admins
        match:
          groups: [admins]
        rules:
          - {id: everything, effect: allow, verbs: [all], unparsed: true, truncated: true}
        ---
        policy: developers
        match:
          groups: [developers]
        rules:
          - {id: discovery, effect: allow, verbs: [http-read], paths: ["/api/**", "/apis/**", "/openapi/**", /version]}
          - {id: look, effect: allow, verbs: [kube-read], resources: [pods, configmaps], namespaces: [shop]}
          - {id: logs, effect: allow, verbs: [kube-get], resources: [pods/log], namespaces: [shop]}
          - {id: connect, effect: allow, verbs: [kube-connect], resources: [pods/exec, pods/portforward], namespaces: [shop], names: ["web-*"]}
          - {id: commands, effect: allow, verbs: [exec], commands: ["ls **"]}
          - {id: ports, effect: allow, verbs: [forward-local], destinations: ["web-*.shop:8080"]}
          - {id: no-secrets, effect: deny, verbs: [all], resources: [secrets], hint: Secrets are read from the vault.}
        ---
        policy: support
        match:
          groups: [support]
        rules:
          - {id: everything, effect: allow, verbs: [all], unparsed: true, truncated: true}
        mask:
          - {id: addresses, detect: [email], with: redact}
        """;

    private IKubernetesCluster? _cluster;
    private KubernetesGateway? _gateway;

    public IKubernetesCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster has not been started.");

    public KubernetesGateway Gateway => _gateway ?? throw new InvalidOperationException("The daemon has not been started.");

    /// <summary>Ada's token.</summary>
    public string Admin { get; private set; } = "";

    /// <summary>Bob's token.</summary>
    public string Developer { get; private set; } = "";

    /// <summary>Carol's token.</summary>
    public string Support { get; private set; } = "";

    public string Mark => "through-";

    public Kubectl Kubectl(bool webSockets = true) => Gateway.Kubectl(Admin, webSockets);

    public async Task InitializeAsync()
    {
        _cluster = await Clusters.StartAsync();
        _gateway = await KubernetesGateway.StartAsync(_cluster, Policy);
        // A real cluster judges whom we impersonate: its own group of administrators lets Ada do everything there, too.
        Admin = await _gateway.TokenAsync("ada@example.com", "admins,system:masters");
        Developer = await _gateway.TokenAsync("bob@example.com", "developers");
        Support = await _gateway.TokenAsync("carol@example.com", "support");
    }

    public async Task DisposeAsync()
    {
        if (_gateway is not null)
            await _gateway.DisposeAsync();
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }
}

[CollectionDefinition(Name)]
public sealed class KubernetesGateways : ICollectionFixture<GatewayFixture>
{
    public const string Name = "kubernetes-gateway";
}
