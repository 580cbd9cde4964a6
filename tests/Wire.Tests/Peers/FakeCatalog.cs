using System.Globalization;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>Answers the engine's catalog queries from a small table that a test can change while sessions run.</summary>
public sealed class FakeCatalog
{
    public const uint Text = 25;
    public const uint Int4 = 23;
    public const uint Customers = 16400;
    public const uint Orders = 16500;

    private readonly Lock _lock = new();
    private readonly List<(uint Oid, string Schema, string Name, string[] Columns)> _tables =
    [
        (Customers, "public", "customers", ["id", "email", "card"]),
        (Orders, "public", "orders", ["id", "customer"]),
    ];

    private int _loads;

    /// <summary>How often it was read.</summary>
    public int Loads => Volatile.Read(ref _loads);

    /// <summary>Set: the query fails.</summary>
    public bool IsBroken { get; set; }

    public void Add(uint oid, string name, params string[] columns)
    {
        lock (_lock)
            _tables.Add((oid, "public", name, columns));
    }

    public async Task ServeAsync(ServerPeer peer)
    {
        await peer.LetInAsync();
        Interlocked.Increment(ref _loads);
        while (await peer.TryReceiveAsync() is { } message && message.Type == 'Q')
        {
            if (IsBroken)
                await peer.SendAsync(ErrorResponse("42501", "permission denied for table pg_class"), ReadyForQuery('I'));
            else
                await peer.SendAsync([.. Answer(System.Text.Encoding.UTF8.GetString(message.Body)), CommandComplete("SELECT"), ReadyForQuery('I')]);
        }
    }

    private List<byte[]> Answer(string sql)
    {
        lock (_lock)
        {
            // The seven queries, told apart by what they select from.
            if (sql.Contains("c.relname", StringComparison.Ordinal))
                return [.. _tables.Select(t => DataRow(Number(t.Oid), t.Schema, t.Name))];
            if (sql.Contains("a.attname", StringComparison.Ordinal))
                return [.. _tables.SelectMany(t => t.Columns.Select((c, i) => DataRow(Number(t.Oid), Number((uint)i + 1), c)))];
            if (sql.Contains("attgenerated", StringComparison.Ordinal))
                return [];
            if (sql.Contains("pg_inherits", StringComparison.Ordinal) || sql.Contains("pg_rewrite", StringComparison.Ordinal))
                return [];
            if (sql.Contains("pg_proc", StringComparison.Ordinal))
                return [DataRow("lower", "f"), DataRow("count", "f")];
            if (sql.Contains("pg_type", StringComparison.Ordinal))
                return [DataRow(Number(Text)), DataRow("1043")];
            return [ErrorResponse("42601", $"not a query of the catalog's: {sql}")];
        }
    }

    private static string Number(uint value) => value.ToString(CultureInfo.InvariantCulture);
}
