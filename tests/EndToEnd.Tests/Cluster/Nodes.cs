using Sallyport.EndToEnd.Tests.Administration;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Cluster;

/// <summary>Three daemons on one store, and HAProxy before them.</summary>
public sealed class Nodes(PostgresServer postgres) : IAsyncLifetime
{
    public const string Policy = """
        policy: shop
        match:
          groups: engineering
        rules:
          - id: use
            effect: allow
            verbs: [read, insert, transaction, session, create, drop, call]
          - id: delete
            effect: hold
            verbs: [delete]
            hint: Deletes need two persons.
            approval:
              quorum: 2
              groups: [approvers]
              timeout: 5m
        ---
        policy: patient
        match:
          subjects: patient@example.com
        limits:
          on-revoked: refuse
        """;

    private readonly List<SallyportDaemon> _daemons = [];
    private readonly List<string> _secrets = [];
    private SharedStore? _store;
    private HAProxy? _front;

    public PostgresServer Postgres { get; } = postgres;

    /// <summary>gate-1, gate-2, gate-3.</summary>
    public IReadOnlyList<SallyportDaemon> Daemons => _daemons;

    internal SharedStore Store => _store ?? throw new InvalidOperationException("Nothing has been started.");

    internal HAProxy Front => _front ?? throw new InvalidOperationException("Nothing has been started.");

    /// <summary>A token of an engineer, good on every node.</summary>
    public async Task<string> TokenAsync(string subject)
    {
        string token = await _daemons[0].TokenAsync(subject, "engineering");
        _secrets.Add(token);
        return token;
    }

    /// <summary>Somebody who gives commands, to gate-1 unless told otherwise.</summary>
    internal async Task<Person> PersonAsync(string subject, string groups)
    {
        Person person = await Person.OfAsync(_daemons[0], subject, groups);
        _secrets.Add(person.Token);
        return person;
    }

    /// <summary>A secret that must be in nothing that is kept.</summary>
    public void Secret(string secret) => _secrets.Add(secret);

    /// <summary>A psql of an engineer on that node.</summary>
    public async Task<PsqlSession> PsqlAsync(int node, string subject) => PsqlSession.Start(_daemons[node - 1].Psql(await TokenAsync(subject)));

    /// <summary>A psql of an engineer through HAProxy.</summary>
    public async Task<PsqlSession> PsqlAsync(string subject) => PsqlSession.Start(_daemons[0].Psql(await TokenAsync(subject)) with { Port = Front.PostgresPort });

    /// <summary>Fails when a secret is in anything that is kept.</summary>
    public async Task AssertNothingSpilledAsync()
    {
        foreach (SallyportDaemon daemon in _daemons)
            Spilled.AssertNowhere(daemon, _secrets);
        Spilled.AssertNotIn(await Store.DumpAsync(), "the store", _secrets);
    }

    public async Task InitializeAsync()
    {
        _store = await SharedStore.CreateAsync(Postgres);
        _daemons.AddRange(await Task.WhenAll(Enumerable.Range(1, 3).Select(i => _store.StartAsync(DaemonSetup.With(Policy), $"gate-{i}"))));
        _front = await HAProxy.StartAsync(_daemons, _store.BrokerPort);
    }

    public async Task DisposeAsync()
    {
        if (_front is not null)
            await _front.DisposeAsync();
        await Task.WhenAll(_daemons.Select(daemon => daemon.DisposeAsync().AsTask()));
    }
}
