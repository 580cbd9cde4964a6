using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sallyport.Proxy.Cli.Client;

/// <summary>One cluster as a kubeconfig has it.</summary>
/// <param name="Name">Of the cluster and its context.</param>
/// <param name="Server">Where it is.</param>
internal sealed record KubeCluster(string Name, string Server);

/// <summary>
/// Writes what is ours into a kubeconfig (Kubernetes, "Organizing Cluster Access Using kubeconfig Files") and leaves everything else as it is. Ours is a
/// context that has our user, and the name of its cluster: it is written anew, and goes when the cluster is no longer the person's. What has its name and is not ours is not touched.
/// </summary>
internal static class KubeConfigFile
{
    private const int Longest = 4 << 20;

    /// <summary>The file with our entries in it.</summary>
    /// <param name="before">What it holds; null or empty: nothing.</param>
    /// <param name="user">The name of the user entry, of which there is one for each login.</param>
    /// <param name="prefix">What the names of our clusters begin with.</param>
    /// <param name="clusters">All there are.</param>
    /// <param name="authority">Certificates to trust for them (PEM); null: the system's.</param>
    /// <param name="plugin">The program that gives tokens, and its arguments.</param>
    /// <param name="current">The context to be in; null: the one that it is, or the first of ours where there is none.</param>
    /// <exception cref="ClientException">What is there is no kubeconfig, or has a name of ours for something else.</exception>
    public static string With(string? before, string user, string prefix, IReadOnlyList<KubeCluster> clusters, string? authority, IReadOnlyList<string> plugin, string? current)
    {
        YamlMappingNode root = Parse(before);
        Set(root, "apiVersion", "v1");
        Set(root, "kind", "Config");
        YamlSequenceNode ownClusters = List(root, "clusters");
        YamlSequenceNode contexts = List(root, "contexts");
        RefuseForeign(ownClusters, contexts, user, prefix, clusters);
        Drop(ownClusters, contexts, user, prefix, clusters);
        foreach (KubeCluster cluster in clusters)
        {
            var where = new YamlMappingNode { { "server", cluster.Server } };
            if (authority is not null)
                where.Add("certificate-authority-data", Convert.ToBase64String(Encoding.ASCII.GetBytes(authority)));
            Put(ownClusters, cluster.Name, "cluster", where);
            Put(contexts, cluster.Name, "context", WithNamespace(contexts, cluster.Name, new YamlMappingNode { { "cluster", cluster.Name }, { "user", user } }));
        }

        Put(List(root, "users"), user, "user", new YamlMappingNode { { "exec", Exec(plugin) } });
        string was = root.Children.TryGetValue("current-context", out YamlNode? node) && node is YamlScalarNode { Value: { } value } ? value : "";
        bool isThere = contexts.Any(entry => NameOf(entry) == was);
        Set(root, "current-context", current ?? (was.Length > 0 && isThere ? was : clusters.Count > 0 ? clusters[0].Name : ""));
        return Write(root);
    }

    private static YamlMappingNode Exec(IReadOnlyList<string> plugin) => new()
    {
        { "apiVersion", ExecCredential.V1 },
        { "command", Quoted(plugin[0]) },
        { "args", new YamlSequenceNode(plugin.Skip(1).Select(Quoted)) },
        { "interactiveMode", "IfAvailable" },
        { "provideClusterInfo", new YamlScalarNode("false") },
        { "installHint", "Install sallyport, and log in: sallyport login" },
    };

    private static YamlScalarNode Quoted(string text) => new(text) { Style = ScalarStyle.DoubleQuoted };

    /// <summary>The namespace that a person has chosen in a context stays.</summary>
    private static YamlMappingNode WithNamespace(YamlSequenceNode contexts, string name, YamlMappingNode context)
    {
        if (contexts.FirstOrDefault(entry => NameOf(entry) == name) is YamlMappingNode before && before.Children.TryGetValue("context", out YamlNode? inner)
            && inner is YamlMappingNode old && old.Children.TryGetValue("namespace", out YamlNode? chosen))
        {
            context.Add("namespace", chosen);
        }

        return context;
    }

