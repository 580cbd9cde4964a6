using Npgsql;
using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Masking;

/// <summary>
/// A daemon that allows everything and masks columns of the database <see cref="Database"/>: whatever is not shown, is not shown because of
/// masking. Clients come by the plaintext listener, so that all they are sent can be looked through.
/// </summary>
public sealed class MaskedDaemon(PostgresServer postgres) : DaemonFixture(postgres, DaemonSetup.With(Policy))
{
    public const string Database = "masks";

    public const string Policy = """
        policy: masked
        rules:
          - {id: all, effect: allow, verbs: all, unparsed: true, truncated: true}
        mask:
          - {id: email, columns: [public.people.email, public.parts.email, public.base.email, public.people.born], with: email}
          - {id: card, columns: [public.people.card, public.people.photo], with: last4}
          - {id: note, columns: [public.people.note, public.people.pin], with: redact}
          - {id: ssn, columns: [public.people.ssn, public.people.ref], with: hash}
          - {id: nick, columns: public.people.nick, with: "null"}

        """;

    /// <summary>Runs a script with psql and returns every byte that psql was sent.</summary>
    public async Task<(PsqlResult Result, byte[] Shown)> ByPsqlAsync(string script, params string[] arguments) =>
        await RelayedAsync(Daemon.PlaintextPort, Daemon.Psql(Token, "shop/" + Database), script, arguments);

    /// <summary>The same, past Sallyport.</summary>
    public async Task<(PsqlResult Result, byte[] Shown)> DirectlyAsync(string script, params string[] arguments) =>
        await RelayedAsync(Postgres.Port, Postgres.DirectPsql(database: Database), script, arguments);

    /// <summary>Works with Npgsql and returns every byte that it was sent.</summary>
    public async Task<byte[]> ByNpgsqlAsync(Func<NpgsqlConnection, Task> work, Action<NpgsqlConnectionStringBuilder>? adjust = null)
    {
        await using var relay = new Relay(Daemon.PlaintextPort);
        NpgsqlConnectionStringBuilder settings = Daemon.Npgsql(Token, "shop/" + Database);
        (settings.Host, settings.Port, settings.SslMode, settings.RootCertificate) = ("127.0.0.1", relay.Port, SslMode.Disable, null);
        adjust?.Invoke(settings);
        await using (var connection = new NpgsqlConnection(settings.ConnectionString))
        {
            await connection.OpenAsync();
            await work(connection);
        }

        return relay.ToClients;
    }

    public override async Task InitializeAsync()
    {
        if (await Postgres.SqlAsync($"SELECT 1 FROM pg_database WHERE datname = '{Database}'", "postgres") is null)
        {
            await Postgres.SqlAsync($"CREATE DATABASE {Database}", "postgres");
            await Postgres.SqlAsync(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests/EndToEnd.Tests/Masking/people.sql")), Database);
        }

        await base.InitializeAsync();
    }

    private static async Task<(PsqlResult Result, byte[] Shown)> RelayedAsync(int port, PsqlTarget target, string script, string[] arguments)
    {
        await using var relay = new Relay(port);
        PsqlResult result = await Psql.ScriptAsync(target with { Host = "127.0.0.1", Port = relay.Port, SslMode = "disable" }, script + "\n", arguments);
        return (result, relay.ToClients);
    }
}
