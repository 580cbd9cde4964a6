using Npgsql;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>A daemon that the tests of one class share, and the token of somebody who may use it.</summary>
public abstract class DaemonFixture(PostgresServer postgres, DaemonSetup setup) : IAsyncLifetime
{
    private SallyportDaemon? _daemon;

    public PostgresServer Postgres { get; } = postgres;

    public SallyportDaemon Daemon => _daemon ?? throw new InvalidOperationException("The daemon has not been started.");

    /// <summary>A token of ada@example.com in the group engineering.</summary>
    public string Token { get; private set; } = "";

    /// <summary>An open connection of Npgsql through the TLS listener.</summary>
    /// <param name="adjust">Changes to its settings.</param>
    public async Task<NpgsqlConnection> OpenAsync(Action<NpgsqlConnectionStringBuilder>? adjust = null)
    {
        NpgsqlConnectionStringBuilder settings = Daemon.Npgsql(Token);
        adjust?.Invoke(settings);
        var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>psql through the TLS listener.</summary>
    public Task<PsqlResult> PsqlAsync(string script, params string[] arguments) => Psql.ScriptAsync(Daemon.Psql(Token), script, arguments);

    public virtual async Task InitializeAsync()
    {
        _daemon = await SallyportDaemon.StartAsync(Postgres, setup);
        Token = await _daemon.TokenAsync("ada@example.com", "engineering");
    }

    public async Task DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
    }
}

/// <summary>A daemon that allows everything.</summary>
public sealed class OpenDaemon(PostgresServer postgres) : DaemonFixture(postgres, DaemonSetup.With(Policies.AllowAll));

/// <summary>A daemon with <see cref="Policies.GuardRails"/>.</summary>
public sealed class GuardedDaemon(PostgresServer postgres) : DaemonFixture(postgres, DaemonSetup.With(Policies.GuardRails));
