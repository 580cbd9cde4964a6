using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Upstream;

/// <summary>A target: what an engine knows of it, and how it is reached.</summary>
internal sealed record Target(TargetInfo Info, TargetConfig Config)
{
    /// <summary>How its password, or private key, is had when the store keeps it; null: as the configuration says.</summary>
    public Func<string>? StoredPassword { get; init; }

    /// <summary><c>host:port</c>, with an IPv6 address in brackets.</summary>
    public string Address => Config.Host.Contains(':', StringComparison.Ordinal) ? $"[{Config.Host}]:{Config.Port}" : $"{Config.Host}:{Config.Port}";

    /// <summary>What files and settings say of an SSH target's host keys; null: it has none.</summary>
    public KnownHost? Known { get; init; }

    /// <summary>… and pins of which only the fingerprint is known.</summary>
    public IReadOnlyList<string> Fingerprints { get; init; } = [];

    /// <summary>A certificate of an SSH target's private key.</summary>
    public SshCertificate? Certificate { get; init; }

    public static Target Of(TargetConfig config, System.Net.Security.SslClientAuthenticationOptions? tls) => new(
        new TargetInfo
        {
            Name = config.Name,
            Protocol = config.Protocol,
            TlsMode = config.TlsMode,
            Tls = tls,
            DefaultResource = config.Database,
            Resources = config.Databases,
            WeakLogins = config.WeakLogins,
        },
        config);
}
