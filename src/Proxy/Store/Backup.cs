using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace Sallyport.Proxy.Store;

/// <summary>Brings the state into a file and back, from and to either database: also the way from SQLite to PostgreSQL.</summary>
internal static class Backup
{
    private const int Page = 1000;

    /// <summary>A daemon that spoke so lately may be alive.</summary>
    private static readonly TimeSpan Alive = TimeSpan.FromSeconds(60);

    /// <summary>Writes the state as it is at one moment. Daemons go on meanwhile.</summary>
    /// <param name="progress">Called with the rows written so far.</param>
    public static Task<(long Rows, string Digest)> MakeAsync(StateStore store, string path, string program, TimeProvider time, Action<string, long> progress, CancellationToken cancel) => Task.Run(
        async () =>
        {
            using var file = new BackupFile.Writer(path);
            await using StateContext db = store.OpenContext();
            await using IDbContextTransaction moment = await store.Database.BeginSnapshotAsync(db, cancel).ConfigureAwait(false);
            file.Begin(new BackupFile.Header(Migration(db), time.GetUtcNow(), program));
            foreach (IEntityType table in Portable.Tables(db).Where(Portable.IsKept))
            {
                file.Table(table.GetTableName()!, table.GetProperties().Select(p => p.Name));
                await WriteTableAsync(db, table, file, progress, cancel).ConfigureAwait(false);
            }

            return (file.Rows, file.Complete());
        },
        cancel);

    /// <summary>Reads a backup into a store, in one transaction.</summary>
    /// <param name="force">What is in the store is thrown away; otherwise there must be nothing.</param>
    /// <exception cref="StateRefusedException">The file is not good, the store is not empty, or a daemon runs on it.</exception>
    public static async Task<long> RestoreAsync(StateStore store, string path, bool force, TimeProvider time, Action<string, long> progress, CancellationToken cancel)
    {
        BackupFile.Reader file = await Task.Run(() => new BackupFile.Reader(path), cancel).ConfigureAwait(false);
        long rows = await store.WriteAsync(
            async (db, token) =>
            {
                if (file.Start.Migration != Migration(db))
                    throw new StateRefusedException($"{path} was made at {file.Start.Migration} (program {file.Start.Program}) and this version has {Migration(db)}: restore it with the version that made it, then upgrade");
                DateTimeOffset alive = time.GetUtcNow() - Alive;
                if (await db.Nodes.Where(n => n.LastSeenAt > alive).Select(n => n.Name).FirstOrDefaultAsync(token).ConfigureAwait(false) is { } node)
                    throw new StateRefusedException($"the daemon {node} runs on {store.Database.Name}, or did a minute ago: stop every daemon first");
                await EmptyAsync(db, force, store.Database.Name, token).ConfigureAwait(false);
                return await ReadTablesAsync(db, file, progress, token).ConfigureAwait(false);
            },
            cancel).ConfigureAwait(false);
        return rows == file.Rows ? rows : throw new StateRefusedException($"{path} has {rows} rows and says {file.Rows}");
    }

    private static string Migration(StateContext db) => db.Database.GetMigrations().Last();

    private static async Task WriteTableAsync(StateContext db, IEntityType table, BackupFile.Writer file, Action<string, long> progress, CancellationToken cancel)
    {
        IProperty[] columns = [.. table.GetProperties()];

        // Tracked: foreign keys may have no property of their own, and only an entry knows them.
        await foreach (object row in Rows(db, table).AsTracking().AsAsyncEnumerable().WithCancellation(cancel).ConfigureAwait(false))
        {
            EntityEntry entry = db.Entry(row);
            file.Row(columns.Select(column => entry.Property(column).CurrentValue));
            if (file.Rows % Page == 0)
            {
                db.ChangeTracker.Clear();
                progress(table.GetTableName()!, file.Rows);
            }
        }

        db.ChangeTracker.Clear();
        progress(table.GetTableName()!, file.Rows);
    }

