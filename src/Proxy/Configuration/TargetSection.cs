using System.Collections.Immutable;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>Reads <c>targets</c>.</summary>
internal static class TargetSection
{
    private static readonly Dictionary<string, string> Protocols =
        new(StringComparer.Ordinal) { ["postgres"] = "postgres", ["ssh"] = "ssh", ["http"] = "http", ["kubernetes"] = "kubernetes" };

    private static readonly Dictionary<string, string> WeakLogins = new(StringComparer.Ordinal) { ["md5"] = "md5", ["cleartext"] = "cleartext" };

    public static ImmutableArray<TargetConfig> Read(YamlMap document, ConfigFiles files)
    {
        if (!document.Require("targets"))
            return [];
        var targets = ImmutableArray.CreateBuilder<TargetConfig>();
        IReadOnlyList<(YamlText Name, YamlMap Map)> named = document.NamedMaps("targets");
        foreach ((YamlText name, YamlMap map) in named)
        {
            // Clients write target/database where PostgreSQL has a database name, so a name has no slash.
            if (!ConfigReader.IsName(name.Value))
                map.Error("", $"\"{name.Value}\" is no name for a target: letters, digits, '-', '_' or '.', and a letter or digit first.");
            targets.Add(Target(name.Value, map, files));
        }

        RefuseDoubles(named, targets);
        if (named.Count == 0)
            document.Error("targets", "There is no target to lead anybody to.");
        return targets.ToImmutable();
    }

    /// <summary>A host leads to one target, and names of hosts do not know capitals.</summary>
    private static void RefuseDoubles(IReadOnlyList<(YamlText Name, YamlMap Map)> named, IEnumerable<TargetConfig> targets)
    {
        var hosts = new Dictionary<string, string>(StringComparer.Ordinal);
        var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach ((TargetConfig target, YamlMap map) in targets.Zip(named.Select(pair => pair.Map)).Where(pair => pair.First.Http is not null))
        {
            if (!names.TryAdd(target.Name, target.Name))
                map.Error("", $"\"{target.Name}\" and \"{names[target.Name]}\" are one host name.");
            foreach (string host in target.Http!.Hosts.Where(host => !hosts.TryAdd(host, target.Name)))
                map.Error("hosts", $"\"{host}\" leads to \"{hosts[host]}\" already.");
        }
    }

    private static TargetConfig Target(string name, YamlMap map, ConfigFiles files)
    {
        TargetConfig target = Common(name, map);
        if (target.Protocol == "ssh")
            return SshTargetSection.Read(target, map, files);
        if (target.Protocol is "http" or "kubernetes")
            return HttpTargetSection.Read(target with { Protocol = "http2" }, map, files, target.Protocol == "kubernetes");
        (string user, SecretReference password) = Credential(map, files);
        target = Database(target, map, user, password);
        return map.Map("tls") is { } tls ? WithTls(target, tls, files.Optional(tls, "ca")) : target;
    }

    /// <summary>What targets of every protocol have.</summary>
    internal static TargetConfig Common(string name, YamlMap map)
    {
        string protocol = map.Require("protocol") && map.TryWord("protocol", Protocols, out string? word) ? word : "";
        string address = map.RequiredText("address");
        HostPort at = default;
        if (address.Length > 0 && !HostPort.TryParse(address, lowest: 1, out at))
            map.Error("address", $"\"{address}\" is not host:port, such as db.internal:5432 or [2001:db8::1]:5432.");
        var target = new TargetConfig { Name = name, Protocol = protocol, Host = at.Host ?? "", Port = at.Port, ServerName = at.Host ?? "", User = "", Password = null };
        return target with { ConnectTimeout = map.Duration("connect-timeout", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(2)) ?? target.ConnectTimeout };
    }

    /// <summary>What a database has besides, but TLS.</summary>
    internal static TargetConfig Database(TargetConfig target, YamlMap map, string user, SecretReference password)
    {
        string database = map.Text("database", 63) ?? "";
        ImmutableArray<string> databases = [.. map.Texts("databases", 63, 1000).Select(text => text.Value)];
        if (database.Length > 0 && !databases.IsEmpty && !databases.Contains(database))
            map.Error("database", $"\"{database}\" is not among \"databases\".");
        return target with { User = user, Password = password, Database = database, Databases = databases, WeakLogins = [.. map.Words("weak-logins", WeakLogins)] };
    }

    private static (string User, SecretReference Password) Credential(YamlMap map, ConfigFiles files)
    {
        var none = new SecretReference(SecretSource.File, "", map.Mark);
        if (map.RequiredMap("credential") is not { } credential)
            return ("", none);
        string user = credential.RequiredText("user", 63);
        return (user, credential.Require("password") ? Secrets.Read(credential, "password", files) ?? none : none);
    }

    internal static TargetConfig WithTls(TargetConfig target, YamlMap tls, ConfigPath? authority)
    {
        TargetTlsMode mode = tls.Enum<TargetTlsMode>("mode") ?? target.TlsMode;
        string? serverName = tls.Text("server-name", 253);
        if (serverName is not null && !HostPort.IsName(serverName))
            tls.Error("server-name", $"\"{serverName}\" is no host name.");

        // A key that would be ignored is an operator who believes something is verified.
        if (mode is TargetTlsMode.Disable or TargetTlsMode.Require && tls.Has("ca"))
            tls.Error("ca", $"\"ca\" has no effect with mode {KebabNames.Name(mode)}: to verify the target use verify-ca or verify-full.");
        if (mode == TargetTlsMode.Disable && serverName is not null)
            tls.Error("server-name", "\"server-name\" has no effect with mode disable.");
        return target with { TlsMode = mode, CertificateAuthority = authority, ServerName = serverName ?? target.ServerName };
    }
}
