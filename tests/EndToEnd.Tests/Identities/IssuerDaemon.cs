using System.Security.Cryptography;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Identities;

/// <summary>A daemon that trusts the local issuer and one more, whose key the tests hold, and lets in only the group engineering.</summary>
public sealed class IssuerDaemon(PostgresServer postgres) : IAsyncLifetime
{
    public const string Issuer = "https://ci.example";

    private readonly TempFolder _folder = new();
    private SallyportDaemon? _daemon;

    public PostgresServer Postgres { get; } = postgres;

    public SallyportDaemon Daemon => _daemon ?? throw new InvalidOperationException("The daemon has not been started.");

    /// <summary>The key of <see cref="Issuer"/>.</summary>
    public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public async Task InitializeAsync()
    {
        string keys = _folder.Write("ci.jwks", Jwt.KeySet(Key));
        _daemon = await SallyportDaemon.StartAsync(Postgres, new DaemonSetup
        {
            Policies = new Dictionary<string, string>
            {
                ["policy.yaml"] = """
                    policy: engineers
                    match: {groups: engineering}
                    rules:
                      - {id: work, effect: allow, verbs: [login, read, write, transaction, session]}

                    """,
            },
            MoreIdentity = $$"""
                  issuers:
                    - name: ci
                      issuer: {{Issuer}}
                      audience: sallyport
                      clock-skew: 0s
                      jwks: {file: {{keys}}}
                """,
            TargetExtras = "    databases: [shop]",
        });
    }

    public async Task DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        Key.Dispose();
        _folder.Dispose();
    }
}
