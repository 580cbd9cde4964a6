using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Ssh;

/// <summary>What the files of keys held at one moment.</summary>
internal sealed record SshMaterials
{
    public static SshMaterials None { get; } = new();

    public KeyTrust Trust { get; init; } = KeyTrust.None;

    /// <summary>Host keys by listener.</summary>
    public IReadOnlyDictionary<string, GatewayKeys> HostKeys { get; init; } = new Dictionary<string, GatewayKeys>();

    /// <summary>Signs user certificates for targets; null: none are minted.</summary>
    public SshAuthority? UserAuthority { get; init; }

    /// <summary>Signs host certificates of this gateway; null: none are.</summary>
    public SshAuthority? HostAuthority { get; init; }
}

/// <summary>Reads the files of keys, and makes those that are the daemon's own and are not there yet.</summary>
/// <param name="errors">Where what is wrong is told.</param>
/// <param name="create">False: only look.</param>
internal sealed class SshMaterialsLoader(FileErrors errors, bool create, TimeProvider time)
{
    public SshMaterials Load(DaemonConfig config)
    {
        SshAuthority? hosts = Authority(config.Ssh.HostAuthority, "sallyport host authority");
        var keys = new Dictionary<string, GatewayKeys>(StringComparer.Ordinal);
        foreach (ListenerConfig listener in config.Listeners)
        {
            if (listener.Ssh is { } ssh)
                keys[listener.Name] = HostKeys(ssh, config.Node, hosts);
        }

        return new SshMaterials
        {
            Trust = Trust(config.Ssh),
            HostKeys = keys,
            UserAuthority = Authority(config.Ssh.UserAuthority, "sallyport user authority"),
            HostAuthority = hosts,
        };
    }

    /// <summary>What files and settings say of a target's host keys.</summary>
    public (KnownHost Known, IReadOnlyList<string> Fingerprints) Host(TargetConfig target)
    {
        SshTargetHostKeysConfig settings = target.Ssh!.HostKeys;
        string host = target.Host.ToLowerInvariant();
        var known = new KnownHost(host, [], [], KeyRevocationList.Empty);
        if (settings.KnownHosts is { } file && errors.Try(file, () => KnownHosts.Parse(File.ReadAllText(file.Path))) is { } hosts)
        {
            known = known.With(hosts.For(target.Host, target.Port));
            foreach (KeyFileProblem problem in hosts.Problems)
                errors.Warn(file, $"{file.Path}, line {problem.Line}: {problem.Message}");
        }

        if (settings.Authority is { } authority && errors.Try(authority, () => KeyFiles.ReadPublic(authority.Path)) is { } authorities)
            known = known.With(new KnownHost(host, [], authorities, KeyRevocationList.Empty));
        return HostKeyText.With(known, host, settings);
    }

    private KeyTrust Trust(SshConfig config)
    {
        KeyRevocationList? revoked = config.RevokedKeys is { } krl
            ? errors.Try(krl, () => KeyRevocationList.TryParse(File.ReadAllBytes(krl.Path), out KeyRevocationList? list) ? list : throw new FormatException("it is no list of revoked keys"))
            : null;
        return new KeyTrust
        {
            Authorities = [.. config.UserAuthorities.Select(Authority).OfType<UserAuthority>()],
            Revoked = revoked ?? KeyRevocationList.Empty,
            Files = config.AuthorizedKeys is { } files && errors.Try(files.Directory, () => AuthorizedKeys.Read(files.Directory.Path)) is { } keys ? keys : KeyTrust.None.Files,
            Holders = config.AuthorizedKeys?.Holders ?? KeyTrust.None.Holders,
            LoginLifetime = config.LoginLifetime,
        };
    }

    private UserAuthority? Authority(UserAuthorityConfig config) => errors.Try(config.File, () => KeyFiles.ReadPublic(config.File.Path)) is { } keys
        ? new UserAuthority(keys, config.Subject, config.Accounts, config.Holders)
        : null;

    private SshAuthority? Authority(ConfigPath? file, string comment) =>
        file is { } path && OpenOwn(path, SshKeyTypes.Ed25519, comment) is { } key ? new SshAuthority(key, time) : null;

    private GatewayKeys HostKeys(SshListenerConfig config, string node, SshAuthority? hosts)
    {
        SshCertificate[] certificates = [.. config.HostCertificates.Select(file => errors.Try(file, () => HostCertificate(file.Path))).OfType<SshCertificate>()];
        var keys = new List<SshPrivateKey>();
        foreach (HostKeyKind kind in config.HostKeyKinds)
        {
            (string name, string type) = kind switch
            {
                HostKeyKind.Ed25519 => ("ssh_host_ed25519_key", SshKeyTypes.Ed25519),
                HostKeyKind.Ecdsa => ("ssh_host_ecdsa_key", SshKeyTypes.EcdsaP256),
                _ => ("ssh_host_rsa_key", SshKeyTypes.Rsa),
            };
            if (OpenOwn(config.HostKeys with { Path = Path.Combine(config.HostKeys.Path, name) }, type, node) is { } key)
                keys.Add(certificates.FirstOrDefault(certificate => certificate.Key.Equals(key.PublicKey)) is { } certificate ? key.WithCertificate(certificate.Blob.Span) : key);
        }

        if (keys.Count > 0)
        {
            foreach ((ConfigPath file, SshCertificate certificate) in config.HostCertificates.Zip(certificates).Where(pair => !keys.Any(key => key.PublicKey.Equals(pair.Second.Key))))
                errors.Report(file, $"{file.Path}: it certifies {certificate.Key.Fingerprint}, which is none of this listener's host keys.");
        }

        return new GatewayKeys(keys, [.. config.HostNames], hosts, time);
    }

    private SshPrivateKey? OpenOwn(ConfigPath file, string type, string comment)
    {
        if (file.Path is null)
            return null;
        bool there = File.Exists(file.Path);
        if (!there && !create)
            errors.Warn(file, $"{file.Path} is not there: it is made at the first start.");
        return errors.Try(file, () => there || create ? new Box(KeyFiles.Open(file.Path, type, comment, create)) : new Box(null))?.Key;
    }

    private static SshCertificate HostCertificate(string path)
    {
        SshCertificate certificate = KeyFiles.ReadCertificate(path);
        return certificate.Kind == SshCertificateKind.Host ? certificate : throw new FormatException("it is a user's certificate, not a host's");
    }

    private sealed record Box(SshPrivateKey? Key);
}
