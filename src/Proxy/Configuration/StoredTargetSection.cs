using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>A target as it is kept in the store.</summary>
/// <param name="Authorities">Certificate authorities to trust; null: those of the system.</param>
internal sealed record StoredTargetConfig(TargetConfig Config, X509Certificate2Collection? Authorities);

/// <summary>
/// Reads the settings of a target that the store keeps: the configuration file's form, with two differences. The password is not in it (it is
/// sealed beside it), and <c>ca</c> holds certificates (base64 of their DER), not the name of a file: what is written from afar names no file here.
/// </summary>
internal static class StoredTargetSection
{
    /// <summary>Longest certificate, characters.</summary>
    private const int LongestCertificate = 16 << 10;

    /// <summary>The target; null when something is wrong.</summary>
    public static StoredTargetConfig? Read(string name, string settings, DiagnosticBag bag)
    {
        if (YamlReader.ReadSingle(name, Encoding.UTF8.GetBytes(settings), bag) is not { } map)
            return null;
        if (!ConfigReader.IsName(name))
            map.Error("", $"\"{name}\" is no name for a target: letters, digits, '-', '_' or '.', and a letter or digit first.");
        TargetConfig target = TargetSection.Common(name, map);
        target = target.Protocol switch
        {
            "ssh" => SshTargetSection.ReadStored(target, map),
            "http" or "kubernetes" => HttpTargetSection.ReadStored(target with { Protocol = "http2" }, map, target.Protocol == "kubernetes"),
            _ => TargetSection.Database(target, map, map.RequiredMap("credential")?.RequiredText("user", 63) ?? "", new SecretReference(SecretSource.File, "", map.Mark)),
        };
        X509Certificate2Collection? authorities = null;
        if (target.Ssh is null && map.Map("tls") is { } tls)
        {
            // HTTP has looked at its own, since what becomes of a credential hangs on it.
            target = target.Http is null ? TargetSection.WithTls(target, tls, null) : target;
            authorities = tls.Has("ca") ? Authorities(tls) : null;
        }

        map.ReportUnknownKeys();
        return bag.HasErrors ? null : new StoredTargetConfig(target, authorities);
    }

    /// <summary>Settings as text. Values are quoted as JSON, which YAML reads as it is (YAML 1.2.2, 7.3.1).</summary>
    public static string Write(StoredTargetForm form)
    {
        var text = new StringBuilder();
        Line(text, "", "protocol", form.Protocol);
        Line(text, "", "address", form.Address);
        text.Append("credential:\n");
        Line(text, "  ", "user", form.User);
        Line(text, "  ", "kind", form.CredentialKind ?? form.Protocol switch { "ssh" => "password", "kubernetes" or "http" => "bearer", _ => null });
        Line(text, "  ", "validity", form.MintValidity);
        Line(text, "  ", "name", form.CredentialHeader);
        Lines(text, "", "hosts", form.Hosts);
        if (form.Impersonate is { } impersonate)
        {
            text.Append("impersonate:\n");
            Line(text, "  ", "prefix", impersonate.Prefix ?? "");
            Lines(text, "  ", "groups", impersonate.Groups);
            Lines(text, "  ", "system-users", impersonate.SystemUsers);
        }

        Line(text, "", "account", form.Account);
        Lines(text, "", "accounts", form.Accounts);
        if (form.HostAuthorities is { Count: > 0 } || form.HostPins is { Count: > 0 })
        {
            text.Append("host-keys:\n");
            Lines(text, "  ", "authority", form.HostAuthorities);
            Lines(text, "  ", "pinned", form.HostPins);
        }

        Line(text, "", "database", form.Database);
        Lines(text, "", "databases", form.Databases);
        Lines(text, "", "weak-logins", form.WeakLogins);
        Line(text, "", "connect-timeout", form.ConnectTimeout);
        if (form.Tls is { } tls)
        {
            text.Append("tls:\n");
            Line(text, "  ", "mode", tls.Mode ?? "verify-full");
            Line(text, "  ", "server-name", tls.ServerName);
            Lines(text, "  ", "ca", tls.Ca is null ? null : Certificates(tls.Ca));
        }

        return text.ToString();
    }

