using System.Text;

namespace Sallyport.Wire.Tests;

/// <summary>Columns are masked by where they come from, and nothing is shown that cannot be told.</summary>
public sealed class MaskingTests
{
    private static readonly Column Id = new("id", FakeCatalog.Customers, 1, FakeCatalog.Int4);
    private static readonly Column Email = new("innocent", FakeCatalog.Customers, 2, FakeCatalog.Text);
    private static readonly Column Card = new("card", FakeCatalog.Customers, 3, FakeCatalog.Text);

    private const string Sql = "select id, email, card from customers";

    [Theory, Chunkings]
    public async Task A_simple_query_is_masked_by_origin_whatever_its_label(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(Sql));
        await server.ExpectAsync(Query(Sql));
        byte[] description = RowDescription(Id, Email, Card);
        await server.SendAsync(
            description, DataRow("1", "alice@example.com", "4111111111111111"), DataRow("2", null, "1"), DataRow(null, "", null), CommandComplete("SELECT 3"), ReadyForQuery('I'));
        await client.ExpectAsync(
            description, DataRow("1", "[redacted]", "************1111"), DataRow("2", null, "*"), DataRow(null, "[redacted]", null), CommandComplete("SELECT 3"), ReadyForQuery('I'));
        AssertNeverShown(session, client, "alice");
    }

    [Theory, Chunkings]
    public async Task Binary_values_are_masked_and_what_has_no_masked_form_of_its_type_becomes_NULL(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        byte[][] requests = [Parse("", Sql), Bind("", "", 1), Describe('P', ""), Execute(""), Sync];
        await client.SendAsync(requests);
        await server.ExpectAsync(requests);
        byte[] description = RowDescription(Id with { Format = 1 }, Email with { Format = 1 }, Email with { Type = FakeCatalog.Int4, Format = 1 });
        await server.SendAsync(
            ParseComplete, BindComplete, description, DataRowOf([0, 0, 0, 7], "alice"u8.ToArray(), [1, 2, 3, 4]), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        await client.ExpectAsync(
            ParseComplete, BindComplete, description, DataRowOf([0, 0, 0, 7], "[redacted]"u8.ToArray(), null), CommandComplete("SELECT 1"), ReadyForQuery('I'));
    }

    /// <summary>Drivers that cache statements never ask for the description again.</summary>
    [Theory, Chunkings]
    public async Task Execute_without_Describe_is_described_by_the_engine_and_the_client_sees_nothing_of_it(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("s", Sql), Sync);
        await server.ExpectAsync(Parse("s", Sql), Sync);
        await server.SendAsync(ParseComplete, ReadyForQuery('I'));
        await client.ExpectAsync(ParseComplete, ReadyForQuery('I'));
        for (int round = 0; round < 3; round++)
        {
            await client.SendAsync(Bind("p", "s"), Execute("p", 1), Execute("p", 1), Sync);
            await server.ExpectAsync(Bind("p", "s"), Describe('P', "p"), Execute("p", 1), Execute("p", 1), Sync);
            byte[] notification = NotificationResponse(1, "jobs", "done");
            await server.SendAsync(
                BindComplete, notification, NoticeResponse("01000", "n"), RowDescription(Id, Email), DataRow("1", "alice@example.com"), PortalSuspended,
                DataRow("2", "bob@example.com"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
            await client.ExpectAsync(BindComplete, notification);
            Assert.Equal((byte)'N', (await client.ReceiveAsync()).Type);
            await client.ExpectAsync(DataRow("1", "[redacted]"), PortalSuspended, DataRow("2", "[redacted]"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        }

        AssertNeverShown(session, client, "example.com");
    }

    [Theory, Chunkings]
    public async Task Execute_of_what_returns_nothing_is_described_and_hidden_too(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("", "delete from orders where id = 1"), Bind("", ""), Execute(""), Sync);
        await server.ExpectAsync(Parse("", "delete from orders where id = 1"), Bind("", ""), Describe('P', ""), Execute(""), Sync);
        await server.SendAsync(ParseComplete, BindComplete, NoData, CommandComplete("DELETE 1"), ReadyForQuery('I'));
        await client.ExpectAsync(ParseComplete, BindComplete, CommandComplete("DELETE 1"), ReadyForQuery('I'));

        // The Describe itself may fail: the client is told, in the place of what it asked for.
        await client.SendAsync(Bind("", ""), Execute(""), Sync);
        await server.ExpectAsync(Bind("", ""), Describe('P', ""), Execute(""), Sync);
        await server.SendAsync(BindComplete, ErrorResponse("40001", "could not serialize"), ReadyForQuery('I'));
        await client.ExpectAsync(BindComplete);
        await client.ExpectErrorAsync("40001");
        await client.ExpectAsync(ReadyForQuery('I'));
    }

    [Theory, Chunkings]
    public async Task A_description_of_the_statement_alone_does_not_unmask_the_portal(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("", Sql), Describe('S', ""), Bind("", ""), Execute(""), Sync);
        await server.ExpectAsync(Parse("", Sql), Describe('S', ""), Bind("", ""), Describe('P', ""), Execute(""), Sync);
        byte[] description = RowDescription(Id, Email);
        await server.SendAsync(
            ParseComplete, ParameterDescription(), description, BindComplete, description, DataRow("1", "alice"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        await client.ExpectAsync(ParseComplete, ParameterDescription(), description, BindComplete, DataRow("1", "[redacted]"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
    }

    [Fact]
    public async Task A_row_split_at_every_byte_is_masked_the_same()
    {
        byte[] row = DataRow("1", "alice@example.com", "4111111111111111", "tail");
        byte[] description = RowDescription(Id, Email, Card, Id);
        for (int cut = 1; cut < row.Length; cut++)
        {
            await using var session = new Session(Chunking.Whole, Policies.Masked);
            (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
            await client.SendAsync(Query(Sql));
            await server.ExpectAsync(Query(Sql));
            await server.SendAsync(description, row[..cut]);
            await client.ExpectAsync(description);
            await server.SendAsync(row[cut..], CommandComplete("SELECT 1"), ReadyForQuery('I'));
            await client.ExpectAsync(DataRow("1", "[redacted]", "************1111", "tail"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        }
    }

    [Theory, Chunkings]
    public async Task The_tail_of_a_long_row_is_streamed_behind_its_masked_head(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        session.Listener = session.Listener with { Limits = new PgLimits { MaskRowBytes = 1000 } };
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(Sql));
        await server.ExpectAsync(Query(Sql));
        string tail = new('x', chunking.IsOneByte ? 20_000 : 1_000_000);
        byte[] description = RowDescription(Id, Email, Id);
        await server.SendAsync(description, DataRow("1", "alice", tail), DataRow("2", "bob", tail), CommandComplete("SELECT 2"), ReadyForQuery('I'));
        await client.ExpectAsync(description, DataRow("1", "[redacted]", tail), DataRow("2", "[redacted]", tail), CommandComplete("SELECT 2"), ReadyForQuery('I'));
    }

    [Theory, Chunkings]
    public async Task A_masked_value_too_long_to_hold_ends_the_session(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        session.Listener = session.Listener with { Limits = new PgLimits { MaskRowBytes = 1000 } };
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(Sql));
        await server.ExpectAsync(Query(Sql));
        await server.TrySendAsync(RowDescription(Email), DataRow(new string('s', 300_000)));
        await client.ExpectAsync(RowDescription(Email));
        await client.ExpectFatalAsync("54000");
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.Ready, "row-too-long", "54000");
    }

    [Theory, Chunkings]
    public async Task A_table_that_is_not_known_makes_the_catalog_be_read_again(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        Assert.Equal(1, session.Server.Catalog.Loads);
        session.Server.Catalog.Add(16600, "late", "id", "email");
        await client.SendAsync(Query("select id, email from late"));
        await server.ExpectAsync(Query("select id, email from late"));
        byte[] description = RowDescription(new Column("id", 16600, 1, FakeCatalog.Int4), new Column("email", 16600, 2));
        await server.SendAsync(description, DataRow("1", "carol@example.com"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        await client.ExpectAsync(description, DataRow("1", "[redacted]"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        Assert.Equal(2, session.Server.Catalog.Loads);
    }

    [Theory, Chunkings]
    public async Task A_table_that_stays_unknown_shows_NULL(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("select id from temporary"));
        await server.ExpectAsync(Query("select id from temporary"));
        byte[] description = RowDescription(new Column("id", 99999, 1, FakeCatalog.Int4), new Column("id", FakeCatalog.Customers, 9, FakeCatalog.Int4), Id);
        await server.SendAsync(description, DataRow("1", "2", "3"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        await client.ExpectAsync(description, DataRow(null, null, "3"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
    }

    [Theory, Chunkings]
    public async Task Without_a_catalog_nobody_with_masks_gets_in(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        session.Server.Catalog.IsBroken = true;
        ClientPeer client = await session.ConnectAsync();
        await client.LoginAsync();
        await client.ExpectFatalAsync("08001");
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.Connect, "catalog-unreadable", "08001");
    }

    [Theory]
    [Chunkings("select lower(email) from customers", true)]
    [Chunkings("select c from customers c", true)]
    [Chunkings("select unheard_of()", true)]
    [Chunkings("select lower('A')", false)]
    [Chunkings("select count(*) from orders", false)]
    public async Task A_column_without_origin_is_masked_when_the_statement_may_read_something_masked(string sql, bool masked, Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        byte[] description = RowDescription(new Column("computed", Type: FakeCatalog.Text));
        await client.SendAsync(Query(sql));
        await server.ExpectAsync(Query(sql));
        await server.SendAsync(description, DataRow("value"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        await client.ExpectAsync(description);
        Assert.Equal(masked, !(await client.ReceiveAsync()).Body.SequenceEqual(DataRow("value")[5..]));
        await client.ExpectAsync(CommandComplete("SELECT 1"), ReadyForQuery('I'));

        byte[][] requests = [Parse("", sql), Bind("", ""), Describe('P', ""), Execute(""), Sync];
        await client.SendAsync(requests);
        await server.ExpectAsync(requests);
        await server.SendAsync(ParseComplete, BindComplete, description, DataRow("value"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        await client.ExpectAsync(ParseComplete, BindComplete, description);
        Assert.Equal(masked, !(await client.ReceiveAsync()).Body.SequenceEqual(DataRow("value")[5..]));
    }

    [Theory, Chunkings]
    public async Task Errors_and_notices_lose_what_may_quote_a_value(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));
        await server.SendAsync(
            Fields('N', ('S', "NOTICE"), ('V', "NOTICE"), ('C', "00000"), ('M', "alice@example.com"), ('D', "alice@example.com"), ('W', "alice@example.com")),
            Fields('E', ('S', "ERROR"), ('V', "ERROR"), ('C', "23505"), ('M', "duplicate key value violates unique constraint \"u\""), ('D', "Key (email)=(alice@example.com) already exists."), ('n', "u")),
            ReadyForQuery('I'));
        Dictionary<char, string> notice = Peer.ErrorFields((await client.ReceiveAsync()).Body);
        Assert.Equal("SVCM", string.Concat(notice.Keys));
        Dictionary<char, string> error = await client.ExpectErrorAsync("23505");
        Assert.Equal("SVCMn", string.Concat(error.Keys));
        Assert.StartsWith("duplicate key", error['M'], StringComparison.Ordinal);
        await client.ExpectAsync(ReadyForQuery('I'));
        AssertNeverShown(session, client, "alice");
    }

    [Theory, Chunkings]
    public async Task A_row_that_nobody_described_ends_the_session(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(Sql));
        await server.ExpectAsync(Query(Sql));
        await server.SendAsync(DataRow("alice"));
        await client.ExpectFatalAsync("08P01");
        await session.ExpectEndAsync(SessionSide.Target, SessionStage.Ready, "target-message-type", "08P01");
        AssertNeverShown(session, client, "alice");
    }

    [Theory, Chunkings]
    public async Task A_row_that_does_not_fit_its_description_ends_the_session(Chunking chunking)
    {
        byte[][] rows =
        [
            DataRow("1"), DataRow("1", "alice", "x"), Typed('D'), Typed('D', (short)2), Typed('D', (short)2, -2), Typed('D', (short)2, int.MaxValue), Typed('D', (short)2, -1, 9, "alice"),
            Typed('D', (short)2, int.MinValue, -1),
        ];
        foreach (byte[] row in rows)
        {
            await using var session = new Session(chunking, Policies.Masked);
            (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
            await client.SendAsync(Query(Sql));
            await server.ExpectAsync(Query(Sql));
            await server.SendAsync(RowDescription(Id, Email), row);
            await client.ExpectAsync(RowDescription(Id, Email));
            await client.ExpectFatalAsync("08P01");
            await session.ExpectEndAsync(SessionSide.Target, SessionStage.Ready, "target-message-malformed", "08P01");
            AssertNeverShown(session, client, "alice");
        }
    }

    [Theory]
    [Chunkings("copy customers to stdout", "masking/copy")]
    [Chunkings("copy (select email from customers) to stdout", "masking/copy")]
    [Chunkings("create table mine as select email from customers", "masking/stored")]
    [Chunkings("insert into orders select id, email from customers", "masking/stored")]
    public async Task Ways_around_a_mask_are_refused(string sql, string rule, Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query(sql));
        await server.ExpectAsync(Query(Encoding.UTF8.GetString(PgRefusal.SubstituteText)));
        await server.SendAsync(ErrorResponse("42601", "syntax error"), ReadyForQuery('I'));
        Assert.Contains(rule, (await client.ExpectErrorAsync("42501"))['D'], StringComparison.Ordinal);
        await client.ExpectAsync(ReadyForQuery('I'));
    }

    [Theory, Chunkings]
    public async Task Masks_that_come_with_a_policy_reload_hold_from_the_next_Execute(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        byte[] description = RowDescription(Id, Email);
        await client.SendAsync(Parse("s", Sql), Bind("p", "s"), Describe('P', "p"), Execute("p", 1), Sync);
        await server.ExpectAsync(Parse("s", Sql), Bind("p", "s"), Describe('P', "p"), Execute("p", 1), Sync);
        await server.SendAsync(ParseComplete, BindComplete, description, DataRow("1", "alice"), PortalSuspended, ReadyForQuery('T'));
        await client.ExpectAsync(ParseComplete, BindComplete, description, DataRow("1", "alice"), PortalSuspended, ReadyForQuery('T'));

        Doors.Load(session.Policy, Policies.Masked);
        await client.SendAsync(Execute("p", 1), Sync);
        await server.ExpectAsync(Describe('P', "p"), Execute("p", 1), Sync);
        await server.SendAsync(description, DataRow("2", "bob"), PortalSuspended, ReadyForQuery('T'));
        await client.ExpectAsync(DataRow("2", "[redacted]"), PortalSuspended, ReadyForQuery('T'));
    }

    /// <summary>Neither the client nor the recording has it.</summary>
    private static void AssertNeverShown(Session session, ClientPeer client, string secret)
    {
        Assert.DoesNotContain(secret, Encoding.Latin1.GetString(client.Received), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, Encoding.Latin1.GetString(session.Recorder.Only.ToClient), StringComparison.Ordinal);
    }
}
