using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Sallyport.Contract;
using Sallyport.Proxy.Tests.Support;
using Sallyport.Proxy.Upstream;
using Xunit;

namespace Sallyport.Proxy.Tests.Upstream;

/// <summary>Each mode against a real TLS server on loopback.</summary>
public sealed class TargetTlsTests
{
    private static readonly X509Certificate2 Ours = TestCertificates.Authority("ours");
    private static readonly X509Certificate2 Foreign = TestCertificates.Authority("foreign");

    [Theory]
    [InlineData("VerifyFull", "good", true)]
    [InlineData("VerifyFull", "other-name", false)]
    [InlineData("VerifyFull", "foreign", false)]
    [InlineData("VerifyFull", "expired", false)]
    [InlineData("VerifyFull", "not-yet", false)]
    [InlineData("VerifyFull", "client-only", false)]
    [InlineData("VerifyCa", "good", true)]
    [InlineData("VerifyCa", "other-name", true)]
    [InlineData("VerifyCa", "foreign", false)]
    [InlineData("VerifyCa", "expired", false)]
    [InlineData("VerifyCa", "not-yet", false)]
    [InlineData("VerifyCa", "client-only", false)]
    [InlineData("Require", "good", true)]
    [InlineData("Require", "other-name", true)]
    [InlineData("Require", "foreign", true)]
    [InlineData("Require", "expired", true)]
    public async Task A_mode_takes_just_the_certificates_it_should(string mode, string certificate, bool accepted)
    {
        X509Certificate2Collection? trusted = mode == "Require" ? null : [Ours];
        await AssertAsync(Enum.Parse<TargetTlsMode>(mode), "db.example", trusted, Make(certificate), accepted);
    }

    [Fact]
    public async Task Without_own_authorities_those_of_the_system_count_and_ours_is_not_one()
    {
        await AssertAsync(TargetTlsMode.VerifyFull, "db.example", null, Make("good"), accepted: false);
        await AssertAsync(TargetTlsMode.VerifyCa, "db.example", null, Make("good"), accepted: false);
    }

    [Fact]
    public async Task A_name_that_is_an_address_must_be_in_the_certificate_as_an_address()
    {
        await AssertAsync(TargetTlsMode.VerifyFull, "127.0.0.1", [Ours], TestCertificates.Leaf(Ours, "127.0.0.1"), accepted: true);
        await AssertAsync(TargetTlsMode.VerifyFull, "127.0.0.1", [Ours], TestCertificates.Leaf(Ours, "127.0.0.2"), accepted: false);
    }

    [Fact]
    public void Disable_has_no_settings() => Assert.Null(TargetTls.Options(TargetTlsMode.Disable, "db.example", null));

    [Fact]
    public void Old_protocols_are_not_offered() =>
        Assert.Equal(SslProtocols.Tls12 | SslProtocols.Tls13, TargetTls.Options(TargetTlsMode.VerifyFull, "db.example", null)!.EnabledSslProtocols);

    private static X509Certificate2 Make(string kind) => kind switch
    {
        "other-name" => TestCertificates.Leaf(Ours, "other.example"),
        "foreign" => TestCertificates.Leaf(Foreign, "db.example"),
        "expired" => TestCertificates.Leaf(Ours, "db.example", -30, -1),
        "not-yet" => TestCertificates.Leaf(Ours, "db.example", 1, 30),
        "client-only" => TestCertificates.Leaf(Ours, "db.example", usage: "1.3.6.1.5.5.7.3.2"),
        _ => TestCertificates.Leaf(Ours, "db.example"),
    };

    private static async Task AssertAsync(TargetTlsMode mode, string serverName, X509Certificate2Collection? trusted, X509Certificate2 certificate, bool accepted)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task server = ServeAsync(listener, certificate);
        var address = (IPEndPoint)listener.LocalEndpoint;
        using Socket socket = await Dialler.ConnectAsync(address.Address.ToString(), address.Port, TimeSpan.FromSeconds(30), default);
        await using var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        SslClientAuthenticationOptions options = TargetTls.Options(mode, serverName, trusted)!;
        if (accepted)
            await tls.AuthenticateAsClientAsync(options);
        else
            await Assert.ThrowsAsync<AuthenticationException>(() => tls.AuthenticateAsClientAsync(options));
        tls.Close();
        await server;
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using TcpClient client = await listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(client.GetStream());
        try
        {
            await tls.AuthenticateAsServerAsync(certificate);
            await tls.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false);
        }
        catch (Exception refused) when (refused is IOException or AuthenticationException)
        {
            // The client refused the certificate: what some of these tests are about.
        }
    }
}
