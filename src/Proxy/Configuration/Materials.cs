using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Federation;
using Sallyport.Proxy.Identity.Saml;
using Sallyport.Proxy.Listeners;
using Sallyport.Proxy.Ssh;
using Sallyport.Proxy.Upstream;

namespace Sallyport.Proxy.Configuration;

/// <summary>
/// What the files named in the configuration held at one moment: certificates, authorities, key sets. Loaded whole or not at all; a reload
/// loads new ones beside the old and swaps.
/// </summary>
internal sealed record Materials
{
    /// <summary>Largest file of certificates or keys read, bytes. The system's own bundle is about 220 KiB.</summary>
    private const int LargestFile = 4 << 20;

    /// <summary>TLS settings by listener name; those without TLS are not in it.</summary>
    public required IReadOnlyDictionary<string, SslServerAuthenticationOptions> ListenerTls { get; init; }

    /// <summary>TLS settings of the broker; null: none.</summary>
    public SslServerAuthenticationOptions? BrokerTls { get; init; }

    /// <summary>TLS settings of the admin API; null: none.</summary>
    public SslServerAuthenticationOptions? AdminTls { get; init; }

    /// <summary>SAML providers by name.</summary>
    public IReadOnlyDictionary<string, SamlProvider> SamlProviders { get; init; } = new Dictionary<string, SamlProvider>();

    public required IReadOnlyList<Target> Targets { get; init; }

    /// <summary>Keys by issuer name, of issuers whose keys are in files.</summary>
    public required IReadOnlyDictionary<string, KeySet> IssuerKeys { get; init; }

    /// <summary>Keys and certificates of SSH.</summary>
    public SshMaterials Ssh { get; init; } = SshMaterials.None;

    /// <summary>Loads everything; every error goes to <paramref name="bag"/> at the place where the file is named. Null when there was one.</summary>
    /// <param name="create">True: keys that are the daemon's own are made when they are not there.</param>
    public static Materials? Load(DaemonConfig config, DiagnosticBag bag, bool create = true)
    {
        var errors = new FileErrors(bag);
        var ssh = new SshMaterialsLoader(errors, create, TimeProvider.System);
        var listenerTls = new Dictionary<string, SslServerAuthenticationOptions>(StringComparer.Ordinal);
        foreach (ListenerConfig listener in config.Listeners)
        {
            if (listener is { Certificate: { } certificate, Key: { } key } && LoadListenerTls(certificate, key, bag, errors) is { } tls)
                listenerTls[listener.Name] = tls;
            if (listener.ClientAuthority is { } file && errors.Try(file, () => LoadAuthorities(file.Path)) is { } authorities && listenerTls.TryGetValue(listener.Name, out SslServerAuthenticationOptions? options))
                Listeners.ListenerTls.RequireClient(options, authorities);
        }

        List<Target> targets = [.. config.Targets.Select(target => LoadTarget(target, ssh, errors))];
        var issuerKeys = new Dictionary<string, KeySet>(StringComparer.Ordinal);
        foreach (IssuerConfig issuer in config.Issuers)
        {
            if (issuer.KeysFile is { } file && errors.Try(file, () => LoadKeySet(file.Path)) is { } keys)
                issuerKeys[issuer.Rules.Name] = keys;
        }

        if (config.Local is { } local && errors.Try(local.Key, () => LoadLocalKey(local.Key.Path)) is { } own)
            issuerKeys[LocalIssuerConfig.Name] = own;
        if (config.Store is { Key: { } storeKey })
            errors.Try(new ConfigPath(storeKey.Name, storeKey.Mark), () => Store.OperatorKey.Check(storeKey));
        foreach (SecretReference secret in OtherSecrets(config))
            errors.Try(new ConfigPath(secret.Name, secret.Mark), secret.Read);
        SslServerAuthenticationOptions? brokerTls = config.Broker is { Certificate: { } bc, Key: { } bk } ? LoadListenerTls(bc, bk, bag, errors) : null;
        SslServerAuthenticationOptions? adminTls = config.Admin is { Certificate: { } ac, Key: { } ak } ? LoadListenerTls(ac, ak, bag, errors) : null;
        var saml = new Dictionary<string, SamlProvider>(StringComparer.Ordinal);
        foreach (ProviderConfig provider in config.Broker?.Providers ?? [])
        {
            if (provider.Saml is not null && Federation.LoadSaml(provider, config.Broker!, DateTimeOffset.UtcNow, bag) is { } loaded)
                saml[provider.Name] = loaded;
        }

        SshMaterials sshKeys = ssh.Load(config);
        if (errors.Any || bag.HasErrors)
            return null;
        return new Materials
        {
            Ssh = sshKeys,
            ListenerTls = listenerTls,
            BrokerTls = brokerTls,
            AdminTls = adminTls,
            SamlProviders = saml,
            Targets = targets,
            IssuerKeys = issuerKeys,
        };
    }

