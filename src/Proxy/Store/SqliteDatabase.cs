using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using SQLitePCL;

namespace Sallyport.Proxy.Store;

/// <summary>
/// SQLite in one file: WAL, so that readers and the one writer do not wait for each other. Commits are forced to the disk (synchronous=FULL): in WAL mode
/// NORMAL may forget the last commits when the power fails, and a forgotten revocation is a door that opens again. Writes are few and short, so
/// the price, one fsync each, is paid by nobody's query.
/// </summary>
internal sealed class SqliteDatabase : Database
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode DirectoryMode = OwnerOnly | UnixFileMode.UserExecute;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>How long another process (a command beside the daemon) may hold the writer's lock.</summary>
    private static readonly TimeSpan BusyTime = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LockTime = TimeSpan.FromSeconds(60);

    private readonly string _path;
    private readonly string _connection;
    private readonly PooledDbContextFactory<SqliteStateContext> _contexts;
    private readonly SemaphoreSlim _writer = new(1, 1);

    public SqliteDatabase(string path)
    {
        _path = path;
        _connection = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWrite,
            ForeignKeys = true,
            Pooling = true,
            DefaultTimeout = (int)BusyTime.TotalSeconds,
        }.ToString();
        DbContextOptions<SqliteStateContext> options = new DbContextOptionsBuilder<SqliteStateContext>()
            .UseSqlite(_connection)
            .AddInterceptors(new Pragmas())
            .Options;
        _contexts = new PooledDbContextFactory<SqliteStateContext>(options, PooledContexts);
    }

    public override string Name => _path;

    /// <summary>BEGIN IMMEDIATE: the lock is had before anything is read, so no transaction fails half-way.</summary>
    public override IsolationLevel WriteIsolation => IsolationLevel.Serializable;

    public override StateContext Open() => _contexts.CreateDbContext();

    public override async ValueTask<IDisposable?> EnterWriteAsync(CancellationToken cancel)
    {
        await _writer.WaitAsync(cancel).ConfigureAwait(false);
        return new Turn(_writer);
    }

    /// <summary>Writes the number that is there already: whether a full or read-only disk takes writes again is only known by writing.</summary>
    public override async Task ProbeAsync(CancellationToken cancel)
    {
        // Whoever writes now finds out as well.
        if (!await _writer.WaitAsync(TimeSpan.Zero, cancel).ConfigureAwait(false))
            return;
        using var turn = new Turn(_writer);
        await using var connection = new SqliteConnection(_connection);
        await connection.OpenAsync(cancel).ConfigureAwait(false);
        try
        {
            await ExecuteAsync(connection, "PRAGMA user_version = 1", cancel).ConfigureAwait(false);
        }
        catch (SqliteException busy) when (busy.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED)
        {
            // Another process writes: the file takes writes.
        }
    }

    public override async Task<IDbContextTransaction> BeginSnapshotAsync(StateContext db, CancellationToken cancel)
    {
        await db.Database.OpenConnectionAsync(cancel).ConfigureAwait(false);
        SqliteTransaction deferred = ((SqliteConnection)db.Database.GetDbConnection()).BeginTransaction(deferred: true);
        return db.Database.UseTransaction(deferred) ?? throw new InvalidOperationException("no transaction");
    }

    /// <summary>Deleted rows are zeroed as they go (secure_delete); what remains of them is in the WAL, which this empties.</summary>
    public override async Task ForgetDeletedAsync(CancellationToken cancel)
    {
        using IDisposable? turn = await EnterWriteAsync(cancel).ConfigureAwait(false);
        await using var connection = new SqliteConnection(_connection);
        await connection.OpenAsync(cancel).ConfigureAwait(false);
        await ExecuteAsync(connection, "PRAGMA wal_checkpoint(TRUNCATE)", cancel).ConfigureAwait(false);
    }

    public override ValueTask DisposeAsync()
    {
        // Closing the last connection also moves what is in the WAL into the file.
        using (var connection = new SqliteConnection(_connection))
            SqliteConnection.ClearPool(connection);
        _writer.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override DatabaseFailure ClassifyOne(Exception failure) => failure is not SqliteException { SqliteErrorCode: var code } ? DatabaseFailure.None : code switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => DatabaseFailure.Busy,
        raw.SQLITE_IOERR or raw.SQLITE_FULL or raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY or raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_PERM
            => DatabaseFailure.Lost,
        _ => DatabaseFailure.None,
    };

    /// <summary>The file and its directory are the owner's alone; SQLite gives its WAL the mode of the file.</summary>
    protected override async Task PrepareAsync(CancellationToken cancel)
    {
        try
        {
            if (Path.GetDirectoryName(_path) is { Length: > 0 } directory && !Directory.Exists(directory))
                Directory.CreateDirectory(directory, DirectoryMode);
            if (!File.Exists(_path))
                CreateEmpty();

            // Looked at by name: opening and closing the file here would take away the locks that SQLite holds on it in this process (fcntl(2)).
            if ((File.GetUnixFileMode(_path) & Others) != 0)
                throw new StateRefusedException($"{_path} can be read or written by others than its owner: it holds password hashes and sealed secrets. Find out who did, then: chmod 600 {_path}");
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new StateRefusedException($"{_path} cannot be opened: {denied.Message}", denied);
        }

        await using var connection = new SqliteConnection(_connection);
        try
        {
            await connection.OpenAsync(cancel).ConfigureAwait(false);
            await ExecuteAsync(connection, $"PRAGMA busy_timeout = {(int)BusyTime.TotalMilliseconds}; PRAGMA journal_mode = WAL;", cancel).ConfigureAwait(false);
        }
        catch (SqliteException unusable) when (unusable.SqliteErrorCode is raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT)
        {
            throw new StateRefusedException($"{_path} is no SQLite database, or a damaged one: {unusable.Message}", unusable);
        }
    }

    private void CreateEmpty()
    {
        try
        {
            using FileStream empty = new(_path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        }
        catch (IOException) when (File.Exists(_path))
        {
            // Another process was faster.
        }
    }

    /// <summary>
    /// A lock of the kernel's, which ends with the process. The migration lock of the library is a row, which a killed process leaves behind for ever: who holds
    /// this lock knows that such a row is nobody's.
    /// </summary>
    protected override async Task<IAsyncDisposable> LockMigrationsAsync(CancellationToken cancel)
    {
        FileStream held = await LockFileAsync(_path + ".lock", cancel).ConfigureAwait(false);
        try
        {
            await using var connection = new SqliteConnection(_connection);
            await connection.OpenAsync(cancel).ConfigureAwait(false);
            await ExecuteAsync(connection, "DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancel).ConfigureAwait(false);
            return held;
        }
        catch
        {
            await held.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<FileStream> LockFileAsync(string path, CancellationToken cancel)
    {
        long deadline = Environment.TickCount64 + (long)LockTime.TotalMilliseconds;
        while (true)
        {
            try
            {
                return new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = OwnerOnly });
            }
            catch (IOException) when (Environment.TickCount64 < deadline)
            {
                await Task.Delay(50, cancel).ConfigureAwait(false);
            }
        }
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql, CancellationToken cancel)
    {
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
    }

    private sealed class Turn(SemaphoreSlim writer) : IDisposable
    {
        private SemaphoreSlim? _writer = writer;

        public void Dispose() => Interlocked.Exchange(ref _writer, null)?.Release();
    }

    /// <summary>Settings that SQLite keeps per connection.</summary>
    private sealed class Pragmas : DbConnectionInterceptor
    {
        private static readonly string Sql = $"PRAGMA busy_timeout = {(int)BusyTime.TotalMilliseconds}; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;";

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using DbCommand command = connection.CreateCommand();
            command.CommandText = Sql;
            command.ExecuteNonQuery();
        }

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            ConnectionOpened(connection, eventData);
            return Task.CompletedTask;
        }
    }
}
