using System.Text;
using BenchmarkDotNet.Attributes;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Sql;

namespace Sallyport.Micro.Postgres;

/// <summary>Understanding a statement that was not seen before: 0 bytes once the scanner has warmed up.</summary>
public class SqlScannerBench
{
    private static readonly SqlSettings Settings = new(TriState.On, AsciiSafeEncoding: true);

    private static readonly byte[] Short = "SELECT abalance FROM pgbench_accounts WHERE aid = 4711;"u8.ToArray();

    private static readonly byte[] Report = Encoding.ASCII.GetBytes("""
        WITH monthly AS (
            SELECT date_trunc('month', o.placed_at) AS month, c.country, sum(o.amount) AS total -- per country
            FROM public.orders AS o JOIN customers c ON c.id = o.customer_id
            WHERE o.placed_at >= now() - interval '1 year' AND c.name NOT LIKE 'test%'
            GROUP BY 1, 2)
        SELECT month, country, total, rank() OVER (PARTITION BY month ORDER BY total DESC)
        FROM monthly WHERE total > (SELECT avg(total) FROM monthly) ORDER BY month, 4 LIMIT 100
        """);

    private readonly SqlScanner _scanner = new();

    [GlobalSetup]
    public void Setup()
    {
        Sample.Require(ShortStatement() == 1 && _scanner[0].Verb == Verb.Select && !_scanner[0].IsUnparsed, "the short statement is one SELECT");
        Sample.Require(Tables() == "pgbench_accounts", "of pgbench_accounts");
        Sample.Require(ReportStatement() == 1 && _scanner[0].Verb == Verb.Select && !_scanner[0].IsUnparsed, "the report is one SELECT");
        Sample.Require(Tables() == "customers public.orders", "of orders and customers: " + Tables());
    }

    [Benchmark]
    public int ShortStatement()
    {
        _scanner.Scan(Short, Settings);
        return _scanner.Count;
    }

    [Benchmark]
    public int ReportStatement()
    {
        _scanner.Scan(Report, Settings);
        return _scanner.Count;
    }

    private string Tables()
    {
        SortedSet<string> tables = new(StringComparer.Ordinal);
        foreach (ObjectRef o in _scanner.Objects(0))
        {
            if (o.Length > 0)
                tables.Add(Encoding.UTF8.GetString(_scanner.Names.Slice(o.Start, o.Length)));
        }

        return string.Join(' ', tables);
    }
}
