using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Tests.Doubles;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

/// <summary>
/// Ways to have a masked value come out in a result that nobody suspects. Each was tried against PostgreSQL itself: it does answer as the target
/// does here. <c>upper(email)</c> stands for any expression: a column without an origin, masked only as far as its statement is known to read.
/// </summary>
public sealed class PgMaskingBypassTests : IDisposable
{
    private const string Clean = "select upper(name) from products";
    private const string Reading = "select upper(email) from customers";
    private static readonly (uint, short) Computed = (0, 0);

    private readonly TestCatalog _catalog = new();
    private readonly TestMasks _masks = new(TestMask.Stars, ("public.customers.email", TestMask.Stars));
    private readonly uint _customers;
    private readonly uint _products;
    private readonly Exchange _exchange;

    public PgMaskingBypassTests()
    {
        _customers = _catalog.Relation("customers", "id", "email");
        _products = _catalog.Relation("products", "name");
        _catalog.Function("upper");
        _exchange = new Exchange(_masks, _catalog);
    }

    public void Dispose() => _exchange.Dispose();

    [Fact]
    public void Columns_and_expressions_are_masked_where_they_must_be_and_nowhere_else()
    {
        _exchange.Client(Msg.Query("select id, email, upper(email) from customers"), Msg.Query(Clean));
        Assert.Equal("T D(1,***,***) C Z", _exchange.Target(
            Msg.RowDescription((_customers, 1), (_customers, 2), Computed), Msg.DataRow("1", "a@b", "A@B"), Msg.Complete("SELECT 1"), Msg.Ready()));
        Assert.Equal("T D(CHAIR) C Z", _exchange.Target(Msg.RowDescription(Computed), Msg.DataRow("CHAIR"), Msg.Complete("SELECT 1"), Msg.Ready()));
    }

    [Fact]
    public void A_statement_executed_without_Describe_is_described_behind_the_clients_back()
    {
        _exchange.Client(Msg.Parse("s", Reading), Msg.Bind("", "s"), Msg.Execute(""), Msg.Sync);
        Assert.Equal("1 2 D(***) C Z", _exchange.Target(
            Msg.ParseComplete, Msg.BindComplete, Msg.RowDescription(Computed), Msg.DataRow("A@B"), Msg.Complete("SELECT 1"), Msg.Ready()));
    }

    [Fact]
    public void A_portal_that_is_fetched_bit_by_bit_is_described_once_and_again_when_something_else_ran()
    {
        _exchange.Client(Msg.Parse("s", Reading), Msg.Bind("p", "s"));
        Assert.Equal(PgTake.Precede, _exchange.Take(Msg.Execute("p", 1)));
        Assert.Equal(PgTake.Forward, _exchange.Take(Msg.Execute("p", 1)));
        _exchange.Client(Msg.Query(Clean));
        Assert.Equal(PgTake.Precede, _exchange.Take(Msg.Execute("p", 1)));
        Assert.Equal("1 2 D(***) s D(***) s T D(CHAIR) C Z D(***) C", _exchange.Target(
            Msg.ParseComplete, Msg.BindComplete, Msg.RowDescription(Computed), Msg.DataRow("A@B"), Msg.PortalSuspended, Msg.DataRow("C@D"), Msg.PortalSuspended,
            Msg.RowDescription(Computed), Msg.DataRow("CHAIR"), Msg.Complete("SELECT 1"), Msg.Ready('T'),
            Msg.RowDescription(Computed), Msg.DataRow("E@F"), Msg.Complete("SELECT 1")));
    }

    [Fact]
    public void A_whole_row_of_a_masked_table_is_masked_and_one_of_another_is_shown()
    {
        // PostgreSQL gives a whole row the table's OID and attribute number 0.
        _exchange.Client(Msg.Query("select c from customers c"), Msg.Query("select p from products p"));
        Assert.Equal("T D(NULL) C Z", _exchange.Target(Msg.RowDescription((_customers, 0)), Msg.DataRow("(1)"), Msg.Complete("SELECT 1"), Msg.Ready()));
        Assert.Equal("T D((chair)) C Z", _exchange.Target(Msg.RowDescription((_products, 0)), Msg.DataRow("(chair)"), Msg.Complete("SELECT 1"), Msg.Ready()));
    }

    [Fact]
    public void COPY_out_never_passes_while_masks_are_in_force_whatever_the_text_said()
    {
        _exchange.Client(Msg.Query(Clean));
        Assert.Equal(PgShow.Violation, _exchange.Decide(Msg.CopyOutResponse));
    }

