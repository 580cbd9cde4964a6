using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Http;

/// <summary>What all peers of the http2 comparison share: one upstream (nginx, over HTTP/2 and over HTTP/1.1), its files, and a certificate towards clients.</summary>
internal sealed class HttpMaterial : IAsyncDisposable
{
    public const string SmallPath = "/api/v1/status";
    public const string LargePath = "/large";

    /// <summary>A body of which a byte comes each second.</summary>
    public const string TricklingPath = "/api/v1/trickle";

    public const int LargeBytes = 1 << 20;

    private readonly Server _nginx;

    private HttpMaterial(Workspace workspace, Server nginx, int http2, int http1, byte[] large)
    {
        _nginx = nginx;
        Http2Port = http2;
        Http1Port = http1;
        LargeDigest = Convert.ToHexStringLower(SHA256.HashData(large));
        Certificate = workspace.At("http.crt");
        Key = workspace.At("http.key");
    }

    /// <summary>HTTP/2 from the first byte on, without TLS.</summary>
    public int Http2Port { get; }

    /// <summary>HTTP/1.1 without TLS, for the peer that knows nothing else towards its upstream.</summary>
    public int Http1Port { get; }

    public string Certificate { get; }

    public string Key { get; }

    public string LargeDigest { get; }

    public static async Task<HttpMaterial> CreateAsync(Workspace workspace)
    {
        byte[] large = RandomNumberGenerator.GetBytes(LargeBytes);
        workspace.Write("www/api/v1/status", "{\"status\":\"ok\",\"version\":\"1.4.2\",\"uptime\":86400,\"connections\":12}\n");
        await File.WriteAllBytesAsync(workspace.At("www/large"), large);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        workspace.Write("http.crt", certificate.ExportCertificatePem());
        workspace.Write("http.key", key.ExportPkcs8PrivateKeyPem());
        int http2 = Workspace.FreePort();
        int http1 = Workspace.FreePort();
        string settings = workspace.Write("upstream.conf", $$"""
            worker_processes 1;
            worker_rlimit_nofile 32768;
            daemon off;
            pid {{workspace.Scratch("tmp")}}/upstream.pid;
            error_log stderr error;
            events { worker_connections 16384; }
            http {
                access_log off;
                # By sendfile a head and its body are two segments, and the second waits for the first one's delayed acknowledgement: 43 ms.
                sendfile off;
                output_buffers 2 1m;
                tcp_nodelay on;
                default_type application/octet-stream;
                open_file_cache max=100 inactive=1h;
                keepalive_requests 1000000000;
                http2_max_concurrent_streams 1000;
                client_body_temp_path {{workspace.Scratch("tmp")}}/body;
                proxy_temp_path {{workspace.Scratch("tmp")}}/proxy;
                fastcgi_temp_path {{workspace.Scratch("tmp")}}/fastcgi;
                uwsgi_temp_path {{workspace.Scratch("tmp")}}/uwsgi;
                scgi_temp_path {{workspace.Scratch("tmp")}}/scgi;
                server {
                    listen 127.0.0.1:{{http2}} http2;
                    listen 127.0.0.1:{{http1}};
                    root {{workspace.At("www")}};
                    location {{TricklingPath}} { alias {{workspace.At("www/large")}}; limit_rate_after 4k; limit_rate 1; }
                }
            }

            """);
        Server nginx = await Server.StartAsync("nginx (upstream)", http2, workspace.At("upstream.log"), "www-data", ["nginx", "-c", settings]);
        return new HttpMaterial(workspace, nginx, http2, http1, large);
    }

    public ValueTask DisposeAsync() => _nginx.DisposeAsync();
}
