using Sallyport.Proxy.Cli;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Http;

/// <summary>What policy says of a request is explained on the command line.</summary>
public sealed class HttpExplainTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public HttpExplainTests()
    {
        Directory.CreateDirectory(_directory["policies"]);
        _directory.Write("policies/p.yaml", """
            policy: p
            rules:
              - { id: pods, effect: allow, verbs: [kube-read], resources: [pods], namespaces: [shop] }
              - { id: delete, effect: hold, verbs: [kube-delete], resources: [pods], namespaces: [shop] }
              - { id: get, effect: allow, verbs: [http-read], paths: ["/public/**"] }
            """);
        _directory.Write("sallyport.yaml", """
            identity: { local: { issuer: "https://local", key: local.pem } }
            listeners: [{ name: web, protocol: http, address: "127.0.0.1:0", plaintext: loopback-only }]
            targets:
              prod: { protocol: kubernetes, address: "kube:6443", credential: { bearer: { env: X } } }
              app: { protocol: http, address: "app:443" }
              db: { protocol: postgres, address: "db:5432", credential: { user: a, password: { env: X } } }
            policies: policies
            recordings: { directory: rec }
            """);
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(ExitCode.Done, "prod", "--request", "GET /api/v1/namespaces/shop/pods")]
    [InlineData(ExitCode.Denied, "prod", "--request", "GET /api/v1/namespaces/bank/pods")]
    [InlineData(ExitCode.Denied, "prod", "--request", "GET /api/v1/namespaces/shop/secrets")]
    [InlineData(ExitCode.Held, "prod", "--request", "DELETE /api/v1/namespaces/shop/pods/web")]
    [InlineData(ExitCode.Done, "app", "--request", "GET /public/a?b=c")]
    [InlineData(ExitCode.Denied, "app", "--request", "GET /public/../secret")]
    [InlineData(ExitCode.Denied, "app", "--request", "GET /api/v1/namespaces/shop/pods")]
    [InlineData(ExitCode.Usage, "app", "--request", "GET")]
    [InlineData(ExitCode.Usage, "app", "--sql", "select 1")]
    [InlineData(ExitCode.Usage, "db", "--request", "GET /")]
    public async Task A_request_is_explained(int code, string target, string option, string what) =>
        Assert.Equal(code, await CommandLine.RunAsync(["explain", "--config", _directory["sallyport.yaml"], "--subject", "ada", "--target", target, option, what]));
}
