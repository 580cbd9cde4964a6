using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>How the broker listens: every size, count and time has a bound, for strangers can reach it.</summary>
internal static class BrokerListener
{
    /// <summary>Largest body: a form with a SAML response, which is far larger than our own forms.</summary>
    public const int LargestBody = 512 * 1024;

    private const int MostConnections = 2048;
    private const int LargestHeaders = 32 * 1024;

    /// <summary>Bytes a second, below which a peer is slow on purpose.</summary>
    private const double LeastRate = 240;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(10);

    public static void Configure(KestrelServerOptions kestrel, BrokerConfig config, Func<SslServerAuthenticationOptions?> tls)
    {
        kestrel.AddServerHeader = false;
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxConcurrentConnections = MostConnections;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestBodySize = LargestBody;
        limits.MaxRequestHeadersTotalSize = LargestHeaders;
        limits.MaxRequestLineSize = 16 * 1024;
        limits.MaxRequestHeaderCount = 64;
        limits.RequestHeadersTimeout = Handshake;
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
        limits.MinRequestBodyDataRate = new MinDataRate(LeastRate, Grace);
        limits.MinResponseDataRate = new MinDataRate(LeastRate, Grace);
        kestrel.Listen(config.Address, listen =>
        {
            // A few requests per login: HTTP/2 would bring its own ways to be attacked and nothing else.
            listen.Protocols = HttpProtocols.Http1;
            if (config.Certificate is null && tls() is null)
                return;
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = Handshake,
                OnConnection = _ => new ValueTask<SslServerAuthenticationOptions>(Tls(tls())),
            });
        });
    }

    /// <summary>Forms are fields and values, a few and short; nothing is ever put on a disk.</summary>
    public static void Configure(FormOptions forms)
    {
        forms.ValueCountLimit = 64;
        forms.KeyLengthLimit = 128;
        forms.ValueLengthLimit = LargestBody;
        forms.BufferBody = false;
        forms.MemoryBufferThreshold = LargestBody;
        forms.MultipartBodyLengthLimit = 0;
    }

    /// <summary>The certificate as listeners have it, with ALPN left to the web server.</summary>
    private static SslServerAuthenticationOptions Tls(SslServerAuthenticationOptions? tls) => new()
    {
        ServerCertificateContext = tls?.ServerCertificateContext ?? throw new IOException("The broker has no certificate."),
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        AllowRenegotiation = false,
        ClientCertificateRequired = false,
    };
}
