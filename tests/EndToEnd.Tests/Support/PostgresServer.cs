using Npgsql;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>
/// A real, throw-away PostgreSQL: the newest that Debian's packages put on this machine, on a free loopback port, scram-sha-256, TLS with
/// a certificate for <c>localhost</c> from a CA of its own. It has the database <c>shop</c> of eng/shop.sql and the login role
/// <see cref="AppUser"/> that owns nothing but may read and write all of it. Started once per test run, in about a second.
/// </summary>
public sealed class PostgresServer : IAsyncLifetime
{
    /// <summary>The name its certificate is for.</summary>
    public const string Host = "localhost";

    /// <summary>The database with customers and orders.</summary>
    public const string Database = "shop";

    /// <summary>The role that a target's credential names.</summary>
    public const string AppUser = "shop_app";

    /// <summary>The password of <see cref="AppUser"/>: what no client may ever see.</summary>
    public const string AppPassword = "canary-7c1f0e93-target-password";

    private readonly TempFolder _folder = new();
    private ChildProcess? _process;

    /// <summary>Its port.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>PEM file of the CA that signed its certificate.</summary>
    public string CaFile => _folder.At("pg/ca.crt");

    /// <summary>Password of the superuser <c>postgres</c>.</summary>
    public string SuperuserPassword { get; private set; } = "";

    /// <summary>The major version: 15, 17, …</summary>
    public int MajorVersion { get; private set; }

    /// <summary>All it has logged so far.</summary>
    public string Log => (_process ?? throw NotStarted()).Error;

    /// <summary>Npgsql settings that lead straight to it, past any proxy.</summary>
    public NpgsqlConnectionStringBuilder Direct(string user = AppUser, string database = Database) => new()
    {
        Host = Host,
        Port = Port,
        Database = database,
        Username = user,
        Password = user == AppUser ? AppPassword : SuperuserPassword,
        SslMode = SslMode.VerifyFull,
        RootCertificate = CaFile,
        Pooling = false,
    };

    /// <summary>psql settings that lead straight to it, past any proxy.</summary>
    public PsqlTarget DirectPsql(string user = AppUser, string database = Database) =>
        new(Host, Port, database, user, user == AppUser ? AppPassword : SuperuserPassword) { RootCertificate = CaFile };

    /// <summary>Runs SQL (several statements, if you like) as the superuser and returns the first value of the first row, if any.</summary>
    public async Task<object?> SqlAsync(string sql, string database = Database)
    {
        await using var connection = new NpgsqlConnection(Direct("postgres", database).ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Asks the server again and again, as the superuser, until <paramref name="query"/> returns <paramref name="expected"/>.</summary>
    /// <exception cref="TimeoutException">It did not within 30 s.</exception>
    public async Task WaitForAsync(string query, object expected, string database = Database)
    {
        long deadline = Environment.TickCount64 + 30_000;
        object? actual;
        while (!expected.Equals(actual = await SqlAsync(query, database)))
        {
            if (Environment.TickCount64 > deadline)
                throw new TimeoutException($"{query}: still {actual}, not {expected}");
        }
    }

    /// <summary>Waits until it has logged <paramref name="text"/>.</summary>
    public Task WaitForLogAsync(string text) => (_process ?? throw NotStarted()).WaitForOutputAsync(text);

    public async Task InitializeAsync()
    {
        _process = ChildProcess.Start([Repository.Script("postgres"), "--leash", _folder.At("pg"), Port.ToString()]);
        await _process.WaitForOutputAsync("database system is ready to accept connections");
        SuperuserPassword = (await File.ReadAllTextAsync(_folder.At("pg/superuser.password"))).Trim();
        MajorVersion = Convert.ToInt32(await SqlAsync("SELECT current_setting('server_version_num')::int / 10000", "postgres"));
        await SqlAsync($"CREATE ROLE {AppUser} LOGIN PASSWORD '{AppPassword}'", "postgres");
        await SqlAsync($"CREATE DATABASE {Database}", "postgres");
        await SqlAsync(await File.ReadAllTextAsync(Repository.Script("shop.sql")));
    }

    public async Task DisposeAsync()
    {
        if (_process is not null)
        {
            // A fast shutdown: PostgreSQL itself ends every backend first.
            await _process.StopAsync(UnixSignal.Int);
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }

    private static InvalidOperationException NotStarted() => new("The server has not been started.");
}

/// <summary>Test classes of this collection share one <see cref="PostgresServer"/>.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresTests : ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL";
}
