using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Cluster;

/// <summary>The right to be a node of that name: a lock that ends with the process that holds it, so that a killed daemon can start again at once and a second one cannot start at all.</summary>
internal abstract class NodeName : IAsyncDisposable
{
    /// <exception cref="StateRefusedException">Another process has it.</exception>
    public static async Task<NodeName> ClaimAsync(Database database, string node, Action wake, TimeProvider time, Log log, CancellationToken cancel) => database switch
    {
        PostgresDatabase postgres => await PostgresNodeName.ClaimAsync(postgres, node, wake, time, log, cancel).ConfigureAwait(false),
        SqliteDatabase sqlite => new FileNodeName(sqlite.Name),
        _ => throw new ArgumentException("no such database", nameof(database)),
    };

    public abstract ValueTask DisposeAsync();

    /// <summary>SQLite has one node: the lock is on a file beside the state, and the kernel's.</summary>
    private sealed class FileNodeName : NodeName
    {
        private readonly FileStream _file;

        public FileNodeName(string state)
        {
            try
            {
                _file = new FileStream(state + ".daemon", new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                });
            }
            catch (IOException taken)
            {
                throw new StateRefusedException($"another daemon runs on {state}: a SQLite state has one node. Several nodes need PostgreSQL", taken);
            }
        }

        public override ValueTask DisposeAsync() => _file.DisposeAsync();
    }
}

/// <summary>
/// On PostgreSQL one connection of its own does both: it holds the name (an advisory lock, PostgreSQL 13.3.5) and listens (LISTEN). It must not go through a
/// pooler that gives each transaction another session.
/// </summary>
internal sealed class PostgresNodeName : NodeName
{
    /// <summary>The first half of the locks' numbers: what kind of lock it is.</summary>
    private const int Kind = 0x53616C6C;

    /// <summary>The server forgets a connection whose machine has died within about 25 s; until then its successor waits.</summary>
    private const string Settings = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET statement_timeout = '10s'";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Another's heartbeat younger than this: it is alive, and waiting is in vain.</summary>
    private static readonly TimeSpan Alive = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly PostgresDatabase _database;
    private readonly string _node;
    private readonly Action _wake;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly CancellationTokenSource _stop = new();
    private Task _listening = Task.CompletedTask;

    private PostgresNodeName(PostgresDatabase database, string node, Action wake, TimeProvider time, Log log)
    {
        _database = database;
        _node = node;
        _wake = wake;
        _time = time;
        _log = log;
    }

    /// <summary>Takes the name and listens from then on; whenever the connection is lost, both begin again.</summary>
    public static async Task<PostgresNodeName> ClaimAsync(PostgresDatabase database, string node, Action wake, TimeProvider time, Log log, CancellationToken cancel)
    {
        var name = new PostgresNodeName(database, node, wake, time, log);
        NpgsqlConnection connection = await name.ConnectAsync(cancel).ConfigureAwait(false);
        try
        {
            await name.WaitForNameAsync(connection, cancel).ConfigureAwait(false);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        name._listening = Task.Run(() => name.RunAsync(connection), CancellationToken.None);
        return name;
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _listening.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task WaitForNameAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        long began = _time.GetTimestamp();
        while (!await TryLockAsync(connection, cancel).ConfigureAwait(false))
        {
            if (await IsAliveAsync(connection, cancel).ConfigureAwait(false) || _time.GetElapsedTime(began) > Patience)
                throw new StateRefusedException($"another daemon named {_node} runs on {_database.Name}: give each its own \"node\"");
            await Task.Delay(Pause, _time, cancel).ConfigureAwait(false);
        }
    }

    private async Task RunAsync(NpgsqlConnection first)
    {
        NpgsqlConnection? connection = first;
        bool named = true;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                connection ??= await ConnectAsync(_stop.Token).ConfigureAwait(false);
                named = named || await TryLockAsync(connection, _stop.Token).ConfigureAwait(false);
                if (!named)
                    _log.Error("node-name-taken", new LogField("name", _node));
                await ListenAsync(connection).ConfigureAwait(false);
            }
            catch (Exception lost) when (lost is NpgsqlException or IOException or TimeoutException or System.Net.Sockets.SocketException && !_stop.IsCancellationRequested)
            {
                _log.Warning("store-listener-lost", new("error", lost.GetBaseException().Message), new("meanwhile", "the store is asked each second"));
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                break;
            }

            if (connection is not null)
                await connection.DisposeAsync().ConfigureAwait(false);
            (connection, named) = (null, false);
            await Task.Delay(Pause, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (connection is not null)
            await connection.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Returns when the name has to be tried for again; throws when the connection is lost.</summary>
    private async Task ListenAsync(NpgsqlConnection connection)
    {
        void OnNotification(object sender, NpgsqlNotificationEventArgs e) => _wake();
        connection.Notification += OnNotification;
        await ExecuteAsync(connection, $"LISTEN {EventLog.Channel}", _stop.Token).ConfigureAwait(false);
        _wake();
        while (true)
        {
            // Silence is broken by a question now and then: a connection can be lost without a word.
            if (!await connection.WaitAsync(Alive, _stop.Token).ConfigureAwait(false))
                await ExecuteAsync(connection, "SELECT 1", _stop.Token).ConfigureAwait(false);
        }
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancel)
    {
        // Not from the pool: what was set and locked must go with it.
        NpgsqlConnection connection = await _database.OpenOwnAsync(cancel).ConfigureAwait(false);
        try
        {
            await ExecuteAsync(connection, Settings, cancel).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<bool> TryLockAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        int number = BinaryPrimitives.ReadInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(_node)));
        await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock($1, $2)", connection)
        {
            Parameters = { new() { Value = Kind }, new() { Value = number } },
        };
        return await command.ExecuteScalarAsync(cancel).ConfigureAwait(false) is true;
    }

    private async Task<bool> IsAliveAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT count(*) FROM nodes WHERE \"Name\" = $1 AND \"LastSeenAt\" > extract(epoch FROM clock_timestamp()) * 1000 - $2", connection)
        {
            Parameters = { new() { Value = _node }, new() { Value = (long)Alive.TotalMilliseconds } },
        };
        return await command.ExecuteScalarAsync(cancel).ConfigureAwait(false) is > 0L;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
        await Task.Yield();
    }
}
