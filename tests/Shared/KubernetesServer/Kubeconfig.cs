using System.Text;
using YamlDotNet.RepresentationModel;

namespace Sallyport.Shared.KubernetesServer;

/// <summary>Writes and reads the kubeconfig of one cluster and one user.</summary>
public static class Kubeconfig
{
    /// <summary>The text of a kubeconfig.</summary>
    /// <param name="address">The API, or a proxy before it, with its path.</param>
    /// <param name="authority">PEM of what signed its certificate.</param>
    /// <param name="credential">What the user shows.</param>
    /// <param name="serverName">The name to ask for and to verify where it is not the address's host.</param>
    /// <param name="space">The namespace of the context.</param>
    public static string Write(Uri address, string authority, ClusterCredential credential, string? serverName = null, string space = "default")
    {
        var text = new StringBuilder($"""
            apiVersion: v1
            kind: Config
            current-context: test
            contexts:
            - name: test
              context: {"{"}cluster: test, user: test, namespace: {space}{"}"}
            clusters:
            - name: test
              cluster:
                server: {address.AbsoluteUri.TrimEnd('/')}
                certificate-authority-data: {Encode(authority)}

            """);
        if (serverName is not null)
            text.Append("    tls-server-name: ").Append(serverName).Append('\n');
        text.Append("users:\n- name: test\n  user:\n");
        if (credential.Token is not null)
            text.Append("    token: ").Append(credential.Token).Append('\n');
        if (credential.Certificate is not null)
            text.Append("    client-certificate-data: ").Append(Encode(credential.Certificate)).Append("\n    client-key-data: ").Append(Encode(credential.Key!)).Append('\n');
        return text.ToString();
    }

    /// <summary>Reads the current context of a kubeconfig file: its address, its authority, its user's credential.</summary>
    /// <exception cref="InvalidDataException">It has no such thing.</exception>
    public static (Uri Address, string Authority, ClusterCredential Credential) Read(string path)
    {
        var yaml = new YamlStream();
        using (StreamReader file = File.OpenText(path))
            yaml.Load(file);
        YamlNode root = yaml.Documents[0].RootNode;
        YamlNode context = Named(root, "contexts", Text(root, "current-context") ?? "")["context"];
        YamlNode cluster = Named(root, "clusters", Text(context, "cluster") ?? "")["cluster"];
        YamlNode user = Named(root, "users", Text(context, "user") ?? "")["user"];
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return (
            new Uri(Text(cluster, "server") ?? throw new InvalidDataException("The cluster has no server.")),
            Data(cluster, "certificate-authority", folder) ?? throw new InvalidDataException("The cluster has no certificate authority."),
            new ClusterCredential(Text(user, "token"), Data(user, "client-certificate", folder), Data(user, "client-key", folder)));
    }

    private static YamlNode Named(YamlNode root, string list, string name) =>
        ((YamlSequenceNode)root[list]).FirstOrDefault(item => Text(item, "name") == name) ?? throw new InvalidDataException($"No '{name}' in {list}.");

    private static string? Data(YamlNode node, string name, string folder) =>
        Text(node, name + "-data") is { } data ? Encoding.UTF8.GetString(Convert.FromBase64String(data))
        : Text(node, name) is { } file ? File.ReadAllText(Path.Combine(folder, file))
        : null;

    private static string? Text(YamlNode node, string name) =>
        ((YamlMappingNode)node).Children.TryGetValue(new YamlScalarNode(name), out YamlNode? value) ? ((YamlScalarNode)value).Value : null;

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
