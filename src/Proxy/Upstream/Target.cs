using Sallyport.Contract;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Upstream;

/// <summary>A target: what an engine knows of it, and how it is reached.</summary>
internal sealed record Target(TargetInfo Info, TargetConfig Config)
{
    /// <summary>How its password is had when the store keeps it; null: as the configuration says.</summary>
    public Func<string>? StoredPassword { get; init; }

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
