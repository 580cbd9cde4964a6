using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Connections;
using Sallyport.Protocols.Http2.Exchanges;

namespace Sallyport.Protocols.Http2;

/// <summary>
/// One connection from an HTTP client, start to end:
/// (1) TLS, whose ALPN says which version (RFC 7301); without TLS, on loopback, the first bytes say it; (2) requests, each identified, routed, judged and recorded by
/// <see cref="HttpFront"/>; (3) one end, and every session's recording completed.
/// Nothing here throws to the caller: every way out is a <see cref="SessionEnd"/>.
/// </summary>
public sealed class HttpSession
{
    private readonly HttpListener _listener;
    private readonly HttpDoors _doors;
    private IDuplex _client;

    private HttpSession(IDuplex client, HttpListener listener, HttpDoors doors)
    {
        _client = client;
        _listener = listener;
        _doors = doors;
    }

    /// <summary>Serves one connection until it ends, and closes it. <paramref name="stop"/> cuts it.</summary>
    public static async Task<HttpOutcome> RunAsync(IDuplex client, HttpListener listener, HttpDoors doors, CancellationToken stop)
    {
        var session = new HttpSession(client, listener, doors);
        try
        {
            return await session.RunAsync(stop).ConfigureAwait(false);
        }
        finally
        {
            await session._client.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<HttpOutcome> RunAsync(CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(_listener.Limits.Handshake);
        IDuplex raw = _client;
        var stage = SessionStage.Tls;
        try
        {
            using CancellationTokenRegistration cut = deadline.Token.Register(static d => ((IDuplex)d!).Abort(), raw);
            if (!await TryEncryptAsync(deadline.Token).ConfigureAwait(false))
                return Over(new SessionEnd(SessionSide.Client, SessionStage.Tls, "tls-required"));
            stage = SessionStage.Startup;
            if (await IsHttp2Async(deadline.Token).ConfigureAwait(false) is not { } isHttp2)
                return Over(Gone(SessionStage.Startup, "closed", null, deadline.Token, stop));
            deadline.CancelAfter(Timeout.InfiniteTimeSpan);
            cut.Unregister();
            return await ServeAsync(isHttp2, stop).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or AuthenticationException)
        {
            return Over(Gone(stage, "connection-lost", e.GetType().Name, deadline.Token, stop));
        }
    }

    /// <summary>A client that is gone before it asked for anything: by itself, or cut because it took too long.</summary>
    private static SessionEnd Gone(SessionStage stage, string reason, string? detail, CancellationToken deadline, CancellationToken stop) =>
        stop.IsCancellationRequested ? new SessionEnd(SessionSide.Proxy, stage, "stopped")
        : deadline.IsCancellationRequested ? new SessionEnd(SessionSide.Proxy, stage, "handshake-timeout", Detail: detail)
        : new SessionEnd(SessionSide.Client, stage, reason, Detail: detail);

    private static HttpOutcome Over(SessionEnd end) => new(end, null);

    /// <returns>False: the listener wants TLS and has none, or the client does not speak it.</returns>
    private async Task<bool> TryEncryptAsync(CancellationToken cancel)
    {
        if (_listener.Tls() is not { } tls)
            return _listener.AllowPlaintext;
        if (_listener.AllowPlaintext && await FirstByteAsync(cancel).ConfigureAwait(false) is not 0x16)
            return true;
        _client = await _client.StartTlsAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = tls.ServerCertificate,
                ServerCertificateContext = tls.ServerCertificateContext,
                ServerCertificateSelectionCallback = tls.ServerCertificateSelectionCallback,
                ClientCertificateRequired = tls.ClientCertificateRequired,
                CertificateChainPolicy = tls.CertificateChainPolicy,
                CertificateRevocationCheckMode = tls.CertificateRevocationCheckMode,
                RemoteCertificateValidationCallback = tls.RemoteCertificateValidationCallback,
                EnabledSslProtocols = tls.EnabledSslProtocols,
                CipherSuitesPolicy = tls.CipherSuitesPolicy,
                AllowRenegotiation = false,
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            },
            cancel).ConfigureAwait(false);
        return true;
    }

    private async Task<byte?> FirstByteAsync(CancellationToken cancel)
    {
        ReadResult read = await _client.Input.ReadAsync(cancel).ConfigureAwait(false);
        byte? first = read.Buffer.IsEmpty ? null : read.Buffer.First.Span[0];
        _client.Input.AdvanceTo(read.Buffer.Start);
        return first;
    }

    /// <summary>By ALPN where there is TLS; otherwise, and of clients that name no protocol, by the first bytes (RFC 9113 3.3, 3.4).</summary>
    /// <returns>Null: the client has gone.</returns>
    private async Task<bool?> IsHttp2Async(CancellationToken cancel)
    {
        bool mustBe = _client.Tls?.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2;
        while (true)
        {
            ReadResult read = await _client.Input.ReadAsync(cancel).ConfigureAwait(false);
            bool? isPreface = H2ServerConnection.IsPreface(read.Buffer.First.Span);
            if (isPreface == true)
            {
                _client.Input.AdvanceTo(read.Buffer.GetPosition(H2ServerConnection.PrefaceLength));
                return true;
            }

            bool isOver = read.IsCompleted;
            _client.Input.AdvanceTo(read.Buffer.Start, isPreface is null ? read.Buffer.End : read.Buffer.Start);
            if (isPreface == false)
                return mustBe ? null : false;
            if (isOver)
                return null;
        }
    }

    private async Task<HttpOutcome> ServeAsync(bool isHttp2, CancellationToken stop)
    {
        var front = new HttpFront(_listener, _doors, _client.Remote, _client.Tls is not null, stop);
        SessionEnd end;
        try
        {
            IServerConnection connection = isHttp2
                ? new H2ServerConnection(_client, _listener.Limits, front, _doors.Time)
                : new H1ServerConnection(_client, _listener.Limits, front, _doors.Time);
            front.Drain = connection.Drain;
            // Registered behind the connection's own, so called before it: requests under way are told why before their connection ends.
            Task<SessionEnd> serving = connection.RunAsync(stop);
            // Once it serves: what it says first is said.
            using CancellationTokenRegistration draining = _listener.Draining.UnsafeRegister(static connection => ((IServerConnection)connection!).Drain(), connection);
            using (stop.UnsafeRegister(static front => ((HttpFront)front!).Stop(), front))
                end = await serving.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The one place: a connection turns everything that it expects into an end.
            end = new SessionEnd(SessionSide.Proxy, SessionStage.Ready, "internal-error", Detail: e.ToString());
        }

        _client.Abort();
        try
        {
            end = await front.CompleteAsync(end).ConfigureAwait(false);
        }
        catch (RecordingException e)
        {
            end = new SessionEnd(SessionSide.Proxy, end.Stage, "recording-failed", end.WireCode, e.Message);
        }

        return new HttpOutcome(end, front.Facts);
    }
}
