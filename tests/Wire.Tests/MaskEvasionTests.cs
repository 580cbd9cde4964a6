namespace Sallyport.Wire.Tests;

/// <summary>Ways around masks: each of these once showed a masked value, or let another text run than was judged.</summary>
public sealed class MaskEvasionTests
{
    private const string Upper = "select lower(email) from customers";
    private const string Innocent = "select 'x'::text";

    private static readonly byte[] Computed = RowDescription(new Column("lower"));
    private static readonly byte[] Email = RowDescription(new Column("email", FakeCatalog.Customers, 2));
    private static readonly byte[] Plain = RowDescription(new Column("customer", FakeCatalog.Orders, 2));

    [Theory, Chunkings]
    public async Task An_error_that_takes_a_value_for_a_name_is_withheld(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();

        await client.SendAsync(Query("select quote_ident(email)::regclass from customers"));
        await server.ReceiveAsync();
        await server.SendAsync(ErrorResponse("42P01", "relation \"ada@example.com\" does not exist"), ReadyForQuery('I'));

        Assert.DoesNotContain("ada@", (await client.ReceiveAsync()).ToString(), StringComparison.Ordinal);
    }

    [Theory, Chunkings]
    public async Task An_error_about_the_text_itself_is_shown(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        byte[] error = Fields('E', ('S', "ERROR"), ('V', "ERROR"), ('C', "42703"), ('M', "column \"mail\" does not exist"), ('P', "8"));

        await client.SendAsync(Query("select mail from customers"));
        await server.ReceiveAsync();
        await server.SendAsync(error, ReadyForQuery('I'));

        await client.ExpectAsync(error, ReadyForQuery('I'));
    }

    [Theory, Chunkings]
    public async Task A_literal_is_not_trusted_between_an_executed_SET_and_ReadyForQuery(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked.Replace(", unparsed: true", "", StringComparison.Ordinal));
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();

        await client.SendAsync(Parse("", "set standard_conforming_strings = off"), Bind("", ""), Execute(""), Flush);
        await PassAsync(server, "PBDEH");
        await server.SendAsync(ParseComplete, BindComplete, NoData, CommandComplete("SET"));
        await client.ExpectAsync(ParseComplete, BindComplete, CommandComplete("SET"));

