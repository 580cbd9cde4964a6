using System.Security.Cryptography.X509Certificates;
using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Administration;

/// <summary>The admin API without the command line.</summary>
internal static class AdminHttp
{
    /// <summary>A client that takes the daemon's certificate and no other.</summary>
    public static HttpClient Client(SallyportDaemon daemon, string? token = null)
    {
        X509Certificate2 expected = X509Certificate2.CreateFromPem(File.ReadAllText(daemon.CaFile));
        var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) => certificate?.Thumbprint == expected.Thumbprint,
        };
        var client = new HttpClient(handler) { BaseAddress = new Uri(daemon.AdminUrl) };
        if (token is not null)
            client.DefaultRequestHeaders.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", token);
        return client;
    }
}