    [Fact]
    public void A_statement_from_before_the_masks_stays_masked_at_every_execution_not_just_at_the_first()
    {
        _exchange.Load(masks: null);
        _exchange.Client(Msg.Parse("s", Reading), Msg.Sync);
        _exchange.Target(Msg.ParseComplete, Msg.Ready());
        _exchange.Load(_masks);
        for (int i = 0; i < 3; i++)
        {
            _exchange.Client(Msg.Bind("", "s"), Msg.Execute(""), Msg.Sync);
            Assert.Equal("2 D(***) C Z", _exchange.Target(
                Msg.BindComplete, Msg.RowDescription(Computed), Msg.DataRow("A@B"), Msg.Complete("SELECT 1"), Msg.Ready()));
        }
    }

    [Fact]
    public void A_description_from_before_the_statement_was_judged_again_is_not_believed()
    {
        _exchange.Load(masks: null);
        _exchange.Client(Msg.Parse("s", Reading), Msg.Sync);
        _exchange.Target(Msg.ParseComplete, Msg.Ready());
        _exchange.Load(_masks);
        _exchange.Client(Msg.Bind("", "s"), Msg.DescribePortal(""));
        _exchange.Target(Msg.BindComplete, Msg.RowDescription(Computed));
        Assert.Equal(PgTake.Precede, _exchange.Take(Msg.Execute("")));
        _exchange.Client(Msg.Sync);
        Assert.Equal("D(***) C Z", _exchange.Target(Msg.RowDescription(Computed), Msg.DataRow("A@B"), Msg.Complete("SELECT 1"), Msg.Ready()));
    }

    [Fact]
    public void A_statement_judged_by_an_older_catalog_is_looked_at_again()
    {
        _exchange.Client(Msg.Parse("s", "select upper(x) from v"), Msg.Sync);
        _exchange.Target(Msg.ParseComplete, Msg.Ready());

        // Somebody replaces the view v, which read nothing masked, by one that does.
        var later = new TestCatalog();
        uint customers = later.Relation("customers", "id", "email");
        uint view = later.Relation("v", "x");
        later.Reads(view, customers, 2);
        later.Function("upper");
        _exchange.Catalog.Adopt(later.Snapshot);

        _exchange.Client(Msg.Bind("", "s"), Msg.Execute(""), Msg.Sync);
        Assert.Equal("2 D(***) C Z", _exchange.Target(
            Msg.BindComplete, Msg.RowDescription(Computed), Msg.DataRow("A@B"), Msg.Complete("SELECT 1"), Msg.Ready()));
    }

    [Theory]
    [InlineData("prepare s as select upper(email) from customers")]
    [InlineData("execute something_that_may_do_as_much")]
    [InlineData("select a_function_that_may_do_as_much()")]
    public void A_name_that_SQL_may_have_given_to_another_statement_is_no_longer_believed(string text)
    {
        _exchange.Client(Msg.Parse("s", Clean), Msg.Sync);
        _exchange.Target(Msg.ParseComplete, Msg.Ready());
        _exchange.Client(Msg.Query("deallocate s"), Msg.Query(text));
        _exchange.Target(Msg.Complete("DEALLOCATE"), Msg.Ready(), Msg.Complete("PREPARE"), Msg.Ready());
        _exchange.Client(Msg.Bind("", "s"), Msg.DescribePortal(""), Msg.Execute(""), Msg.Sync);
        Assert.Equal("2 T D(***) C Z", _exchange.Target(
            Msg.BindComplete, Msg.RowDescription(Computed), Msg.DataRow("A@B"), Msg.Complete("SELECT 1"), Msg.Ready()));
    }

    [Fact]
    public void A_name_that_a_prepared_statement_may_have_given_to_another_is_no_longer_believed()
    {
        _exchange.Client(Msg.Parse("s", Clean), Msg.Parse("p", "prepare s as select upper(email) from customers"), Msg.Sync);
        _exchange.Target(Msg.ParseComplete, Msg.ParseComplete, Msg.Ready());
        _exchange.Client(Msg.Query("deallocate s"));
        _exchange.Target(Msg.Complete("DEALLOCATE"), Msg.Ready());
        _exchange.Client(Msg.Bind("", "p"), Msg.DescribePortal(""), Msg.Execute(""), Msg.Sync);
        _exchange.Target(Msg.BindComplete, Msg.NoData, Msg.Complete("PREPARE"), Msg.Ready());
        _exchange.Client(Msg.Bind("", "s"), Msg.DescribePortal(""), Msg.Execute(""), Msg.Sync);
        Assert.Equal("2 T D(***) C Z", _exchange.Target(
            Msg.BindComplete, Msg.RowDescription(Computed), Msg.DataRow("A@B"), Msg.Complete("SELECT 1"), Msg.Ready()));
    }

