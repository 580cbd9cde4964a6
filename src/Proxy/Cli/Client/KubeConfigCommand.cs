using System.CommandLine;
using Sallyport.Proxy.Cli.Admin;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Http;

namespace Sallyport.Proxy.Cli.Client;

/// <summary><c>sallyport kubeconfig</c>: contexts for kubectl and every other Kubernetes client, one for each cluster that policy lets the person enter.</summary>
internal static class KubeConfigCommand
{
    public static Command Create()
    {
        Option<Uri?> gateway = UrlOption.Create("Where the gateway's HTTP listener is; what it says itself by default, else \"proxy.host\" of client.yaml", "--gateway", "-g");
        Option<string> output = new("--output", "-o") { Description = "The kubeconfig to write, or to add to when it is there; - is standard output", HelpName = "FILE", DefaultValueFactory = _ => "-" };
        Option<string> prefix = new("--prefix") { Description = "What the names of clusters and contexts begin with", HelpName = "TEXT", DefaultValueFactory = _ => "sallyport-" };
        Option<string?> use = new("--use") { Description = "The target to be in from now on", HelpName = "TARGET" };
        Option<Uri?> broker = UrlOption.Create("Where you are logged in; needed when you are at several", "--broker");
        Option<FileInfo?> authority = new("--gateway-ca") { Description = "Certificate authorities to trust for the gateway (PEM); \"ca\" of client.yaml by default, else the system's", HelpName = "FILE" };
        Option<FileInfo?> file = ClientConfig.FileOption();
        return AdminVerb.Create("kubeconfig", "Write a kubeconfig: your clusters, and how clients get your token", [gateway, output, prefix, use, broker, authority, file], async context =>
        {
            ClientConfig config = ClientConfig.Read(context.Value(file));
            HttpClientJson known = await context.Client.GetAsync<HttpClientJson>("/v1/http", context.Cancel).ConfigureAwait(false);
            string url = Where(context.Value(gateway), known, config);
            string start = context.Value(prefix)!;
            KubeCluster[] clusters = [.. known.Targets.Where(target => target.IsKubernetes).Select(target => new KubeCluster(start + Name(target.Name), $"{url}/k8s/{Name(target.Name)}"))];
            string? chosen = context.Value(use) is { } target ? clusters.FirstOrDefault(cluster => cluster.Name == start + target)?.Name ?? throw new ClientException($"There is no cluster {target}, or it is not for you.") : null;
            string? trusted = context.Value(authority)?.FullName ?? config.CertificateAuthority;
            string path = context.Value(output)!;
            string issuer = new ClientSession(config, SavedLogins.Default, TimeProvider.System).Issuer(context.Value(broker));
            string text = KubeConfigFile.With(
                path == "-" ? null : ClientFiles.Read(path), $"sallyport:{issuer}", start, clusters, trusted is null ? null : Pem(trusted), Plugin(issuer, context.Value(file)), chosen);
            if (path == "-")
            {
                context.Output.Done(new { kubeconfig = text, targets = clusters }, text.TrimEnd('\n'));
                return ExitCode.Done;
            }

            ClientFiles.Make(Path.GetDirectoryName(Path.GetFullPath(path))!);
            ClientFiles.Write(path, text);
            string first = chosen ?? (clusters.Length > 0 ? clusters[0].Name : start + "TARGET");
            context.Output.Done(new { file = path, targets = clusters }, $"{path} has {clusters.Length} clusters: kubectl --context {first} get pods");
            return ExitCode.Done;
        }, file, broker);
    }

    /// <summary>The operator's word, unless the person knows better.</summary>
    internal static string Where(Uri? named, HttpClientJson known, ClientConfig config)
    {
        if (named is not null)
            return Fit(named);
        if (known.Listeners.Count == 0)
            throw new ClientException("This gateway has no HTTP listener.");
        HttpListenerJson listener = known.Listeners.FirstOrDefault(listener => listener.Url is not null) ?? known.Listeners.FirstOrDefault(listener => listener.Tls) ?? known.Listeners[0];
        string host = config.Host ?? "";
        if (listener.Url is null && host.Length == 0)
            throw new ClientException("Where is the gateway? Say --gateway, or \"proxy\" in " + ClientConfig.DefaultPath + ".");
        string address = listener.Url ?? $"{(listener.Tls ? "https" : "http")}://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{listener.Port}";
        return Fit(Uri.TryCreate(address, UriKind.Absolute, out Uri? url) ? url : null);
    }

    /// <summary>Without a path, and only where a token may be sent.</summary>
    private static string Fit(Uri? address) => address is not null && Identity.KeyFetcher.IsAcceptable(address)
        ? address.GetLeftPart(UriPartial.Authority)
        : throw new ClientException($"No token may be sent to {(address is null ? "what the server named" : AdminOutput.Safe(address.GetLeftPart(UriPartial.Authority)))}: say --gateway with an https address, of what takes TLS for the gateway if it does not itself.");

    /// <summary>This same program, by its whole path: what its name means depends on who starts kubectl.</summary>
    private static List<string> Plugin(string issuer, FileInfo? file)
    {
        List<string> words = [Environment.ProcessPath ?? "sallyport", "kube-token", "--broker", issuer];
        if (file is not null)
            words.AddRange(["--client-config", file.FullName]);
        return words;
    }

    private static string Name(string name) => ConfigReader.IsName(name) ? name : throw new ClientException("The server named a target by what is no name.");

    private static string Pem(string path)
    {
        var authorities = new ClientConfig { CertificateAuthority = path }.Authorities()!;
        return authorities.ExportCertificatePems();
    }
}