    /// <summary>Secrets that are read when they are needed: that one is missing is to be known before.</summary>
    private static IEnumerable<SecretReference> OtherSecrets(DaemonConfig config) => new SecretReference?[]
    {
        config.MaskKey,
        config.Store?.Postgres?.Password,
        config.Admin?.SignIn?.Secret,
    }.Concat(config.Broker?.Providers.Select(provider => provider.Oidc?.ClientSecret) ?? [])
        .Concat(config.Approvals.Webhooks.SelectMany(webhook => new[] { webhook.SecretUrl, webhook.Secret }))
        .OfType<SecretReference>();

    private static SslServerAuthenticationOptions? LoadListenerTls(ConfigPath certificate, ConfigPath key, DiagnosticBag bag, FileErrors errors)
    {
        // Each is looked at alone first, so that the error is at the right one of the two.
        bool readable = errors.Try(certificate, () => Text(certificate.Path)) is not null & errors.Try(key, () => Text(key.Path)) is not null;
        SslServerAuthenticationOptions? tls = readable ? errors.Try(certificate, () => Listeners.ListenerTls.Load(certificate.Path, key.Path)) : null;
        if (tls?.ServerCertificateContext?.TargetCertificate is { } leaf && leaf.NotAfter.ToUniversalTime() < DateTime.UtcNow)
            bag.Warning(certificate.Mark, $"The certificate expired on {leaf.NotAfter.ToUniversalTime():yyyy-MM-dd}.");
        return tls;
    }

    private static Target LoadTarget(TargetConfig config, SshMaterialsLoader ssh, FileErrors errors)
    {
        foreach (SecretReference secret in new[] { config.Password, config.Ssh?.Credential.PrivateKey }.OfType<SecretReference>())
            errors.Try(new ConfigPath(secret.Name, secret.Mark), secret.Read);
        X509Certificate2Collection? authorities = null;
        if (config.CertificateAuthority is { } file)
            authorities = errors.Try(file, () => LoadAuthorities(file.Path)) ?? [];
        if (config.Ssh is null)
            return Target.Of(config, WithClientCertificate(TargetTls.Options(config.TlsMode, config.ServerName, authorities), config.Http, errors));
        (KnownHost known, IReadOnlyList<string> fingerprints) = ssh.Host(config);
        SshCertificate? certificate = config.Ssh.Credential.Certificate is { } path ? errors.Try(path, () => KeyFiles.ReadCertificate(path.Path)) : null;
        return Target.Of(config, null) with { Known = known, Fingerprints = fingerprints, Certificate = certificate };
    }

    private static SslClientAuthenticationOptions? WithClientCertificate(SslClientAuthenticationOptions? tls, HttpTargetConfig? http, FileErrors errors)
    {
        if (tls is null || http is not { Certificate: { } certificate, Key: { } key })
            return tls;
        bool readable = errors.Try(certificate, () => Text(certificate.Path)) is not null & errors.Try(key, () => Text(key.Path)) is not null;
        if (readable && errors.Try(certificate, () => Listeners.ListenerTls.Load(certificate.Path, key.Path)) is { } own)
            tls.ClientCertificateContext = own.ServerCertificateContext;
        return tls;
    }

    private static X509Certificate2Collection LoadAuthorities(string path)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(Text(path));
        return authorities.Count > 0 ? authorities : throw new CryptographicException("it holds no certificate in PEM form");
    }

    private static KeySet LoadKeySet(string path)
    {
        KeySet keys = KeySet.Parse(Text(path));
        return keys.Count > 0 ? keys : throw new FormatException("it holds no public key that could verify a token");
    }

    private static KeySet LoadLocalKey(string path)
    {
        using ECDsa key = LocalKey.Read(path);
        return KeySet.Of(LocalKey.PublicJwk(key));
    }

    private static string Text(string path)
    {
        var file = new FileInfo(path);
        if (file.Exists && file.Length > LargestFile)
            throw new IOException($"larger than {LargestFile} bytes");
        return File.ReadAllText(path);
    }
}
