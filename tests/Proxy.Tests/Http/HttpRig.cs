using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Sallyport.Contract;
using Sallyport.Policy;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Http2;
using Sallyport.Protocols.Wire;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Sessions;
using Sallyport.Proxy.Upstream;
using Xunit;

namespace Sallyport.Proxy.Tests.Http;

/// <summary>The engine for HTTP between real sockets: a client, our sessions and policy, and a Kestrel that streams what a test tells it to.</summary>
internal sealed class HttpRig : IAsyncDisposable
{
    private const string Policy = """
        policy: prod
        rules:
          - { id: reads, effect: allow, verbs: [http-read], paths: ["/**"] }
          - { id: writes, effect: hold, verbs: [http-post], paths: ["/**"], hint: "Ask in #prod.", approval: { groups: [approvers] } }
          - { id: echo, effect: allow, verbs: [http-put], paths: ["/**"] }
        """;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _connections = [];
    private WebApplication _target = null!;
    private HttpUpstreams _pool = null!;
    private Task _accepting = Task.CompletedTask;

    /// <summary>What the target says on GET /stream, piece by piece.</summary>
    public Channel<string> Stream { get; } = Channel.CreateUnbounded<string>();

    /// <summary>What the target has heard: a line for each request.</summary>
    public List<string> Heard { get; } = [];

    public LiveSessions Sessions { get; } = new();

    public IApprovals? Approvals { get; init; }

    public TimeSpan HoldWait { get; init; } = TimeSpan.FromSeconds(30);

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public HttpClient Client(bool http2, string token = "alice") => new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(20) })
    {
        BaseAddress = new Uri($"http://{_listener.LocalEndpoint}"),
        DefaultRequestVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        DefaultRequestHeaders = { { "Authorization", $"Bearer {token}" } },
    };

    /// <summary>The one session there is, once it is there.</summary>
    public async Task<LiveSession> OneSessionAsync()
    {
        while (Sessions.All().Count == 0)
            await Task.Delay(10);
        return Assert.Single(Sessions.All());
    }

    public async Task<HttpRig> StartAsync(bool targetHttp2 = true)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = targetHttp2 ? HttpProtocols.Http2 : HttpProtocols.Http1));
        _target = builder.Build();
        _target.MapGet("/stream", StreamAsync);
        _target.Map("/{**path}", async (HttpContext context) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            string body = await reader.ReadToEndAsync();
            lock (Heard)
                Heard.Add($"{context.Request.Method} {context.Request.Path} {body}".TrimEnd());
            return Results.Text($"done {body}");
        });
        await _target.StartAsync();
        var address = new Uri(_target.Urls.First());
        var targets = new TargetDirectory([Target.Of(
            new TargetConfig
            {
                Name = "app",
                Protocol = "http2",
                Host = address.Host,
                Port = address.Port,
                ServerName = address.Host,
                TlsMode = TargetTlsMode.Disable,
                User = "",
                Password = null,
                Http = new HttpTargetConfig { IsKubernetes = false, Hosts = ["127.0.0.1"], PlainHttp2 = targetHttp2 },
            },
            null)]);
        var policy = new PolicyStore(Time);
        Assert.True(policy.TryLoad([new PolicySource("prod.yaml", Encoding.UTF8.GetBytes(Policy))], out IReadOnlyList<Diagnostic> diagnostics), string.Join('\n', diagnostics));
        _pool = new HttpUpstreams(targets, new HttpLimits(), TimeProvider.System, static e => Assert.Fail(e.ToString()));
        var doors = new HttpDoors
        {
            Login = new NamedLogin(Time),
            Targets = targets,
            Upstream = targets,
            Policy = policy,
            Recorder = new Unrecorded(),
            Sessions = Sessions,
            Approvals = Approvals,
            Pool = _pool,
            Time = Time,
        };
        var listener = new Protocols.Http2.HttpListener { Node = "a", Name = "web", Tls = () => null, AllowPlaintext = true, HoldWait = HoldWait };
        _listener.Start();
        _accepting = AcceptAsync(listener, doors);
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Stream.Writer.TryComplete();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        await _pool.DisposeAsync();
        await _target.DisposeAsync();
        _stop.Dispose();
    }

    private async Task AcceptAsync(Protocols.Http2.HttpListener listener, HttpDoors doors)
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
                _connections.Add(HttpSession.RunAsync(new SocketDuplex(socket), listener, doors, _stop.Token));
            }
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task StreamAsync(HttpContext context)
    {
        context.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
        await context.Response.StartAsync();
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await foreach (string piece in Stream.Reader.ReadAllAsync(context.RequestAborted))
        {
            await context.Response.WriteAsync(piece, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    /// <summary>A token is its holder's name.</summary>
    private sealed class NamedLogin(TimeProvider time) : ILogin
    {
        public ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel) => new(new LoginResult(
            new Contract.Identity
            {
                Subject = proof.Token.Split('-')[0],
                Issuer = "https://corp.example",
                LoginSession = $"{proof.Token.Split('-')[0]}-login",
                ExpiresAt = time.GetUtcNow().AddHours(8),
            },
            null));
    }
}
