using Sallyport.Contract;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>Reads <c>store</c> and <c>audit</c>.</summary>
internal static class StoreSection
{
    private const string AuditFile = "audit.jsonl";

    public static (StoreConfig? Store, AuditConfig? Audit) Read(YamlMap document, ConfigFiles files)
    {
        StoreConfig? store = document.Map("store") is { } map ? Store(map, files) : null;
        return (store, Audit(document, store, files));
    }

    private static StoreConfig Store(YamlMap map, ConfigFiles files)
    {
        YamlMap? sqlite = map.Map("sqlite");
        YamlMap? postgres = map.Map("postgres");
        if (map.Has("sqlite") == map.Has("postgres"))
            map.Error("sqlite", "\"store\" must have exactly one of sqlite and postgres.");
        SecretReference? key = map.Require("key") ? Secrets.Read(map, "key", files) : null;
        var store = new StoreConfig
        {
            Sqlite = sqlite is null ? null : files.Required(sqlite, "file"),
            Postgres = postgres is null ? null : Postgres(postgres, files),
            Key = key ?? new SecretReference(SecretSource.File, "", map.Mark),
        };
        return store with { Grace = map.Duration("grace", TimeSpan.Zero, TimeSpan.FromHours(1)) ?? store.Grace };
    }

    private static PostgresStoreConfig Postgres(YamlMap map, ConfigFiles files)
    {
        string address = map.RequiredText("address");
        HostPort at = default;
        if (address.Length > 0 && !HostPort.TryParse(address, lowest: 1, out at))
            map.Error("address", $"\"{address}\" is not host:port, such as db.internal:5432 or [2001:db8::1]:5432.");
        var config = new PostgresStoreConfig
        {
            Host = at.Host ?? "",
            Port = at.Port,
            Database = map.RequiredText("database", 63),
            User = map.RequiredText("user", 63),
            Password = map.Require("password") ? Secrets.Read(map, "password", files) : null,
        };
        if (map.Map("tls") is not { } tls)
            return config;
        TargetTlsMode mode = tls.Enum<TargetTlsMode>("mode") ?? config.TlsMode;
        ConfigPath? authority = files.Optional(tls, "ca");
        if (mode is TargetTlsMode.Disable or TargetTlsMode.Require && authority is not null)
            tls.Error("ca", $"\"ca\" has no effect with mode {KebabNames.Name(mode)}: to verify the server use verify-ca or verify-full.");
        return config with { TlsMode = mode, CertificateAuthority = authority };
    }

    /// <summary>Beside a SQLite file when nothing is said; PostgreSQL is elsewhere, so there something must be.</summary>
    private static AuditConfig? Audit(YamlMap document, StoreConfig? store, ConfigFiles files)
    {
        YamlMap? map = document.Map("audit");
        if (map is not null && !document.Has("store"))
        {
            document.Error("audit", "\"audit\" needs a \"store\", which keeps what can be searched.");
            return null;
        }

        ConfigPath? file = map is null ? null : files.Required(map, "file");
        if (file is null && store?.Sqlite is { Path: { } beside } sqlite)
            file = new ConfigPath(Path.Combine(Path.GetDirectoryName(beside)!, AuditFile), sqlite.Mark);
        if (file is null && store?.Postgres is not null)
            document.Error("store", "With \"postgres\" the audit's file must be named: audit: { file: /var/lib/sallyport/audit.jsonl }.");
        return file is { } path ? new AuditConfig { File = path } : null;
    }
}
