using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Administration;

/// <summary>A daemon that is run by commands: its state is in SQLite, its people are in the groups of the admin API's roles.</summary>
public sealed class ManagedDaemon(PostgresServer postgres) : IAsyncLifetime
{
    private const string Policy = """
        policy: shop
        match:
          groups: engineering
        rules:
          - id: use
            effect: allow
            verbs: [read, insert, transaction, session]
        ---
        policy: shop-admins
        match:
          groups: shop-admins
          targets: shop
        rules:
          - id: everything
            effect: allow
            verbs: all
        """;

    private const string Access = """
        approvals:
          access:
            - {group: shop-admins, targets: [shop], requesters: [engineering], approvers: [approvers], quorum: 1, longest: 2h, reason: required}
        """;

    private readonly List<string> _secrets = [];
    private SallyportDaemon? _daemon;

    public PostgresServer Postgres { get; } = postgres;

    public SallyportDaemon Daemon => _daemon ?? throw new InvalidOperationException("The daemon has not been started.");

    /// <summary>Somebody who gives commands.</summary>
    internal async Task<Person> PersonAsync(string subject, string groups, string kind = "human")
    {
        Person person = await Person.OfAsync(Daemon, subject, groups, kind);
        _secrets.Add(person.Token);
        return person;
    }

    /// <summary>A token for targets.</summary>
    public async Task<string> TokenAsync(string subject, string groups = "engineering") => Secret(await Daemon.TokenAsync(subject, groups));

    /// <summary>A secret that must be in nothing that is kept.</summary>
    public string Secret(string secret)
    {
        _secrets.Add(secret);
        return secret;
    }

    /// <summary>Fails when a secret is in anything that is kept.</summary>
    public void AssertNothingSpilled() => Spilled.AssertNowhere(Daemon, _secrets);

    public async Task InitializeAsync() =>
        _daemon = await SallyportDaemon.StartAsync(Postgres, DaemonSetup.With(Policy) with { Control = true, MoreConfig = Access });

    public async Task DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
    }
}
