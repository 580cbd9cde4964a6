using System.Collections.Immutable;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>Reads <c>ssh</c>.</summary>
internal static class SshSection
{
    private const int MostAuthorities = 64;

    public static SshConfig Read(YamlMap document, ConfigFiles files)
    {
        SshConfig defaults = SshConfig.None;
        if (document.Map("ssh") is not { } map)
            return defaults;
        YamlMap? own = map.Map("authority");
        var config = new SshConfig
        {
            UserAuthority = own is null ? null : files.Optional(own, "user"),
            HostAuthority = own is null ? null : files.Optional(own, "host"),
            UserAuthorities = [.. map.Maps("user-authorities", MostAuthorities).Select(authority => Authority(authority, files))],
            RevokedKeys = files.Optional(map, "revoked-keys"),
            AuthorizedKeys = map.Map("authorized-keys") is { } keys ? new AuthorizedKeysConfig(files.Required(keys, "directory"), Holders(keys)) : null,
            LoginLifetime = map.Duration("login-lifetime", TimeSpan.FromMinutes(1), TimeSpan.FromDays(7)) ?? defaults.LoginLifetime,
        };
        if (own is not null && config.UserAuthority is null && config.HostAuthority is null)
            map.Error("authority", "\"authority\" must have \"user\", \"host\" or both.");
        if (config is { UserAuthority: { } user, HostAuthority: { } host } && user.Path == host.Path)
            own!.Error("host", "One key for both would let a host's certificate and a person's be signed by the same: name another file.");
        return config;
    }

    private static UserAuthorityConfig Authority(YamlMap map, ConfigFiles files)
    {
        CertificateSubject subject = map.Enum<CertificateSubject>("subject") ?? CertificateSubject.KeyId;
        CertificateAccounts accounts = map.Enum<CertificateAccounts>("accounts")
            ?? (subject == CertificateSubject.KeyId ? CertificateAccounts.Principals : CertificateAccounts.Any);
        if (subject == CertificateSubject.Principal && accounts == CertificateAccounts.Principals)
            map.Error("accounts", "With subject: principal the principal is the person, so it cannot name accounts too: leave \"accounts\" out.");
        return new UserAuthorityConfig(files.Required(map, "file"), subject, accounts, Holders(map));
    }

    private static KeyHolders Holders(YamlMap map)
    {
        string? issuer = map.Text("issuer", 1024);
        ImmutableArray<string> groups = [.. map.Texts("groups-always", 256, 256).Select(text => text.Value)];
        IdentityKind? kind = map.Enum<IdentityKind>("kind-always");
        if (issuer is null && (!groups.IsEmpty || kind is not null))
            map.Error(groups.IsEmpty ? "kind-always" : "groups-always", "What people of the broker are, the store says: this is for an \"issuer\" of one's own.");
        return new KeyHolders(issuer, groups, kind ?? IdentityKind.Human);
    }
}