    /// <exception cref="CryptographicException">There is no certificate in it.</exception>
    private static List<string> Certificates(string pem)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(pem);
        return certificates.Count > 0
            ? [.. certificates.Select(certificate => Convert.ToBase64String(certificate.RawData))]
            : throw new CryptographicException("it holds no certificate in PEM form");
    }

    private static X509Certificate2Collection Authorities(YamlMap tls)
    {
        var authorities = new X509Certificate2Collection();
        foreach (YamlText text in tls.Texts("ca", LongestCertificate, 32))
        {
            try
            {
                authorities.Add(X509CertificateLoader.LoadCertificate(Convert.FromBase64String(text.Value)));
            }
            catch (Exception wrong) when (wrong is FormatException or CryptographicException)
            {
                tls.Error("ca", "An entry of \"ca\" is no certificate.");
            }
        }

        return authorities;
    }

    private static void Line(StringBuilder text, string indent, string key, string? value)
    {
        if (value is not null)
            text.Append(indent).Append(key).Append(": ").Append(JsonSerializer.Serialize(value)).Append('\n');
    }

    private static void Lines(StringBuilder text, string indent, string key, IReadOnlyList<string>? values)
    {
        if (values is not { Count: > 0 })
            return;
        text.Append(indent).Append(key).Append(":\n");
        foreach (string value in values)
            text.Append(indent).Append("  - ").Append(JsonSerializer.Serialize(value)).Append('\n');
    }
}

/// <summary>A target's settings as the admin API takes them.</summary>
internal sealed record StoredTargetForm
{
    public required string Protocol { get; init; }

    /// <summary><c>host:port</c>.</summary>
    public required string Address { get; init; }

    /// <summary>Login name at the target; null: an SSH target's account that is asked for.</summary>
    public string? User { get; init; }

    /// <summary>ssh: <c>password</c> (the default), <c>private-key</c> or <c>mint</c>. http, kubernetes: <c>bearer</c> (the default), <c>basic</c>, <c>header</c>, or, for http, <c>none</c>.</summary>
    public string? CredentialKind { get; init; }

    /// <summary>http, with the kind <c>header</c>: the field that the credential is sent in.</summary>
    public string? CredentialHeader { get; init; }

    /// <summary>http, kubernetes: hosts that lead to it, beside those whose first label is its name.</summary>
    public IReadOnlyList<string>? Hosts { get; init; }

    /// <summary>kubernetes: how the cluster is told who people are; null: by their names, without any of the cluster's own.</summary>
    public StoredImpersonationForm? Impersonate { get; init; }

    /// <summary>ssh: how long a minted certificate is good.</summary>
    public string? MintValidity { get; init; }

    /// <summary>ssh: the account when a client names none.</summary>
    public string? Account { get; init; }

    /// <summary>ssh: accounts that may be asked for.</summary>
    public IReadOnlyList<string>? Accounts { get; init; }

    /// <summary>ssh: public keys of authorities for host certificates, a line each.</summary>
    public IReadOnlyList<string>? HostAuthorities { get; init; }

    /// <summary>ssh: fingerprints (<c>SHA256:…</c>) or public keys of the host.</summary>
    public IReadOnlyList<string>? HostPins { get; init; }

    public string? Database { get; init; }

    public IReadOnlyList<string>? Databases { get; init; }

    public IReadOnlyList<string>? WeakLogins { get; init; }

    public string? ConnectTimeout { get; init; }

    public StoredTargetTlsForm? Tls { get; init; }
}

/// <param name="Mode">As in the configuration file; <c>verify-full</c> by default.</param>
/// <param name="Ca">Certificates to trust (PEM); null: those of the system.</param>
internal sealed record StoredTargetTlsForm(string? Mode = null, string? ServerName = null, string? Ca = null);

/// <param name="Prefix">Stands before every name.</param>
/// <param name="Groups">Groups that are passed on; null: all but the cluster's own.</param>
/// <param name="SystemUsers">The cluster's own names that may be impersonated.</param>
internal sealed record StoredImpersonationForm(string? Prefix = null, IReadOnlyList<string>? Groups = null, IReadOnlyList<string>? SystemUsers = null);
