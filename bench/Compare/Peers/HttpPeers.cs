using Sallyport.Compare.Http;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Peers;

/// <summary>The upstream itself, without TLS.</summary>
internal sealed class HttpDirect(HttpMaterial material) : IHttpPeer
{
    public string Name => "direct";

    public string Url => $"http://127.0.0.1:{material.Http2Port}";

    public IReadOnlyList<string> Headers => [];

    public int? ProcessId => null;

    public void Tidy()
    {
        // It keeps nothing.
    }

    public ValueTask DisposeAsync() => default;
}

/// <summary>A reverse proxy that understands nothing of what it passes on: TLS and HTTP/2 towards clients, and towards the upstream what it can.</summary>
internal sealed class PlainHttpProxy : IHttpPeer
{
    private readonly Server _server;
    private readonly int _port;

    private PlainHttpProxy(string name, Server server, int port)
    {
        Name = name;
        _server = server;
        _port = port;
    }

    public string Name { get; }

    public string Url => $"https://127.0.0.1:{_port}";

    public IReadOnlyList<string> Headers => [];

    public int? ProcessId => _server.Id;

    /// <summary>nghttpx, with as many workers as there are cores, and HTTP/2 both ways.</summary>
    public static Task<PlainHttpProxy> NghttpxAsync(Workspace workspace, HttpMaterial material) => StartAsync(
        workspace, "nghttpx",
        port =>
        [
            "nghttpx", "--conf=/dev/null", $"--frontend=127.0.0.1,{port}", $"--backend=127.0.0.1,{material.Http2Port};;proto=h2", $"--workers={Environment.ProcessorCount}",
            "--log-level=ERROR", "--errorlog-file=/dev/stderr", "--accesslog-file=", material.Key, material.Certificate,
        ]);

    /// <summary>HAProxy, with HTTP/2 both ways.</summary>
    public static Task<PlainHttpProxy> HAProxyAsync(Workspace workspace, HttpMaterial material)
    {
        string bundle = workspace.Write("haproxy-http.pem", File.ReadAllText(material.Certificate) + "\n" + File.ReadAllText(material.Key));
        return StartAsync(workspace, "haproxy", port => ["haproxy", "-db", "-f", workspace.Write("haproxy-http.cfg", $"""
            global
                maxconn 4000
            defaults
                mode http
                timeout connect 5s
                timeout client 1h
                timeout server 1h
            frontend clients
                bind 127.0.0.1:{port} ssl crt {bundle} alpn h2,http/1.1
                default_backend upstream
            backend upstream
                http-reuse always
                server nginx 127.0.0.1:{material.Http2Port} proto h2

            """)]);
    }

    /// <summary>nginx, which speaks HTTP/1.1 to its upstream.</summary>
    public static Task<PlainHttpProxy> NginxAsync(Workspace workspace, HttpMaterial material) => StartAsync(workspace, "nginx", port => ["nginx", "-c", workspace.Write("proxy.conf", $$"""
        worker_processes {{Environment.ProcessorCount}};
        worker_rlimit_nofile 32768;
        daemon off;
        pid {{workspace.Scratch("tmp2")}}/proxy.pid;
        error_log stderr error;
        events { worker_connections 16384; }
        http {
            access_log off;
            keepalive_requests 1000000000;
            http2_max_concurrent_streams 250;
            client_body_temp_path {{workspace.Scratch("tmp2")}}/body;
            proxy_temp_path {{workspace.Scratch("tmp2")}}/proxy;
            fastcgi_temp_path {{workspace.Scratch("tmp2")}}/fastcgi;
            uwsgi_temp_path {{workspace.Scratch("tmp2")}}/uwsgi;
            scgi_temp_path {{workspace.Scratch("tmp2")}}/scgi;
            upstream files { server 127.0.0.1:{{material.Http1Port}}; keepalive 256; keepalive_requests 1000000000; }
            server {
                listen 127.0.0.1:{{port}} ssl http2;
                ssl_certificate {{material.Certificate}};
                ssl_certificate_key {{material.Key}};
                location / { proxy_pass http://files; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
            }
        }

        """)]);

    /// <summary>YARP, with HTTP/2 both ways.</summary>
    public static Task<PlainHttpProxy> YarpAsync(Workspace workspace, HttpMaterial material) => StartAsync(
        workspace, "yarp",
        port => [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "Sallyport.Compare.dll"), YarpProxy.Name, "--port", $"{port}", "--upstream", $"{material.Http2Port}", "--certificate", material.Certificate, "--key", material.Key]);

    public void Tidy()
    {
        // They keep nothing that grows.
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task<PlainHttpProxy> StartAsync(Workspace workspace, string name, Func<int, string[]> command)
    {
        int port = Workspace.FreePort();
        string[] words = command(port);
        // Started as an apphost it needs no library named; under `dotnet` it does.
        if (words[0].EndsWith("Compare", StringComparison.Ordinal))
            words = [words[0], .. words[2..]];
        return new PlainHttpProxy(name, await Server.StartAsync(name, port, workspace.At($"{name}-http.log"), null, words), port);
    }
}
