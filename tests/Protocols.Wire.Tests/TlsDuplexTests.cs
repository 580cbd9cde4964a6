using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sallyport.Contract;

namespace Sallyport.Protocols.Wire.Tests;

public sealed class TlsDuplexTests : IDisposable
{
    private static readonly SslApplicationProtocol Alpn = new("postgresql");
    private readonly X509Certificate2 _certificate = SelfSigned();

    public void Dispose() => _certificate.Dispose();

    [Fact]
    public async Task Both_directions_are_encrypted_and_carry_what_was_sent()
    {
        (IDuplex a, IDuplex b) = await Loopback.DuplexesAsync();
        (IDuplex server, IDuplex client) = await UpgradeAsync(a, b);
        await using (server)
        await using (client)
        {
            Assert.True(server.Tls is { IsEncrypted: true, IsServer: true });
            Assert.True(client.Tls is { IsEncrypted: true, IsServer: false });
            Assert.Equal(a.Remote, server.Remote);
            await RoundTripAsync(server, client, 300_000);
            await RoundTripAsync(client, server, 300_000);
        }
    }

    [Fact]
    public async Task A_ClientHello_that_was_peeked_at_is_not_lost()
    {
        (IDuplex a, IDuplex b) = await Loopback.DuplexesAsync();
        ValueTask<IDuplex> connecting = b.StartTlsAsClientAsync(ClientOptions(), default);

        // Direct TLS: the first byte decides, and stays where it is.
        ReadResult peeked = await a.Input.ReadAsync();
        Assert.Equal(0x16, peeked.Buffer.FirstSpan[0]);
        a.Input.AdvanceTo(peeked.Buffer.Start);

        await using IDuplex server = await a.StartTlsAsServerAsync(ServerOptions(), default);
        await using IDuplex client = await connecting;
        Assert.Equal(Alpn, server.Tls!.NegotiatedApplicationProtocol);
        await RoundTripAsync(client, server, 1000);
    }

    [Fact]
    public async Task Bytes_behind_what_was_consumed_are_taken_for_the_ClientHello()
    {
        (IDuplex a, IDuplex b) = await Loopback.DuplexesAsync();
        // What comes with an SSLRequest in the same packet: here the rest is garbage, and the handshake fails on it.
        await b.SendAsync("12345678not a ClientHello, whoever sent it"u8.ToArray());
        ReadResult read = await a.Input.ReadAsync();
        a.Input.AdvanceTo(read.Buffer.GetPosition(8));
        await Assert.ThrowsAnyAsync<Exception>(async () => await a.StartTlsAsServerAsync(ServerOptions(), default));
        await a.DisposeAsync();
        await b.DisposeAsync();
    }

    [Fact]
    public async Task A_certificate_that_is_not_trusted_fails_the_client()
    {
        (IDuplex a, IDuplex b) = await Loopback.DuplexesAsync();
        Task<IDuplex> accepting = a.StartTlsAsServerAsync(ServerOptions(), default).AsTask();
        await Assert.ThrowsAsync<AuthenticationException>(async () =>
            await b.StartTlsAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, default));
        await b.DisposeAsync();
        await Task.WhenAny(accepting);
        await a.DisposeAsync();
    }

    [Fact]
    public async Task Abort_ends_a_handshake_that_waits_for_the_peer()
    {
        (IDuplex a, IDuplex b) = await Loopback.DuplexesAsync();
        Task<IDuplex> accepting = a.StartTlsAsServerAsync(ServerOptions(), default).AsTask();
        await Task.Run(a.Abort);
        await Assert.ThrowsAnyAsync<Exception>(() => accepting);
        await a.DisposeAsync();
        await b.DisposeAsync();
    }

    [Fact]
    public async Task Abort_ends_a_pending_read_and_CloseOutput_is_seen_by_the_peer()
    {
        (IDuplex a, IDuplex b) = await Loopback.DuplexesAsync();
        (IDuplex server, IDuplex client) = await UpgradeAsync(a, b);
        await using (server)
        await using (client)
        {
            Task<ReadResult> pending = server.Input.ReadAsync().AsTask();
            await Task.Run(client.Abort);
            await Task.WhenAny(pending);
            Assert.True(pending.IsFaulted || (await pending).IsCompleted);
        }
    }

    [Fact]
    public async Task TLS_inside_TLS_is_refused()
    {
        (IDuplex a, IDuplex b) = await Loopback.DuplexesAsync();
        (IDuplex server, IDuplex client) = await UpgradeAsync(a, b);
        await using (server)
        await using (client)
        {
            Assert.Throws<InvalidOperationException>(() => { _ = server.StartTlsAsServerAsync(ServerOptions(), default); });
            Assert.Throws<InvalidOperationException>(() => { _ = client.StartTlsAsClientAsync(ClientOptions(), default); });
        }
    }

    private async Task<(IDuplex Server, IDuplex Client)> UpgradeAsync(IDuplex a, IDuplex b)
    {
        Task<IDuplex> accepting = a.StartTlsAsServerAsync(ServerOptions(), default).AsTask();
        IDuplex client = await b.StartTlsAsClientAsync(ClientOptions(), default);
        return (await accepting, client);
    }

    private static async Task RoundTripAsync(IDuplex from, IDuplex to, int length)
    {
        byte[] sent = new byte[length];
        new Random(length).NextBytes(sent);
        Task send = from.SendAsync(sent).AsTask();
        byte[] got = await Loopback.CollectAsync(to.Input, length);
        await send;
        Assert.True(sent.AsSpan().SequenceEqual(got));
    }

    private SslServerAuthenticationOptions ServerOptions() =>
        new() { ServerCertificateContext = SslStreamCertificateContext.Create(_certificate, null, offline: true), ApplicationProtocols = [Alpn] };

    private static SslClientAuthenticationOptions ClientOptions() => new()
    {
        TargetHost = "localhost",
        ApplicationProtocols = [Alpn],
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
    };

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
