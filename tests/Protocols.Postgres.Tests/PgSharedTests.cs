using Sallyport.Protocols.Postgres.Tests.Doubles;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

public sealed class PgSharedTests
{
    /// <summary>A first statement may be held, and its person told, before the reply loop has begun to wait for the target.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_said_wakes_the_reply_loop_whichever_is_first(bool saidFirst)
    {
        using var exchange = new Exchange();
        int woken = 0;
        if (saidFirst)
            exchange.Shared.Say(new PgNotice("waiting"));
        exchange.Shared.OnWake(() => woken++);
        Assert.Equal(saidFirst ? 1 : 0, woken);
        if (!saidFirst)
            exchange.Shared.Say(new PgNotice("waiting"));
        Assert.Equal(1, woken);
    }
}
