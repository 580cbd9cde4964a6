using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Authentication;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Connections;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>One connection to a target, and the task that serves it.</summary>
internal sealed class UpstreamConnection : IAsyncDisposable
{
    private readonly IDuplex _duplex;
    private readonly ITargetConnection _http;
    private readonly Action<UpstreamConnection> _gone;
    private readonly Action<Exception> _failed;
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    private UpstreamConnection(IDuplex duplex, ITargetConnection http, Action<UpstreamConnection> gone, Action<Exception> failed)
    {
        _failed = failed;
        _duplex = duplex;
        _http = http;
        _gone = gone;
    }

    public bool IsIdle => _http.IsIdle;

    public bool IsHttp1 => _http.IsHttp1;

    public bool IsSpent => _http.IsSpent;

    /// <param name="http1">For an upgrade, which HTTP/2 does not have.</param>
    /// <param name="gone">Called once it is over.</param>
    /// <param name="failed">Told of what it ended of, when that was no fault of the target's.</param>
    /// <exception cref="IOException">It cannot be reached.</exception>
    /// <exception cref="AuthenticationException">It is not the target.</exception>
    public static async Task<UpstreamConnection> ConnectAsync(
        HttpTarget target, IUpstream door, HttpLimits limits, TimeProvider time, bool http1, Action<UpstreamConnection> gone, Action<Exception> failed, CancellationToken cancel)
    {
        IDuplex duplex = await door.ConnectAsync(target.Info, cancel).ConfigureAwait(false);
        try
        {
            if (target.Info.Tls is { } tls && target.Info.TlsMode != TargetTlsMode.Disable)
                duplex = await duplex.StartTlsAsClientAsync(WithAlpn(tls, http1), cancel).ConfigureAwait(false);
            // Without TLS nothing says what the target speaks but its configuration.
            bool isHttp2 = !http1 && (duplex.Tls is null ? target.PlainHttp2 : duplex.Tls.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2);
            ITargetConnection http = isHttp2 ? new H2ClientConnection(duplex, limits, time) : new H1ClientConnection(duplex, limits, time);
            return new UpstreamConnection(duplex, http, gone, failed);
        }
        catch
        {
            await duplex.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public void Start()
    {
        _http.Start();
        _running = RunAsync();
    }

    public bool TryOpen(UpstreamUse use, [NotNullWhen(true)] out HttpStream? stream)
    {
        stream = null;
        if (!Serves(use) || !_http.TryOpen(out stream))
            return false;
        if (use == UpstreamUse.WebSocket && !IsHttp1)
            stream = new WebSocketTargetStream(stream);
        return true;
    }

    public Task WhenRoom() => _http.WhenRoom();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _duplex.Abort();
        await _running.ConfigureAwait(false);
        _stop.Dispose();
    }

    private bool Serves(UpstreamUse use) => use switch
    {
        UpstreamUse.Any => true,
        UpstreamUse.WebSocket => _http.TakesWebSockets,
        _ => IsHttp1,
    };

    private async Task RunAsync()
    {
        try
        {
            await _http.RunAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Whoever used it has been told already; others are not to lose their connections with it.
            _failed(e);
        }
        finally
        {
            _gone(this);
            await _duplex.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static SslClientAuthenticationOptions WithAlpn(SslClientAuthenticationOptions tls, bool http1) => new()
    {
        TargetHost = tls.TargetHost,
        ClientCertificates = tls.ClientCertificates,
        ClientCertificateContext = tls.ClientCertificateContext,
        CertificateChainPolicy = tls.CertificateChainPolicy,
        CertificateRevocationCheckMode = tls.CertificateRevocationCheckMode,
        RemoteCertificateValidationCallback = tls.RemoteCertificateValidationCallback,
        LocalCertificateSelectionCallback = tls.LocalCertificateSelectionCallback,
        EnabledSslProtocols = tls.EnabledSslProtocols,
        CipherSuitesPolicy = tls.CipherSuitesPolicy,
        EncryptionPolicy = tls.EncryptionPolicy,
        AllowRenegotiation = false,
        AllowTlsResume = tls.AllowTlsResume,
        ApplicationProtocols = http1 ? [SslApplicationProtocol.Http11] : [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
    };
}
