using Sallyport.Protocols.Postgres.Tests.Doubles;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

/// <summary>What goes through a session by the million allocates nothing on its way: decided, judged, masked.</summary>
public sealed class PgAllocationTests
{
    private const int Turns = 2000;

    private readonly TestCatalog _catalog = new();
    private readonly uint _customers;

    public PgAllocationTests()
    {
        _customers = _catalog.Relation("customers", "id", "email");
        _catalog.Function("upper");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_prepared_statement_run_again_allocates_nothing(bool masked)
    {
        using Exchange exchange = Open(masked);
        exchange.Client(Msg.Parse("s", "select id, email from customers where id = $1"), Msg.Sync);
        exchange.Target(Msg.ParseComplete, Msg.Ready());
        byte[][] requests = [Msg.Bind("", "s"), Msg.DescribePortal(""), Msg.Execute(""), Msg.Sync];
        byte[][] replies =
        [
            Msg.BindComplete, Msg.RowDescription((_customers, 1), (_customers, 2)), Msg.DataRow("1", "a@b"), Msg.DataRow("2", "c@d"), Msg.Complete("SELECT 2"), Msg.Ready(),
        ];
        Assert.Equal(0, Allocated(exchange, requests, replies));
    }

    [Fact]
    public void A_prepared_statement_that_we_describe_ourselves_allocates_nothing()
    {
        using Exchange exchange = Open(masked: true);
        exchange.Client(Msg.Parse("s", "select id, email from customers where id = $1"), Msg.Sync);
        exchange.Target(Msg.ParseComplete, Msg.Ready());
        Assert.Equal(0, Allocated(exchange, [Msg.Bind("", "s"), Msg.Execute(""), Msg.Sync],
            [Msg.BindComplete, Msg.RowDescription((_customers, 2)), Msg.DataRow("a@b"), Msg.Complete("SELECT 1"), Msg.Ready()]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_simple_Query_allocates_nothing(bool masked)
    {
        using Exchange exchange = Open(masked);
        Assert.Equal(0, Allocated(exchange, [Msg.Query("select id, email, upper(email) from customers where id = 7")],
            [Msg.RowDescription((_customers, 1), (_customers, 2), (0, 0)), Msg.DataRow("7", "a@b", "A@B"), Msg.Complete("SELECT 1"), Msg.Ready()]));
    }

    private Exchange Open(bool masked) =>
        new(masked ? new TestMasks(TestMask.Stars, ("public.customers.email", TestMask.Grow)) : null, _catalog);

    /// <summary>Bytes allocated by turn after turn of the same requests and replies.</summary>
    private static long Allocated(Exchange exchange, byte[][] requests, byte[][] replies) => Allocation.Least(Turns, () =>
    {
        foreach (byte[] request in requests)
        {
            if (exchange.Look(request) is not (PgTake.Forward or PgTake.Precede))
                throw new InvalidOperationException("a request was not let through");
        }

        foreach (byte[] reply in replies)
        {
            if (exchange.Decide(reply) is PgShow.Violation or PgShow.Catalog or PgShow.NeedMore)
                throw new InvalidOperationException("a reply was not shown");
            exchange.ForgetShown();
        }
    });
}