        await client.SendAsync(Parse("", "select '\\'' || email from customers --'"), Sync);
        Assert.DoesNotContain("customers", (await server.ReceiveAsync()).ToString(), StringComparison.Ordinal);
    }

    [Theory, Chunkings]
    public async Task The_unnamed_portal_that_a_failed_Bind_left_behind_is_masked(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();

        await client.SendAsync(Parse("masked", Upper), Parse("innocent", Innocent), Bind("", "masked"), Sync);
        await PassAsync(server, "PPBS");
        await server.SendAsync(ParseComplete, ParseComplete, BindComplete, ReadyForQuery('T'));
        await client.ExpectAsync(ParseComplete, ParseComplete, BindComplete, ReadyForQuery('T'));

        await client.SendAsync(Bind("", "innocent", 0, "one too many"), Sync);
        await PassAsync(server, "BS");
        await server.SendAsync(ErrorResponse("08P01", "too many parameters"), ReadyForQuery('E'));
        await client.ExpectAsync(ErrorResponse("08P01", "too many parameters"), ReadyForQuery('E'));

        await ExpectMaskedAsync(client, server, "", Computed);
    }

    [Theory, Chunkings]
    public async Task A_name_that_SQL_PREPARE_may_have_taken_over_is_masked(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();

        await client.SendAsync(Parse("s", Innocent), Sync);
        await PassAsync(server, "PS");
        await server.SendAsync(ParseComplete, ReadyForQuery('I'));
        await client.ExpectAsync(ParseComplete, ReadyForQuery('I'));
        await RunAsync(client, server, "deallocate s", "DEALLOCATE");
        await RunAsync(client, server, $"prepare s as {Upper}", "PREPARE");

        await client.SendAsync(Bind("", "s"), Sync);
        await PassAsync(server, "BS");
        await server.SendAsync(BindComplete, ReadyForQuery('T'));
        await client.ExpectAsync(BindComplete, ReadyForQuery('T'));
        await ExpectMaskedAsync(client, server, "", Computed);
    }

    [Theory, Chunkings]
    public async Task A_portal_name_that_DECLARE_may_have_taken_over_is_described_again(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();

        await client.SendAsync(Parse("", Innocent), Bind("p", ""), Describe('P', "p"), Execute("p"), Sync);
        await PassAsync(server, "PBDES");
        byte[][] shown = [ParseComplete, BindComplete, RowDescription(new Column("text")), DataRow("x"), CommandComplete("SELECT 1"), ReadyForQuery('I')];
        await server.SendAsync(shown);
        await client.ExpectAsync(shown);
        await RunAsync(client, server, "declare p cursor for select email from customers", "DECLARE CURSOR");

        await ExpectMaskedAsync(client, server, "p", Email);
    }

    [Theory, Chunkings]
    public async Task FETCH_does_not_show_another_cursor_than_was_described(Chunking chunking)
    {
        await using var session = new Session(chunking, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();

        await client.SendAsync(Parse("f", "fetch all from c"), Bind("p", "f"), Describe('P', "p"), Sync);
        await PassAsync(server, "PBDS");
        await server.SendAsync(ParseComplete, BindComplete, Plain, ReadyForQuery('T'));
        await client.ExpectAsync(ParseComplete, BindComplete, Plain, ReadyForQuery('T'));
        await RunAsync(client, server, "close c", "CLOSE CURSOR");

        await client.SendAsync(Execute("p"), Sync);
        Assert.Equal((byte)'P', (await server.ReceiveAsync()).Type);
        await PassAsync(server, "S");
        await server.SendAsync(ErrorResponse("42601", "syntax error"), ReadyForQuery('E'));
        Assert.Contains("masking/retargeted", (await client.ReceiveAsync()).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("with gone as (delete from customers returning email) insert into orders select 1, email from gone", "masking/stored")]
    [InlineData("with x as (update customers set id = id returning email) update orders set customer = x.email from x", "masking/stored")]
    [InlineData("create table leak as execute p", "masking/stored")]
    [InlineData("update customers set id = 1, card = email where id = 1 returning id", "masking/stored")]
    [InlineData("update customers set id = length(\"email\") where id = 1", "masking/stored")]
    [InlineData("update customers c set id = c.email::int where id = 1", "masking/stored")]
    [InlineData("update customers data set id = length(data::text) where id = 1", "masking/stored")]
    [InlineData("update customers set (id) = row(length((customers).email)) where id = 1", "masking/stored")]
    [InlineData("update customers set id = (select length(email)) where id = 1", "masking/stored")]
    [InlineData("update customers as excluded set id = length(excluded.email) where id = 1", "masking/stored")]
    [InlineData("update customers set id = case when 1 is distinct from 2 then length(email) end where id = 1", "masking/stored")]
    [InlineData("insert into customers values (1) on conflict (id) do update set id = length(customers.email)", "masking/stored")]
    [InlineData("merge into customers c using (values (1)) v on true when matched then update set id = length(c.email)", "masking/stored")]
    [InlineData("select setval('s', card::bigint) from customers", "masking/escape")]
    [InlineData("select pg_advisory_lock(card::bigint) from customers", "masking/escape")]
    [InlineData("select (card::bigint).pg_try_advisory_lock from customers", "masking/escape")]
    [InlineData("select setseed(card::float8 / 1e16) from customers", "masking/escape")]
    [InlineData("update pg_settings set setting = 'off' where name = 'standard_conforming_strings'", "masking/escape")]
    [InlineData("do $$ begin raise notice using errcode = '42000', message = 'x'; end $$", "masking/code")]
    [InlineData("alter table customers rename email to mail", "masking/altered")]
    [InlineData("alter schema public rename to elsewhere", "masking/altered")]
    public async Task Ways_to_carry_a_masked_value_elsewhere_are_refused(string text, string rule)
    {
        await using var session = new Session(Chunking.Whole, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();

        await client.SendAsync(Query(text));
        Assert.DoesNotContain(text, (await server.ReceiveAsync()).ToString(), StringComparison.Ordinal);
        await server.SendAsync(ErrorResponse("42601", "syntax error"), ReadyForQuery('I'));
        Assert.Contains(rule, (await client.ReceiveAsync()).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("update customers set email = $1, card = 'x' where email = 'ada@example.com' returning id")]
    [InlineData("update customers set id = id + 1, email = default where email like 'a%'")]
    [InlineData("insert into customers values (1, 'a', 'b') on conflict (id) do update set email = excluded.email")]
    [InlineData("update orders set customer = lower(customer) where id = 1")]
    public async Task Writing_what_is_the_clients_own_goes_through(string text)
    {
        await using var session = new Session(Chunking.Whole, Policies.Masked);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();

        await client.SendAsync(Query(text));
        await server.ExpectAsync(Query(text));
    }

    /// <summary>Execute of a portal without asking for its description: the engine must ask, and mask the row.</summary>
    private static async Task ExpectMaskedAsync(ClientPeer client, ServerPeer server, string portal, byte[] description)
    {
        await client.SendAsync(Execute(portal), Sync);
        await PassAsync(server, "DES");
        await server.SendAsync(description, DataRow("ada@example.com"), CommandComplete("SELECT 1"), ReadyForQuery('T'));
        PgMessage row = await client.ReceiveAsync();
        Assert.Equal((byte)'D', row.Type);
        Assert.DoesNotContain("ada@", row.ToString(), StringComparison.Ordinal);
    }

    private static async Task RunAsync(ClientPeer client, ServerPeer server, string text, string tag)
    {
        await client.SendAsync(Query(text));
        await server.ExpectAsync(Query(text));
        await server.SendAsync(CommandComplete(tag), ReadyForQuery('T'));
        await client.ExpectAsync(CommandComplete(tag), ReadyForQuery('T'));
    }

    private static async Task PassAsync(ServerPeer server, string types)
    {
        foreach (char type in types)
            Assert.Equal((byte)type, (await server.ReceiveAsync()).Type);
    }
}
