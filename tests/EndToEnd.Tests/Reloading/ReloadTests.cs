using Npgsql;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Reloading;

/// <summary>SIGHUP puts new policy in force for sessions that are already there; or, when it is wrong, changes nothing.</summary>
[Collection(PostgresTests.Name)]
public sealed class ReloadTests(PostgresServer postgres)
{
    private const string Everything = Policies.AllowAll;

    private const string NothingFromCustomers = Policies.AllowAll + """
        ---
        policy: later
        rules:
          - {id: no-customers, effect: deny, verbs: select, objects: public.customers, hint: Not any more.}

        """;

    private const string Masked = """
        policy: everything
        rules:
          - {id: all, effect: allow, verbs: all, unparsed: true, truncated: true}
        mask:
          - {id: names, columns: public.customers.name, with: redact}

        """;

    [Fact]
    public async Task A_statement_prepared_before_is_judged_and_masked_by_the_rules_of_now()
    {
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(postgres, DaemonSetup.With(Everything));
        NpgsqlConnectionStringBuilder settings = daemon.Npgsql(await daemon.TokenAsync("ada@example.com", "engineering"));
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT name FROM customers WHERE id = 1", connection);
        await command.PrepareAsync();
        Assert.Equal("Ada Lovelace", await command.ExecuteScalarAsync());

        daemon.WritePolicy("policy.yaml", NothingFromCustomers);
        await daemon.ReloadAsync();
        PostgresException refusal = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteScalarAsync());
        Assert.Equal(("42501", "Rule later/no-customers.", "Not any more."), (refusal.SqlState, refusal.Detail, refusal.Hint));

        daemon.WritePolicy("policy.yaml", Masked);
        await daemon.ReloadAsync();
        Assert.Equal("[redacted]", await command.ExecuteScalarAsync());

        daemon.WritePolicy("policy.yaml", Everything);
        await daemon.ReloadAsync();
        Assert.Equal("Ada Lovelace", await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_simple_session_follows_too()
    {
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(postgres, DaemonSetup.With(Everything));
        await using PsqlSession psql = PsqlSession.Start(daemon.Psql(await daemon.TokenAsync("ada@example.com", "engineering")));
        Assert.Equal("5\n", await psql.AskAsync("SELECT count(*) FROM customers;"));

        daemon.WritePolicy("policy.yaml", NothingFromCustomers);
        await daemon.ReloadAsync();
        Assert.Contains("Rule later/no-customers.", await psql.AskAsync("SELECT count(*) FROM customers;"));
        Assert.Equal("40\n", await psql.AskAsync("SELECT count(*) FROM orders;"));
    }

    [Fact]
    public async Task A_bad_policy_leaves_the_old_one_in_force_and_every_error_in_the_log()
    {
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(postgres, DaemonSetup.With(NothingFromCustomers));
        await using PsqlSession psql = PsqlSession.Start(daemon.Psql(await daemon.TokenAsync("ada@example.com", "engineering")));
        Assert.Contains("Rule later/no-customers.", await psql.AskAsync("TABLE customers;"));

        daemon.WritePolicy("policy.yaml", "policy: everything\nrules:\n  - {id: all, effect: alow, verbs: all}\n");
        daemon.WritePolicy("second.yaml", "policy: other\nruels: []\n");
        await daemon.ReloadAsync();

        Assert.Contains("Rule later/no-customers.", await psql.AskAsync("TABLE customers;"));
        Assert.Contains("reload-refused", daemon.Log);
        Assert.Matches(@"reload-error .*policy\.yaml:3:.*alow", daemon.Log);
        Assert.Matches(@"reload-error .*second\.yaml:2:.*ruels", daemon.Log);
    }

    [Fact]
    public async Task A_new_certificate_serves_new_connections_and_old_ones_go_on()
    {
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(postgres, DaemonSetup.With(Everything));
        string token = await daemon.TokenAsync("ada@example.com", "engineering");
        await using PsqlSession before = PsqlSession.Start(daemon.Psql(token));
        Assert.Equal("1\n", await before.AskAsync("SELECT 1;"));
        using var folder = new TempFolder();
        string oldCertificate = folder.Write("old.crt", await File.ReadAllTextAsync(daemon.CaFile));

        (string certificate, string key) = Pem.NewServer();
        daemon.WriteFile("listener.crt", certificate);
        daemon.WriteFile("listener.key", key);
        await daemon.ReloadAsync();

        Assert.Equal(0, (await Psql.RunAsync(daemon.Psql(token), "", "-c", "SELECT 1")).ExitCode);
        Assert.Equal(2, (await Psql.RunAsync(daemon.Psql(token) with { RootCertificate = oldCertificate }, "", "-c", "SELECT 1")).ExitCode);
        Assert.Equal("2\n", await before.AskAsync("SELECT 2;"));
    }
}
