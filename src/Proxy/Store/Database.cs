using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Storage;

namespace Sallyport.Proxy.Store;

/// <summary>What a failure of the database means.</summary>
internal enum DatabaseFailure
{
    /// <summary>A mistake of ours, or a rule of the tables: not the database's state.</summary>
    None,

    /// <summary>Two writes met; this one has changed nothing and may be run again.</summary>
    Conflict,

    /// <summary>It had no time or no room for this one.</summary>
    Busy,

    /// <summary>It cannot be reached, or cannot write.</summary>
    Lost,
}

/// <summary>One kind of database: how its contexts are made, what its failures mean, how its tables come to be.</summary>
internal abstract class Database : IAsyncDisposable
{
    /// <summary>Contexts kept for use again. More may be open at once; those are made and thrown away.</summary>
    protected const int PooledContexts = 64;

    /// <summary>For logs: which and where, without credentials.</summary>
    public abstract string Name { get; }

    /// <summary>How strict a writing transaction is.</summary>
    public abstract IsolationLevel WriteIsolation { get; }

    /// <summary>A context, from the pool.</summary>
    public abstract StateContext Open();

    /// <summary>Awaited before each write, disposed after it.</summary>
    public abstract ValueTask<IDisposable?> EnterWriteAsync(CancellationToken cancel);

    /// <summary>Throws, whatever, unless the database can be reached and written to. One that is busy is there.</summary>
    public abstract Task ProbeAsync(CancellationToken cancel);

    /// <summary>Begins a transaction that sees one moment of the whole state, and holds up no writer.</summary>
    public abstract Task<IDbContextTransaction> BeginSnapshotAsync(StateContext db, CancellationToken cancel);

    /// <summary>Takes out of the files what has been deleted from the tables, as far as nobody is still reading it.</summary>
    public abstract Task ForgetDeletedAsync(CancellationToken cancel);

    /// <summary>What a failure means. Layers above the driver wrap its exceptions, so the whole chain is looked at.</summary>
    public DatabaseFailure Classify(Exception failure)
    {
        for (Exception? at = failure; at is not null; at = at.InnerException)
        {
            DatabaseFailure known = ClassifyOne(at);
            if (known != DatabaseFailure.None)
                return known;
        }

        return DatabaseFailure.None;
    }

    /// <summary>Makes the tables, or brings them up to this version. Only one process does so at a time.</summary>
    /// <exception cref="StateRefusedException">They are of a newer version than this program.</exception>
    public async Task MigrateAsync(CancellationToken cancel)
    {
        await PrepareAsync(cancel).ConfigureAwait(false);
        if (await IsCurrentAsync(cancel).ConfigureAwait(false))
            return;
        await using IAsyncDisposable alone = await LockMigrationsAsync(cancel).ConfigureAwait(false);
        if (await IsCurrentAsync(cancel).ConfigureAwait(false))
            return;
        await using StateContext db = Open();
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(10));
        await db.Database.MigrateAsync(cancel).ConfigureAwait(false);
    }

    public abstract ValueTask DisposeAsync();

    protected abstract DatabaseFailure ClassifyOne(Exception failure);

    /// <summary>What must be there before the first connection.</summary>
    protected abstract Task PrepareAsync(CancellationToken cancel);

    /// <summary>A lock that only this process holds, and that ends with it.</summary>
    protected abstract Task<IAsyncDisposable> LockMigrationsAsync(CancellationToken cancel);

    private async Task<bool> IsCurrentAsync(CancellationToken cancel)
    {
        await using StateContext db = Open();
        string[] known = [.. db.Database.GetMigrations()];
        IHistoryRepository history = db.GetService<IHistoryRepository>();
        if (!await history.ExistsAsync(cancel).ConfigureAwait(false))
            return false;
        string[] applied = [.. (await history.GetAppliedMigrationsAsync(cancel).ConfigureAwait(false)).Select(row => row.MigrationId)];
        string? newer = applied.Except(known, StringComparer.Ordinal).Order(StringComparer.Ordinal).LastOrDefault();
        if (newer is not null)
            throw new StateRefusedException($"{Name} was brought to {newer} by a newer version of this program; this version does not know it. Run the newer version, or restore a backup made by this one.");
        return known.Length == applied.Length;
    }
}
