using System.Net;
using Sallyport.Proxy.Listeners;
using Xunit;

namespace Sallyport.Proxy.Tests.Listeners;

public sealed class UnauthenticatedSlotsTests
{
    [Fact]
    public void One_source_cannot_take_more_than_its_share()
    {
        var slots = new UnauthenticatedSlots(inAll: 10, perSource: 2);
        IPAddress a = IPAddress.Parse("192.0.2.1");
        UnauthenticatedSlots.Slot? first = slots.TryTake(a);
        Assert.NotNull(first);
        Assert.NotNull(slots.TryTake(a));
        Assert.Null(slots.TryTake(a));
        Assert.NotNull(slots.TryTake(IPAddress.Parse("192.0.2.2")));
        first.Release();
        Assert.NotNull(slots.TryTake(a));
    }

    [Fact]
    public void All_together_cannot_take_more_than_there_are()
    {
        var slots = new UnauthenticatedSlots(inAll: 3, perSource: 2);
        Assert.Equal(3, Enumerable.Range(0, 100).Count(i => slots.TryTake(new IPAddress([10, 0, 0, (byte)i])) is not null));
    }

    [Fact]
    public void A_slot_is_given_back_once()
    {
        var slots = new UnauthenticatedSlots(inAll: 2, perSource: 2);
        UnauthenticatedSlots.Slot first = slots.TryTake(IPAddress.Loopback)!;
        UnauthenticatedSlots.Slot second = slots.TryTake(IPAddress.Loopback)!;
        Parallel.For(0, 100, _ => first.Release());
        Assert.Equal(1, slots.Taken);
        second.Release();
        Assert.Equal(0, slots.Taken);
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("::1", "127.0.0.1", false)]
    public void A_source_is_an_IPv4_address_or_an_IPv6_network(string a, string b, bool same) =>
        Assert.Equal(same, UnauthenticatedSlots.KeyOf(IPAddress.Parse(a)) == UnauthenticatedSlots.KeyOf(IPAddress.Parse(b)));
}
