using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Shared.KubernetesServer;
using Sallyport.Shared.KubernetesServer.Seeds;

namespace Sallyport.EndToEnd.Tests.Kubernetes.Gateway;

/// <summary>
/// The built `sallyport serve` with an HTTP listener (TLS) in front of a cluster, its target <c>test</c>: the cluster's credential is the daemon's alone, people
/// have tokens of the local issuer and are impersonated.
/// </summary>
public sealed class KubernetesGateway : IAsyncDisposable, IConfiguredDaemon
{
    private readonly TempFolder _folder = new();
    private ChildProcess? _process;
    private NotifySocket? _notify;

    private KubernetesGateway(IKubernetesCluster cluster, string policy, string more, string listener)
    {
        Cluster = cluster;
        (string certificate, string key) = Pem.NewServer();
        Authority = certificate;
        _folder.Write("listener.crt", certificate);
        _folder.Write("listener.key", key);
        _folder.Write("token.key", Pem.NewKey());
        _folder.Write("cluster.crt", cluster.Authority);
        WritePolicy(policy);
        ClusterCredential credential = cluster.Local?.NewToken("system:serviceaccount:sallyport:gateway", "impersonators") ?? cluster.Admin;
        Credential = credential.Token ?? "";
        if (credential.Token is null)
        {
            _folder.Write("cluster-user.crt", credential.Certificate!);
            _folder.Write("cluster-user.key", credential.Key!);
        }
        else
        {
            _folder.Write("cluster.token", credential.Token + "\n");
        }

        _folder.Write("sallyport.yaml", $$"""
            node: test-node
            identity:
              local:
                issuer: https://sallyport.example
                key: token.key
            listeners:
              - name: web
                protocol: http
                address: 127.0.0.1:{{Port}}
                tls:
                  certificate: listener.crt
                  key: listener.key
                {{listener}}
            targets:
              test:
                protocol: kubernetes
                address: {{cluster.Address.Authority}}
                hosts: [localhost]
                impersonate: { groups: ["*", "system:masters"] }
                tls:
                  mode: verify-full
                  ca: cluster.crt
            {{(credential.Token is null ? "      certificate: cluster-user.crt\n      key: cluster-user.key" : "    credential:\n      bearer:\n        file: cluster.token")}}
            policies: policies
            recordings:
              directory: recordings
            {{more}}

            """);
    }

    public IKubernetesCluster Cluster { get; }

    /// <summary>PEM of what signed the listener's certificate.</summary>
    public string Authority { get; }

    /// <summary>The token that the daemon shows to the cluster; empty: it shows a certificate.</summary>
    public string Credential { get; }

    public int Port { get; } = FreePort.Next();

    /// <summary>The cluster's API, through the daemon, by its host: kubectl forgets the path of a server when it is told to <c>get --raw</c>.</summary>
    public Uri Address => new($"https://localhost:{Port}");

    /// <summary>… and by the beginning of the path.</summary>
    public Uri PathAddress => new($"https://127.0.0.1:{Port}/k8s/test");

    public string ConfigFile => _folder.At("sallyport.yaml");

    public string Recordings => _folder.At("recordings");

    public string Log => Process.Output + Process.Error;

    public ChildProcess Process => _process ?? throw new InvalidOperationException("The daemon has not been started.");

    /// <param name="policy">One policy document.</param>
    /// <param name="more">More top-level sections of the configuration.</param>
    /// <param name="listener">One more setting of the listener.</param>
    public static async Task<KubernetesGateway> StartAsync(IKubernetesCluster cluster, string policy, string more = "", string listener = "")
    {
        var gateway = new KubernetesGateway(cluster, policy, more, listener);
        try
        {
            await gateway.ServeAsync();
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    public void WritePolicy(string yaml) => _folder.Write("policies/policy.yaml", yaml);

    /// <summary>A token of the local issuer.</summary>
    public async Task<string> TokenAsync(string subject, string groups)
    {
        (int code, string output, string error) = await SallyportDaemon.CommandAsync(
            "token", "create", "--config", ConfigFile, "--subject", subject, "--groups", groups, "--kind", "human", "--ttl", "1h");
        return code == 0 ? output.Trim() : throw new InvalidOperationException($"token create: exit code {code}\n{error}");
    }

    /// <summary>A kubectl that shows this token to the daemon.</summary>
    public Kubectl Kubectl(string token, bool webSockets = true) =>
        new(Kubeconfig.Write(Address, Authority, ClusterCredential.OfToken(token), space: Seed.Space), webSockets);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        if (_notify is not null)
            await _notify.DisposeAsync();
        _folder.Dispose();
    }

    private async Task ServeAsync()
    {
        _notify = new NotifySocket(_folder.At("notify"));
        _process = ChildProcess.Start([Repository.Tool("sallyport"), "serve", "--config", ConfigFile], new Dictionary<string, string> { ["NOTIFY_SOCKET"] = _notify.Path });
        Task ready = _notify.WaitForAsync("READY=1", TimeSpan.FromMinutes(2));
        Task<int> ended = _process.WaitForExitAsync(Timeout.InfiniteTimeSpan);
        if (await Task.WhenAny(ready, ended) == ended)
            throw new InvalidOperationException($"sallyport ended with {await ended}:\n{Log}");
        await ready;
    }
}
