using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using NpgsqlTypes;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Audit;

/// <summary>Adds many rows to the audit in one go, each in the way that is quickest for its database; rows that are there already are left out.</summary>
internal static class AuditInsert
{
    private const string Columns = "\"Id\", \"At\", \"Node\", \"Type\", \"Actor\", \"ActorIssuer\", \"Target\", \"SessionId\", \"Json\"";

    public static async Task<bool> AddMissingAsync(StateContext db, IReadOnlyList<AuditRow> rows, CancellationToken cancel)
    {
        if (db.Database.IsNpgsql())
            await AddToPostgresAsync(db, rows, cancel).ConfigureAwait(false);
        else
            AddToSqlite(db, rows);
        return true;
    }

    /// <summary>One statement, with an array for each column.</summary>
    private static async Task AddToPostgresAsync(StateContext db, IReadOnlyList<AuditRow> rows, CancellationToken cancel)
    {
        var connection = (NpgsqlConnection)db.Database.GetDbConnection();
        await using var insert = new NpgsqlCommand($"INSERT INTO audit ({Columns}) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (\"Id\") DO NOTHING", connection)
        {
            Transaction = (NpgsqlTransaction?)db.Database.CurrentTransaction?.GetDbTransaction(),
            Parameters =
            {
                Array(NpgsqlDbType.Uuid, rows.Select(r => r.Id)),
                Array(NpgsqlDbType.Bigint, rows.Select(r => r.At.ToUnixTimeMilliseconds())),
                Array(NpgsqlDbType.Text, rows.Select(r => r.Node)),
                Array(NpgsqlDbType.Text, rows.Select(r => r.Type)),
                Array(NpgsqlDbType.Text, rows.Select(r => r.Actor)),
                Array(NpgsqlDbType.Text, rows.Select(r => r.ActorIssuer)),
                Array(NpgsqlDbType.Text, rows.Select(r => r.Target)),
                Array(NpgsqlDbType.Uuid, rows.Select(r => r.SessionId)),
                Array(NpgsqlDbType.Text, rows.Select(r => r.Json)),
            },
        };
        await insert.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
        await Task.Yield();
    }

    private static NpgsqlParameter Array<T>(NpgsqlDbType type, IEnumerable<T> values) => new() { NpgsqlDbType = NpgsqlDbType.Array | type, Value = values.ToArray() };

    /// <summary>One statement, prepared once.</summary>
    private static void AddToSqlite(StateContext db, IReadOnlyList<AuditRow> rows)
    {
        var connection = (SqliteConnection)db.Database.GetDbConnection();
        using SqliteCommand insert = connection.CreateCommand();
        insert.Transaction = (SqliteTransaction?)db.Database.CurrentTransaction?.GetDbTransaction();
        insert.CommandText = $"INSERT INTO audit ({Columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (\"Id\") DO NOTHING";
        for (int i = 1; i <= 9; i++)
            insert.Parameters.Add(new SqliteParameter($"${i}", null));
        foreach (AuditRow row in rows)
        {
            object?[] values = [row.Id, row.At.ToUnixTimeMilliseconds(), row.Node, row.Type, row.Actor, row.ActorIssuer, row.Target, row.SessionId, row.Json];
            for (int i = 0; i < values.Length; i++)
                insert.Parameters[i].Value = values[i] ?? DBNull.Value;
            insert.ExecuteNonQuery();
        }
    }
}
