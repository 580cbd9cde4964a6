using System.Data;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using Sallyport.Contract;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Store;

/// <summary>
/// PostgreSQL, shared by the nodes. Writing transactions are serializable (PostgreSQL 13.2.3): what reads a count of approvals and writes what follows from it
/// is right without any locks in its own code, and is run again where two met.
/// </summary>
internal sealed class PostgresDatabase : Database
{
    /// <summary>Connections per node.</summary>
    private const int Connections = 32;

    /// <summary>Any number that no other program locks in this database.</summary>
    private const long MigrationLock = 0x53616C6C79706F72;

    private readonly PooledDbContextFactory<PostgresStateContext> _contexts;
    private readonly NpgsqlDataSource _own;

    public PostgresDatabase(PostgresStoreConfig config)
    {
        Name = $"postgres://{config.Host}:{config.Port}/{config.Database}";
        Source = CreateSource(config, pooling: true);
        _own = CreateSource(config, pooling: false);
        DbContextOptions<PostgresStateContext> options = new DbContextOptionsBuilder<PostgresStateContext>()
            .UseNpgsql(Source)
            .AddInterceptors(new PoolHop.Commands(), new PoolHop.Connections(), new PoolHop.Transactions())
            .Options;
        _contexts = new PooledDbContextFactory<PostgresStateContext>(options, PooledContexts);
    }

    public override string Name { get; }

    /// <summary>The connections, for what is no business of the tables (LISTEN).</summary>
    public NpgsqlDataSource Source { get; }

    public override IsolationLevel WriteIsolation => IsolationLevel.Serializable;

    public override StateContext Open() => _contexts.CreateDbContext();

    public override ValueTask<IDisposable?> EnterWriteAsync(CancellationToken cancel) => ValueTask.FromResult<IDisposable?>(null);

    /// <summary>A standby answers too, but takes no writes.</summary>
    public override async Task ProbeAsync(CancellationToken cancel)
    {
        await using NpgsqlCommand command = Source.CreateCommand("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool");
        if (await command.ExecuteScalarAsync(cancel).ConfigureAwait(false) is not false)
            throw new StoreUnavailableException($"{Name} takes no writes: it is a standby, or read-only");
    }

    /// <summary>A connection that is nobody's afterwards: settings and locks of its session end with it.</summary>
    public Task<NpgsqlConnection> OpenOwnAsync(CancellationToken cancel) => _own.OpenConnectionAsync(cancel).AsTask();

    public override Task<IDbContextTransaction> BeginSnapshotAsync(StateContext db, CancellationToken cancel) => db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);

    public override async Task ForgetDeletedAsync(CancellationToken cancel)
    {
        await using NpgsqlCommand command = Source.CreateCommand("VACUUM data_keys, users, signing_keys, targets, one_times");
        await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
    }

    public override async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync().ConfigureAwait(false);
        await _own.DisposeAsync().ConfigureAwait(false);
    }

    protected override DatabaseFailure ClassifyOne(Exception failure) => failure switch
    {
        PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected } => DatabaseFailure.Conflict,
        PostgresException { SqlState: PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.LockNotAvailable } => DatabaseFailure.Busy,
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } => DatabaseFailure.Lost,

        // 08 connection, 28 refused login, 3D no such database, 53 out of resources, 57P shutting down, 58 system error, XX internal error.
        PostgresException { SqlState: var state } => state[..2] is "08" or "28" or "3D" or "53" or "58" or "XX" || state.StartsWith("57P", StringComparison.Ordinal)
            ? DatabaseFailure.Lost
            : DatabaseFailure.None,

        // A lock that is waited for too long, or no connection free; whether there is more to it the probe finds out.
        NpgsqlException { InnerException: TimeoutException } or TimeoutException => DatabaseFailure.Busy,
        NpgsqlException or SocketException => DatabaseFailure.Lost,
        _ => DatabaseFailure.None,
    };

    protected override Task PrepareAsync(CancellationToken cancel) => Task.CompletedTask;

    protected override async Task<IAsyncDisposable> LockMigrationsAsync(CancellationToken cancel)
    {
        NpgsqlConnection connection = await Source.OpenConnectionAsync(cancel).ConfigureAwait(false);
        try
        {
            // The lock is the connection's, and goes with it. It is waited for as long as a migration may take.
            await using var command = new NpgsqlCommand($"SELECT pg_advisory_lock({MigrationLock})", connection) { CommandTimeout = 600 };
            await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
            return new AdvisoryLock(connection);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static NpgsqlDataSource CreateSource(PostgresStoreConfig config, bool pooling)
    {
        var builder = new NpgsqlDataSourceBuilder();
        NpgsqlConnectionStringBuilder settings = builder.ConnectionStringBuilder;
        settings.Host = config.Host;
        settings.Port = config.Port;
        settings.Database = config.Database;
        settings.Username = config.User;
        settings.ApplicationName = "sallyport";
        settings.Pooling = pooling;
        settings.MaxPoolSize = Connections;
        settings.Timeout = 5;
        settings.CommandTimeout = 10;
        settings.CancellationTimeout = 2000;
        settings.KeepAlive = 15;
        settings.PersistSecurityInfo = false;
        settings.IncludeErrorDetail = false;
        settings.SslMode = config.TlsMode switch
        {
            TargetTlsMode.Disable => SslMode.Disable,
            TargetTlsMode.Require => SslMode.Require,
            TargetTlsMode.VerifyCa => SslMode.VerifyCA,
            _ => SslMode.VerifyFull,
        };
        settings.RootCertificate = config.CertificateAuthority?.Path;
        if (config.Password is { } password)
        {
            builder.UsePasswordProvider(
                _ => password.Read(),
                async (_, cancel) => await Task.Run(password.Read, cancel).ConfigureAwait(false));
        }

        return builder.Build();
    }

    private sealed class AdvisoryLock(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await using (connection.ConfigureAwait(false))
            {
                await using var command = new NpgsqlCommand($"SELECT pg_advisory_unlock({MigrationLock})", connection);
                await command.ExecuteNonQueryAsync().ConfigureAwait(false);
            }
        }
    }
}
