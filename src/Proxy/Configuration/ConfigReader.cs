using System.Collections.Immutable;
using System.Net;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Logging;
using Sallyport.Recording;

namespace Sallyport.Proxy.Configuration;

/// <summary>
/// Reads the configuration file. Every error is found in one pass and goes to the <see cref="DiagnosticBag"/> with its place.
/// The sections are read by <see cref="IdentitySection"/>, <see cref="ListenerSection"/>, <see cref="StoreSection"/> and <see cref="TargetSection"/>.
/// </summary>
internal static class ConfigReader
{
    /// <summary>Longest name of a node, listener, target or issuer.</summary>
    public const int LongestName = 64;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Reads the file; null when there are errors.</summary>
    /// <param name="path">Paths in the file are relative to its directory.</param>
    public static DaemonConfig? Read(string path, DiagnosticBag bag)
    {
        if (YamlReader.ReadSingleFile(path, bag) is not { } document)
            return null;
        var files = new ConfigFiles(Path.GetDirectoryName(Path.GetFullPath(path))!);
        (StoreConfig? store, AuditConfig? audit) = StoreSection.Read(document, files);
        (ImmutableArray<IssuerConfig> issuers, LocalIssuerConfig? local) = IdentitySection.Read(document, files);
        var config = new DaemonConfig
        {
            Node = Name(document, "node") ?? Environment.MachineName,
            Issuers = issuers,
            Local = local,
            Listeners = ListenerSection.Read(document, files),
            Targets = TargetSection.Read(document, files),
            Policies = files.Required(document, "policies"),
            MaskKey = Secrets.Read(document, "mask-key", files),
            Recordings = Recordings(document, files),
            Store = store,
            Audit = audit,
            Limits = Limits(document),
            Approvals = ApprovalsSection.Read(document, files),
            LogFormat = document.Map("log")?.Enum<LogFormat>("format") ?? LogFormat.Text,
            Broker = BrokerSection.Read(document, files),
            Admin = AdminSection.Read(document, files),
            Ssh = SshSection.Read(document, files),
        };
        foreach (string section in (ReadOnlySpan<string>)["broker", "admin", "approvals"])
        {
            if (document.Has(section) && !document.Has("store"))
                document.Error(section, $"\"{section}\" needs a \"store\", which keeps its state.");
        }

        CheckAddresses(document, config);
        CheckSsh(document, config);
        CheckIssuer(document, config);
        document.ReportUnknownKeys();
        return bag.HasErrors ? null : config;
    }

    /// <summary>Two that listen at one address would only find out at start.</summary>
    private static void CheckAddresses(YamlMap document, DaemonConfig config)
    {
        var taken = new HashSet<IPEndPoint>();
        Check("listeners", [.. config.Listeners.Select(listener => listener.Address)]);
        Check("broker", [config.Broker?.Address]);
        Check("admin", [config.Admin?.Address, config.Admin?.Metrics]);

        void Check(string section, ReadOnlySpan<IPEndPoint?> addresses)
        {
            foreach (IPEndPoint? address in addresses)
            {
                if (address is { Port: > 0 } && !taken.Add(address))
                    document.Error(section, $"Something else listens at {address} already.");
            }
        }
    }

    /// <summary>What one section needs of another.</summary>
    private static void CheckSsh(YamlMap document, DaemonConfig config)
    {
        if (config.Ssh.UserAuthority is null && config.Targets.FirstOrDefault(target => target.Ssh?.Credential.MintValidity is not null) is { } minting)
            document.Error("targets", $"{minting.Name} mints certificates, which needs ssh.authority.user: the key that signs them.");
        bool brokers = config.Ssh.AuthorizedKeys is { Holders.Issuer: null } || config.Ssh.UserAuthorities.Any(authority => authority.Holders.Issuer is null);
        if (brokers && !document.Has("broker"))
            document.Error("ssh", "Keys and certificates stand for the broker's people, and there is no broker: name an \"issuer\" for them instead.");
    }

    /// <summary>The broker is an issuer too.</summary>
    private static void CheckIssuer(YamlMap document, DaemonConfig config)
    {
        if (config.Broker is { } broker && (config.Local?.Rules.Issuer == broker.Issuer || config.Issuers.Any(issuer => issuer.Rules.Issuer == broker.Issuer)))
            document.Error("identity", $"{broker.Issuer} is the broker's own issuer: its tokens could be judged by either. Leave it out here.");
    }

    /// <summary>A name of the operator's choice: it is written into logs, file names and policy.</summary>
    public static string? Name(YamlMap map, string key)
    {
        string? name = map.Text(key, LongestName);
        if (name is null || IsName(name))
            return name;
        map.Error(key, $"\"{key}\" must be letters, digits, '-', '_' or '.', and begin with a letter or digit.");
        return null;
    }

    /// <summary>True for letters, digits, '-', '_' and '.', a letter or digit first.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static RecordingsConfig Recordings(YamlMap document, ConfigFiles files)
    {
        if (document.RequiredMap("recordings") is not { } map)
            return new RecordingsConfig { Directory = default };
        bool enabled = map.Bool("enabled") ?? true;
        var defaults = new RecordingsConfig { Directory = enabled || map.Has("directory") ? files.Required(map, "directory") : default };
        return defaults with
        {
            Enabled = enabled,
            Fsync = map.Enum<FsyncPolicy>("fsync") ?? defaults.Fsync,
            MinFree = Size(map, "min-free") ?? defaults.MinFree,
        };
    }

    private static LimitsConfig Limits(YamlMap document)
    {
        var defaults = new LimitsConfig();
        if (document.Map("limits") is not { } map)
            return defaults;
        var limits = new LimitsConfig
        {
            Unauthenticated = map.Int("unauthenticated", 1, 1_000_000) ?? defaults.Unauthenticated,
            UnauthenticatedPerSource = map.Int("unauthenticated-per-source", 1, 1_000_000) ?? defaults.UnauthenticatedPerSource,
            Handshake = map.Duration("handshake", Second, TimeSpan.FromMinutes(10)) ?? defaults.Handshake,
            Drain = map.Duration("drain", TimeSpan.Zero, TimeSpan.FromHours(24)) ?? defaults.Drain,
        };
        return limits;
    }

    /// <summary>A size such as <c>512MiB</c> or <c>10GiB</c>, in bytes.</summary>
    private static long? Size(YamlMap map, string key)
    {
        if (map.Text(key, 32) is not { } text)
            return null;
        if (Sizes.TryParse(text, out long bytes))
            return bytes;
        map.Error(key, $"\"{text}\" is not a size: write a number and KiB, MiB, GiB or TiB, such as 512MiB.");
        return null;
    }
}