    private static YamlMappingNode Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return [];
        if (text.Length > Longest)
            throw new ClientException("The kubeconfig is larger than any is.");
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException wrong)
        {
            throw new ClientException($"What is there is no kubeconfig: {wrong.Message}", wrong);
        }

        return stream.Documents is [{ RootNode: YamlMappingNode root }] ? root : throw new ClientException("What is there is no kubeconfig: it is no map.");
    }

    private static YamlSequenceNode List(YamlMappingNode root, string key)
    {
        if (root.Children.TryGetValue(key, out YamlNode? node) && node is YamlSequenceNode list)
        {
            list.Style = YamlDotNet.Core.Events.SequenceStyle.Block;
            return list;
        }

        // kubectl writes null for a list without entries.
        if (node is not (null or YamlScalarNode { Value: null or "" or "null" or "~" }))
            throw new ClientException($"What is there is no kubeconfig: \"{key}\" is no list.");
        list = [];
        root.Children[key] = list;
        return list;
    }

    /// <summary>Entries of other logins, and those that somebody has written, are not ours to replace.</summary>
    private static void RefuseForeign(YamlSequenceNode clusters, YamlSequenceNode contexts, string user, string prefix, IReadOnlyList<KubeCluster> ours)
    {
        foreach (string name in ours.Select(cluster => cluster.Name))
        {
            bool isForeign = Find(contexts, name) is { } context
                ? !IsOurs(context, user)
                : Find(clusters, name) is { } cluster && !LeadsTo(cluster, name, prefix);
            if (isForeign)
                throw new ClientException($"There is a \"{name}\" already that is not of this login: choose other names by --prefix, or another file.");
        }
    }

    private static void Drop(YamlSequenceNode clusters, YamlSequenceNode contexts, string user, string prefix, IReadOnlyList<KubeCluster> kept)
    {
        if (prefix.Length == 0)
            return;
        YamlNode[] gone = [.. contexts.Where(entry => IsOurs(entry, user) && NameOf(entry) is { } name && name.StartsWith(prefix, StringComparison.Ordinal) && kept.All(cluster => cluster.Name != name))];
        foreach (YamlNode context in gone)
        {
            contexts.Children.Remove(context);
            string name = NameOf(context)!;
            // A context of their own may lead there yet.
            if (Find(clusters, name) is { } cluster && LeadsTo(cluster, name, prefix) && contexts.All(other => Text(other, "context", "cluster") != name))
                clusters.Children.Remove(cluster);
        }
    }

    private static bool IsOurs(YamlNode context, string user) => Text(context, "context", "user") == user && Text(context, "context", "cluster") == NameOf(context);

    private static bool LeadsTo(YamlNode cluster, string name, string prefix) => Text(cluster, "cluster", "server")?.EndsWith("/k8s/" + name[prefix.Length..], StringComparison.Ordinal) == true;

    private static YamlNode? Find(YamlSequenceNode list, string name) => list.FirstOrDefault(entry => NameOf(entry) == name);

    private static string? Text(YamlNode entry, string key, string inner) =>
        entry is YamlMappingNode map && map.Children.TryGetValue(key, out YamlNode? node) && node is YamlMappingNode { Children: var within }
        && within.TryGetValue(inner, out YamlNode? text) && text is YamlScalarNode scalar ? scalar.Value : null;

    private static void Put(YamlSequenceNode list, string name, string key, YamlMappingNode value)
    {
        var entry = new YamlMappingNode { { "name", Quoted(name) }, { key, value } };
        int at = list.Children.ToList().FindIndex(there => NameOf(there) == name);
        if (at < 0)
            list.Add(entry);
        else
            list.Children[at] = entry;
    }

    private static string? NameOf(YamlNode entry) =>
        entry is YamlMappingNode map && map.Children.TryGetValue("name", out YamlNode? name) && name is YamlScalarNode scalar ? scalar.Value : null;

    private static void Set(YamlMappingNode map, string key, string value) => map.Children[key] = Quoted(value);

    private static string Write(YamlMappingNode root)
    {
        using var text = new StringWriter { NewLine = "\n" };
        new YamlStream(new YamlDocument(root)).Save(text, assignAnchors: false);
        string written = text.ToString();
        return written.EndsWith("...\n", StringComparison.Ordinal) ? written[..^4] : written;
    }
}