    private static IQueryable<object> Rows(StateContext db, IEntityType table)
    {
        System.Reflection.MethodInfo set = typeof(DbContext).GetMethod(nameof(DbContext.Set), 1, [])!.MakeGenericMethod(table.ClrType);
        return (IQueryable<object>)set.Invoke(db, null)!;
    }

    private static async Task EmptyAsync(StateContext db, bool force, string name, CancellationToken cancel)
    {
        foreach (IEntityType table in Portable.Tables(db).Reverse())
        {
            if (!force && Portable.IsKept(table) && await Rows(db, table).AnyAsync(cancel).ConfigureAwait(false))
                throw new StateRefusedException($"{name} is not empty ({table.GetTableName()}): give --force to throw away what is in it");
            await Rows(db, table).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        }
    }

    private static async Task<long> ReadTablesAsync(StateContext db, BackupFile.Reader file, Action<string, long> progress, CancellationToken cancel)
    {
        Dictionary<string, IEntityType> tables = Portable.Tables(db).Where(Portable.IsKept).ToDictionary(t => t.GetTableName()!, StringComparer.Ordinal);
        IEntityType? table = null;
        IProperty[] columns = [];
        long rows = 0;
        db.ChangeTracker.AutoDetectChangesEnabled = false;
        foreach (JsonDocument line in file.Lines())
        {
            using (line)
            {
                if (line.RootElement.ValueKind == JsonValueKind.Object)
                {
                    string name = line.RootElement.GetProperty("table").GetString()!;
                    table = tables.GetValueOrDefault(name) ?? throw new StateRefusedException($"the backup has a table {name} that this version does not know");
                    columns = [.. line.RootElement.GetProperty("columns").EnumerateArray().Select(c => Column(table, c.GetString()!))];
                    continue;
                }

                Add(db, table ?? throw new StateRefusedException("the backup has rows of no table"), columns, line.RootElement);
            }

            if (++rows % Page == 0)
            {
                await db.SaveChangesAsync(cancel).ConfigureAwait(false);
                db.ChangeTracker.Clear();
                progress(table.GetTableName()!, rows);
            }
        }

        await db.SaveChangesAsync(cancel).ConfigureAwait(false);
        db.ChangeTracker.Clear();
        await ContinueNumbersAsync(db, tables.Values, cancel).ConfigureAwait(false);
        return rows;
    }

    private static IProperty Column(IEntityType table, string name) =>
        table.FindProperty(name) ?? throw new StateRefusedException($"the backup has a column {table.GetTableName()}.{name} that this version does not know");

    private static void Add(StateContext db, IEntityType table, IProperty[] columns, JsonElement values)
    {
        EntityEntry entry = db.Entry(Activator.CreateInstance(table.ClrType)!);
        int i = 0;
        foreach (JsonElement value in values.EnumerateArray())
        {
            IProperty column = columns[i++];
            entry.Property(column).CurrentValue = Portable.Read(value, column.ClrType);
        }

        entry.State = EntityState.Added;
    }

    /// <summary>PostgreSQL counts on from where its counter is, not from what is in the table.</summary>
    private static async Task ContinueNumbersAsync(StateContext db, IEnumerable<IEntityType> tables, CancellationToken cancel)
    {
        if (!db.Database.IsNpgsql())
            return;
        foreach (IEntityType table in tables)
        {
            if (table.FindPrimaryKey()?.Properties is not [{ ValueGenerated: ValueGenerated.OnAdd } key] || key.ClrType != typeof(long))
                continue;

            // Names of the model, never of the file.
            string sql = $"SELECT setval(pg_get_serial_sequence('\"{table.GetTableName()}\"', '{key.Name}'), coalesce(max(\"{key.Name}\"), 0) + 1, false) FROM \"{table.GetTableName()}\"";
            await db.Database.ExecuteSqlRawAsync(sql, cancel).ConfigureAwait(false);
        }
    }
}
