using System.Collections.Immutable;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Ssh;

namespace Sallyport.Proxy.Configuration;

/// <summary>Reads what a target of protocol ssh has beside its address.</summary>
internal static class SshTargetSection
{
    private const int MostKeys = 64;

    /// <summary>Longest public key in a line, characters: RSA of 16384 bits has about 2800.</summary>
    private const int LongestKey = 8192;

    private static readonly TimeSpan ShortestMint = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestMint = TimeSpan.FromHours(1);

    /// <summary>The settings of a target of the configuration file.</summary>
    public static TargetConfig Read(TargetConfig target, YamlMap map, ConfigFiles files)
    {
        YamlMap? credential = map.RequiredMap("credential");
        var ssh = new SshTargetConfig
        {
            Credential = credential is null ? new SshCredentialConfig() : Credential(credential, files),
            HostKeys = map.Map("host-keys") is { } keys
                ? new SshTargetHostKeysConfig { KnownHosts = files.Optional(keys, "known-hosts"), Authority = files.Optional(keys, "authority"), Pinned = Keys(keys, "pinned", fingerprints: true) }
                : new SshTargetHostKeysConfig(),
        };
        return WithAccounts(target with { Ssh = ssh, Password = credential?.Has("password") == true ? Secrets.Read(credential, "password", files) : null }, map, credential);
    }

    /// <summary>The settings of a target of the store: the secret is beside them, sealed, and they name no files.</summary>
    public static TargetConfig ReadStored(TargetConfig target, YamlMap map)
    {
        YamlMap? credential = map.RequiredMap("credential");
        string kind = credential is not null && credential.TryWord("kind", StoredKinds, out string? word) ? word : "password";
        TimeSpan? validity = credential?.Duration("validity", ShortestMint, LongestMint);
        if (validity is not null && kind != "mint")
            credential!.Error("validity", "\"validity\" is for kind mint.");
        var ssh = new SshTargetConfig
        {
            Credential = new SshCredentialConfig
            {
                IsPassword = kind == "password",
                IsKey = kind == "private-key",
                MintValidity = kind == "mint" ? validity ?? TimeSpan.FromMinutes(5) : null,
            },
            HostKeys = map.Map("host-keys") is { } keys
                ? new SshTargetHostKeysConfig { AuthorityKeys = Keys(keys, "authority", fingerprints: false), Pinned = Keys(keys, "pinned", fingerprints: true) }
                : new SshTargetHostKeysConfig(),
        };
        return WithAccounts(target with { Ssh = ssh, Password = null }, map, credential);
    }

    internal static readonly IReadOnlyDictionary<string, string> StoredKinds =
        new Dictionary<string, string>(StringComparer.Ordinal) { ["password"] = "password", ["private-key"] = "private-key", ["mint"] = "mint" };

    private static SshCredentialConfig Credential(YamlMap map, ConfigFiles files)
    {
        SecretReference? key = map.Has("private-key") ? Secrets.Read(map, "private-key", files) : null;
        ConfigPath? certificate = files.Optional(map, "certificate");
        YamlMap? mint = map.Map("mint");
        int ways = (map.Has("password") ? 1 : 0) + (map.Has("private-key") ? 1 : 0) + (map.Has("mint") ? 1 : 0);
        if (ways != 1)
            map.Error("user", "A credential must have exactly one of password, private-key, mint.");
        if (certificate is not null && !map.Has("private-key"))
            map.Error("certificate", "A certificate goes with a \"private-key\".");
        return new SshCredentialConfig
        {
            IsPassword = map.Has("password"),
            IsKey = map.Has("private-key"),
            PrivateKey = key,
            Certificate = certificate,
            MintValidity = mint is null ? null : mint.Duration("validity", ShortestMint, LongestMint) ?? TimeSpan.FromMinutes(5),
            MintPrincipals = mint is null ? [] : [.. mint.Texts("principals", 255, MostKeys).Select(text => Principal(mint, text))],
        };
    }

    /// <summary>The account that is judged is the one that is logged in as: a user name beside accounts would be another.</summary>
    private static TargetConfig WithAccounts(TargetConfig target, YamlMap map, YamlMap? credential)
    {
        string account = map.Text("account", 255) ?? "";
        ImmutableArray<string> accounts = [.. map.Texts("accounts", 255, 1000).Select(text => text.Value)];
        string? user = credential?.Text("user", 255);
        if (user is not null && (account.Length > 0 || !accounts.IsEmpty))
            credential!.Error("user", "With \"account\" or \"accounts\" the account that is asked for is the one that is logged in as: leave \"user\" out.");
        else if (user is not null)
            (account, accounts) = (user, [user]);
        if (account.Length > 0 && !accounts.IsEmpty && !accounts.Contains(account))
            map.Error("account", $"\"{account}\" is not among \"accounts\".");
        foreach (string name in accounts.Append(account).Where(name => name.Contains('+', StringComparison.Ordinal)))
            map.Error("accounts", $"\"{name}\" has a '+', which stands between account and target in a user name.");
        return target with { User = user ?? "", Database = account, Databases = accounts };
    }

    /// <summary>Principals are compared whole, but lists of them are written with commas (CVE-2026-35414 of OpenSSH).</summary>
    private static string Principal(YamlMap map, YamlText text)
    {
        if (text.Value.Contains(',', StringComparison.Ordinal))
            map.Error("principals", $"\"{text.Value}\" has a comma: name each principal by itself.");
        return text.Value;
    }

    /// <summary>Host keys as text: a key whole, or, where it is the host's own, its fingerprint.</summary>
    private static ImmutableArray<string> Keys(YamlMap map, string key, bool fingerprints)
    {
        ImmutableArray<string> keys = [.. map.Texts(key, LongestKey, MostKeys).Select(text => text.Value)];
        foreach (string text in keys.Where(text => !HostKeyText.IsKey(text) && !(fingerprints && HostKeyText.IsFingerprint(text))))
            map.Error(key, fingerprints ? $"\"{text}\" is neither a public key nor a fingerprint such as SHA256:…" : $"\"{text}\" is no public key such as \"ssh-ed25519 AAAA…\".");
        return keys;
    }
}
