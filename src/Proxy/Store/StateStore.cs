using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Store;

/// <summary>
/// The state, on either database. Every call moves to the thread pool first and ends there: SQLite blocks, and what the caller does next must not run on a thread
/// that polls sockets. While the database is lost, calls fail at once, and a probe in the background finds out when it is back.
/// </summary>
internal sealed class StateStore : IStateStore, IAsyncDisposable
{
    /// <summary>A write that has met others so often waits for its turn among those of this node that have, too: then at most one per node goes on meeting.</summary>
    private const int Crowded = 3;

    /// <summary>For so long a write that met another is run again.</summary>
    private static readonly TimeSpan RetryTime = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(5);

    private readonly StoreHealth _health;
    private readonly SemaphoreSlim _crowd = new(1, 1);

    private StateStore(Database database, TimeProvider time, Log log)
    {
        Database = database;
        _health = new StoreHealth(database, time, log);
    }

    public bool IsReachable => LostAt is null;

    public DateTimeOffset? LostAt => _health.LostAt;

    /// <summary>The database itself, for what is not about rows.</summary>
    public Database Database { get; }

    /// <summary>Opens the state, and makes its tables where they are missing.</summary>
    /// <exception cref="IOException">It cannot be had, or must not be used; the message says why.</exception>
    public static async Task<StateStore> OpenAsync(StoreConfig config, TimeProvider time, Log log, CancellationToken cancel)
    {
        Database database = config.Postgres is { } postgres
            ? new PostgresDatabase(postgres)
            : new SqliteDatabase((config.Sqlite ?? throw new ArgumentException("Neither database is configured.", nameof(config))).Path);
        try
        {
            // A model is built and SQLite blocks: not on the caller's thread.
            await Task.Run(() => database.MigrateAsync(cancel), cancel).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            return new StateStore(database, time, log);
        }
        catch (Exception failure) when (database.Classify(failure) != DatabaseFailure.None)
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw new StoreUnavailableException($"{database.Name} cannot be used: {Innermost(failure)}", failure);
        }
        catch
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A context for libraries that bring their own queries and transactions. On the thread pool only.</summary>
    public StateContext OpenContext() => Database.Open();

    public Task<T> ReadAsync<T>(Func<StateContext, CancellationToken, Task<T>> read, CancellationToken cancel) =>
        OnPoolAsync(
            async () =>
            {
                await using StateContext db = Database.Open();
                db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
                return await read(db, cancel).ConfigureAwait(false);
            },
            cancel);

    public Task<T> WriteAsync<T>(Func<StateContext, CancellationToken, Task<T>> write, CancellationToken cancel) => OnPoolAsync(() => WriteAgainAsync(write, cancel), cancel);

    /// <summary>Returns when no probe runs any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _health.DisposeAsync().ConfigureAwait(false);
        await Database.DisposeAsync().ConfigureAwait(false);
        _crowd.Dispose();
    }

    private static string Innermost(Exception failure) => failure.GetBaseException().Message;

    private Task<T> OnPoolAsync<T>(Func<Task<T>> work, CancellationToken cancel) => Task.Run(
        async () =>
        {
            if (LostAt is { } since)
                throw new StoreUnavailableException($"{Database.Name} has been away since {since:u}");
            try
            {
                T result = await work().ConfigureAwait(false);
                _health.Succeeded();
                return result;
            }
            catch (DbException) when (cancel.IsCancellationRequested)
            {
                // SQLite says "interrupted".
                throw new OperationCanceledException(cancel);
            }
            catch (Exception failure) when (failure is not StoreUnavailableException && Database.Classify(failure) is var kind and not DatabaseFailure.None)
            {
                if (kind == DatabaseFailure.Lost)
                    _health.Lost(failure);
                cancel.ThrowIfCancellationRequested();
                throw new StoreUnavailableException($"{Database.Name}: {Innermost(failure)}", failure);
            }
            finally
            {
                // The last answer may have been taken up on a polling thread; who awaits this must not be.
                await Task.Yield();
            }
        },
        cancel);

    private async Task<T> WriteAgainAsync<T>(Func<StateContext, CancellationToken, Task<T>> write, CancellationToken cancel)
    {
        long began = Environment.TickCount64;
        bool inTurn = false;
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                try
                {
                    return await WriteOnceAsync(write, cancel).ConfigureAwait(false);
                }
                catch (Exception failure) when (Database.Classify(failure) == DatabaseFailure.Conflict && Environment.TickCount64 - began < RetryTime.TotalMilliseconds)
                {
                    // Longer each time and never the same, so that two that met do not meet again.
                    double wait = ShortestWait.TotalMilliseconds * (1 << Math.Min(attempt - 1, 4));
                    await Task.Delay(TimeSpan.FromMilliseconds(wait * (0.5 + Random.Shared.NextDouble())), cancel).ConfigureAwait(false);
                }

                if (attempt >= Crowded && !inTurn)
                {
                    await _crowd.WaitAsync(cancel).ConfigureAwait(false);
                    inTurn = true;
                }
            }
        }
        finally
        {
            if (inTurn)
                _crowd.Release();
        }
    }

    private async Task<T> WriteOnceAsync<T>(Func<StateContext, CancellationToken, Task<T>> write, CancellationToken cancel)
    {
        using IDisposable? turn = await Database.EnterWriteAsync(cancel).ConfigureAwait(false);
        await using StateContext db = Database.Open();
        await using IDbContextTransaction transaction = await db.Database.BeginTransactionAsync(Database.WriteIsolation, cancel).ConfigureAwait(false);
        T result = await write(db, cancel).ConfigureAwait(false);
        await db.SaveChangesAsync(cancel).ConfigureAwait(false);
        await transaction.CommitAsync(cancel).ConfigureAwait(false);
        return result;
    }
}
