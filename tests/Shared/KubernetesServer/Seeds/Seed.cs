using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Sallyport.Shared.KubernetesServer.Nodes;

namespace Sallyport.Shared.KubernetesServer.Seeds;

/// <summary>What is in every cluster of tests, real or not; planted through the API by its administrator.</summary>
public static class Seed
{
    /// <summary>The namespace of everything.</summary>
    public const string Space = "shop";

    /// <summary>The node its pods run on.</summary>
    public const string Node = "node-a";

    /// <summary>A pod with the containers <see cref="App"/> and <see cref="Side"/>.</summary>
    public const string Pod = "web-0";

    /// <summary>Another pod of the same service, with one container.</summary>
    public const string OtherPod = "web-1";

    public const string App = "app";

    public const string Side = "side";

    /// <summary>The port of every pod that has an HTTP server behind it.</summary>
    public const int EchoPort = 8080;

    /// <summary>The value of the secret <c>db</c>, key <c>password</c>; also the app's variable PASSWORD.</summary>
    public const string Secret = "canary-secret-4711";

    /// <summary>The objects, in the order they need: their path and themselves. A fresh copy each time.</summary>
    internal static IEnumerable<(string Path, JsonObject Value)> Objects =>
    [
        .. ((string[])["default", "kube-system", Space]).Select(n => ("/api/v1/namespaces", Parse($$$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{{n}}}"}}"""))),
        ("/api/v1/nodes", Parse($$$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"{{{Node}}}"}}""")),
        ($"/api/v1/namespaces/{Space}/serviceaccounts", Parse("""{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}""")),
        ($"/api/v1/namespaces/{Space}/secrets", Parse($$$"""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db"},"stringData":{"password":"{{{Secret}}}","user":"shop"}}""")),
        ($"/api/v1/namespaces/{Space}/configmaps", Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","labels":{"app":"web"}},"data":{"colour":"blue","api-key":"canary-key-0815"}}""")),
        ($"/api/v1/namespaces/{Space}/pods", Pods(Pod)!),
        ($"/api/v1/namespaces/{Space}/pods", Pods(OtherPod)!),
        ($"/api/v1/namespaces/{Space}/services", Parse("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"name":"http","port":80,"targetPort":8080}]}}""")),
        ("/apis/apps/v1/namespaces/" + Space + "/deployments", Parse("""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","labels":{"app":"web"}},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"app","image":"registry.example.com/web:1"}]}}}}""")),
        ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Parse("""{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList","shortNames":["wd"]},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}""")),
        ("/apis/example.com/v1/namespaces/" + Space + "/widgets", Parse("""{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"first"},"spec":{"size":1}}""")),
        ($"/api/v1/namespaces/{Space}/events", Parse("""{"apiVersion":"v1","kind":"Event","metadata":{"name":"web-0.started","namespace":"shop"},"involvedObject":{"kind":"Pod","name":"web-0","namespace":"shop"},"reason":"Started","message":"Started container app","type":"Normal","source":{"component":"kubelet"},"firstTimestamp":"2026-01-01T00:00:00Z","lastTimestamp":"2026-01-01T00:00:00Z","count":1}""")),
    ];

    /// <summary>The seeded pods; null for any other name.</summary>
    internal static JsonObject? Pods(string name) => name switch
    {
        Pod => Parse($$$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-0","labels":{"app":"web","index":"0"}},
             "spec":{"nodeName":"{{{Node}}}","containers":[
              {"name":"app","image":"registry.example.com/web:1","ports":[{"containerPort":8080}],"env":[{"name":"COLOUR","value":"blue"},{"name":"PASSWORD","value":"{{{Secret}}}"}]},
              {"name":"side","image":"registry.example.com/side:1"}]}}
            """),
        OtherPod => Parse($$$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","labels":{"app":"web","index":"1"}},
             "spec":{"nodeName":"{{{Node}}}","containers":[{"name":"app","image":"registry.example.com/web:1"}]}}
            """),
        _ => null,
    };

    /// <summary>Plants what is not there yet.</summary>
    /// <param name="cluster">Where.</param>
    /// <param name="also">More requests of the same administrator once all is planted: what a real cluster's controllers and kubelet would do.</param>
    internal static async Task PlantAsync(IKubernetesCluster cluster, CancellationToken cancellationToken, Func<HttpClient, Task>? also = null)
    {
        using HttpClient client = Client(cluster.Address, cluster.Authority, cluster.Admin);
        foreach ((string path, JsonObject value) in Objects)
            await CreateAsync(client, path, value, cancellationToken);
        if (also is not null)
            await also(client);
        foreach (string container in (string[])[App, Side])
        {
            ContainerLogLines(cluster, Pod, container);
        }

        ContainerLogLines(cluster, OtherPod, App);
    }

    /// <summary>A client of a cluster's API, by HTTP/2 where the server takes it.</summary>
    public static HttpClient Client(Uri address, string authority, ClusterCredential credential)
    {
        X509Certificate2 root = X509Certificate2.CreateFromPem(authority);
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(root);
        if (credential.Certificate is not null)
            handler.SslOptions.ClientCertificates = [X509CertificateLoader.LoadPkcs12(X509Certificate2.CreateFromPem(credential.Certificate, credential.Key).Export(X509ContentType.Pkcs12), null)];
        var client = new HttpClient(handler)
        {
            BaseAddress = address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        if (credential.Token is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credential.Token);
        return client;
    }

    private static void ContainerLogLines(IKubernetesCluster cluster, string pod, string container)
    {
        ContainerLog log = cluster.Node.Container(Space, pod, container).Log;
        for (int line = 1; line <= 3; line++)
            log.Write($"{pod} {container} line {line}");
    }

    private static async Task CreateAsync(HttpClient client, string path, JsonObject value, CancellationToken cancellationToken)
    {
        // A kind that was just defined is served a moment later.
        for (int attempt = 0; ; attempt++)
        {
            using var body = new StringContent(value.ToJsonString(), Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await client.PostAsync(path, body, cancellationToken);
            if (answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.Conflict)
                return;
            if (answer.StatusCode != HttpStatusCode.NotFound || attempt == 50)
                throw new InvalidOperationException($"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellationToken)}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        }
    }

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;
}
