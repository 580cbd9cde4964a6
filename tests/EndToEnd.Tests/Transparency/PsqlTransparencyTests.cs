using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Transparency;

/// <summary>With a policy that allows everything, psql cannot tell Sallyport from the server.</summary>
[Collection(PostgresTests.Name)]
public sealed class PsqlTransparencyTests(OpenDaemon fixture) : IClassFixture<OpenDaemon>
{
    /// <summary>What a session may hold, apart from values that differ from session to session on the same server.</summary>
    private const string Script = """
        \set VERBOSITY verbose
        \pset null (nothing)
        \l
        \d
        \d customers
        \d+ orders
        \df upper
        SELECT * FROM customers ORDER BY id;
        SELECT NULL AS nothing, '' AS empty, 'Grüße, 世界 🦊' AS words, E'a\nb\tc' AS blanks;
        SELECT 1 AS one\; SELECT 2 AS two\; SELECT 'three';
        SELECT 1 WHERE false;

        ;
        SELECT nonsense FROM customers;
        SELECT 1/0;
        SELEC 1;
        SELECT 'x'::integer;
        INSERT INTO customers VALUES (1, 'again', 'a@b', '1', 'XX');
        DO $$ BEGIN RAISE NOTICE 'noted: %', 7; RAISE WARNING 'warned' USING DETAIL = 'why', HINT = 'what now'; END $$;
        BEGIN;
        INSERT INTO orders VALUES (1000, 1, 'kite', 5, '2026-02-02') RETURNING *;
        SAVEPOINT here;
        SELECT 1/0;
        SELECT 'still failed';
        ROLLBACK TO here;
        SELECT count(*) FROM orders;
        DECLARE some CURSOR FOR SELECT id FROM orders ORDER BY id;
        FETCH 3 FROM some;
        MOVE 2 IN some;
        FETCH NEXT FROM some;
        ROLLBACK;
        PREPARE ready (integer) AS SELECT name FROM customers WHERE id = $1;
        EXECUTE ready(2);
        DEALLOCATE ready;
        COPY (SELECT id, name FROM customers ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER);
        COPY (SELECT n, repeat('c', 2000) FROM generate_series(1, 500) n) TO STDOUT WITH (FORMAT binary);
        BEGIN;
        COPY orders FROM STDIN;
        2001	1	copied	1.5	2026-01-01 00:00+00
        2002	2	copied	\N	2026-01-01 00:00+00
        \.
        ROLLBACK;
        BEGIN;
        COPY orders (id, customer_id, item, amount, placed_at) FROM STDIN WITH (FORMAT csv);
        2001,1,"copied, too",1.5,2026-01-01 00:00+00
        \.
        SELECT * FROM orders WHERE id > 2000;
        ROLLBACK;
        SELECT repeat('x', 1000000) AS wide, n FROM generate_series(1, 5) n;
        SELECT n, md5(n::text) FROM generate_series(1, 20000) n;
        SET datestyle = 'German';
        SELECT date '2026-03-14';
        SET client_encoding = 'LATIN1';
        SHOW client_encoding;
        RESET client_encoding;
        SELECT name, id FROM customers WHERE id = 1 \gdesc
        SELECT format('SELECT %s AS generated', n) FROM generate_series(1, 3) n \gexec
        LISTEN news;
        NOTIFY news, 'extra, extra';
        SELECT 1;
        SELECT * FROM customers \crosstabview
        """;

    [Fact]
    public async Task Psql_is_sent_the_same_bytes()
    {
        (string direct, ServerTraffic fromServer) = await CapturedAsync(fixture.Postgres.Port, fixture.Postgres.DirectPsql());
        (string through, ServerTraffic fromSallyport) = await CapturedAsync(fixture.Daemon.PlaintextPort, fixture.Daemon.Psql(fixture.Token));

        Assert.Equal(fromServer.Announced, fromSallyport.Announced);
        Assert.Equal(fromServer.Session, fromSallyport.Session);
        Assert.Equal(direct, through);
        Assert.InRange(fromServer.Count('D'), 20_000, int.MaxValue);
        Assert.InRange(fromServer.Count('E'), 6, 100);
    }

    [Fact]
    public async Task Psql_prints_the_same_text()
    {
        PsqlResult direct = await Psql.ScriptAsync(fixture.Postgres.DirectPsql(), Script);
        PsqlResult through = await fixture.PsqlAsync(Script);

        Assert.Equal(WithoutProcess(direct.ToString()), WithoutProcess(through.ToString()));
        Assert.Contains("Lovelace", direct.Output);
        Assert.Contains("noted: 7", direct.Error);
    }

    private static async Task<(string Printed, ServerTraffic Sent)> CapturedAsync(int port, PsqlTarget target)
    {
        await using var relay = new Relay(port);
        PsqlResult result = await Psql.ScriptAsync(target with { Host = "127.0.0.1", Port = relay.Port, SslMode = "disable" }, Script);
        return (WithoutProcess(result.ToString()), new ServerTraffic(relay.Connections.Single().ToClient));
    }

    /// <summary>psql names the process that sent a notification.</summary>
    private static string WithoutProcess(string printed) =>
        System.Text.RegularExpressions.Regex.Replace(printed, @"server process with PID \d+", "server process");
}