    [Fact]
    public void A_portal_that_a_cursor_may_have_replaced_is_described_again_and_taken_for_reading_anything()
    {
        _exchange.Client(Msg.Query("begin"), Msg.Parse("", Clean), Msg.Bind("p", ""), Msg.DescribePortal("p"), Msg.Execute("p", 1), Msg.Sync);
        _exchange.Target(Msg.Complete("BEGIN"), Msg.Ready('T'), Msg.ParseComplete, Msg.BindComplete, Msg.RowDescription((_products, 1), Computed),
            Msg.DataRow("chair", "CHAIR"), Msg.PortalSuspended, Msg.Ready('T'));
        _exchange.Client(Msg.Query("close p"), Msg.Query("declare p cursor for select email, upper(email) from customers"));
        _exchange.Target(Msg.Complete("CLOSE CURSOR"), Msg.Ready('T'), Msg.Complete("DECLARE CURSOR"), Msg.Ready('T'));
        Assert.Equal(PgTake.Precede, _exchange.Take(Msg.Execute("p")));
        _exchange.Client(Msg.Sync);
        Assert.Equal("D(***,***) C Z", _exchange.Target(
            Msg.RowDescription((_customers, 2), Computed), Msg.DataRow("a@b", "A@B"), Msg.Complete("SELECT 1"), Msg.Ready('T')));
    }

    [Fact]
    public void A_FETCH_whose_cursor_was_replaced_after_it_was_bound_is_refused()
    {
        _exchange.Client(Msg.Parse("f", "fetch all from c"), Msg.Bind("p", "f"), Msg.DescribePortal("p"), Msg.Sync);
        _exchange.Target(Msg.ParseComplete, Msg.BindComplete, Msg.RowDescription((_products, 1)), Msg.Ready('T'));
        _exchange.Client(Msg.Query("close c"), Msg.Query("declare c cursor for select email from customers"));
        _exchange.Target(Msg.Complete("CLOSE CURSOR"), Msg.Ready('T'), Msg.Complete("DECLARE CURSOR"), Msg.Ready('T'));
        Assert.Equal(PgTake.Replace, _exchange.Take(Msg.Execute("p")));
    }

    [Fact]
    public void An_unnamed_portal_that_outlived_a_failed_Bind_is_not_taken_for_the_new_one()
    {
        _exchange.Client(Msg.Parse("r", Reading), Msg.Parse("k", Clean), Msg.Bind("", "r"), Msg.Sync);
        _exchange.Target(Msg.ParseComplete, Msg.ParseComplete, Msg.BindComplete, Msg.Ready('T'));
        // Too few values: PostgreSQL refuses before it drops the older portal, and a savepoint takes back nothing but the error.
        _exchange.Client(Msg.Bind("", "k"), Msg.Sync);
        _exchange.Target(Msg.Error("08P01", "bind message supplies 0 parameters"), Msg.Ready('E'));
        _exchange.Client(Msg.Execute(""));
        Assert.Equal("D(***) C", _exchange.Target(Msg.RowDescription(Computed), Msg.DataRow("A@B"), Msg.Complete("SELECT 1")));
    }

    [Fact]
    public void DO_is_refused_while_masks_are_in_force()
    {
        Assert.Equal(PgTake.Replace, _exchange.Take(Msg.Query("do $$ begin perform 1; end $$")));
        _exchange.Load(masks: null);
        Assert.Equal(PgTake.Forward, _exchange.Take(Msg.Query("do $$ begin perform 1; end $$")));
    }

    [Fact]
    public void A_row_that_nobody_described_ends_the_session()
    {
        _exchange.Client(Msg.Parse("s", Reading), Msg.Bind("", "s"), Msg.Execute(""), Msg.Sync);
        _exchange.Target(Msg.ParseComplete, Msg.BindComplete);
        Assert.Equal(PgShow.Violation, _exchange.Decide(Msg.DataRow("A@B")));
    }
}
