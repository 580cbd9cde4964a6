using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Protocols.Postgres.Tests.Doubles;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

public sealed class PgPlanCacheTests
{
    private readonly PgPlanCache _cache = new();
    private readonly PgMaskIndex _index = new TestCatalog().Index(new TestMasks(null));

    [Fact]
    public void A_plan_is_found_by_the_same_bytes_the_same_index_and_the_same_suspicion()
    {
        PgMaskPlan plan = Plan();
        _cache.Add("description"u8, _index, mayShow: true, plan);
        Assert.Same(plan, _cache.Find("description"u8, _index, mayShow: true));
        Assert.Null(_cache.Find("description"u8, _index, mayShow: false));
        Assert.Null(_cache.Find("descriptioN"u8, _index, mayShow: true));
        Assert.Null(_cache.Find("descriptio"u8, _index, mayShow: true));
        Assert.Null(_cache.Find("description"u8, new TestCatalog().Index(new TestMasks(null)), mayShow: true));
        Assert.Null(_cache.Find(""u8, _index, mayShow: false));
    }

    [Fact]
    public void It_keeps_the_last_eight()
    {
        PgMaskPlan[] plans = [.. Enumerable.Range(0, 9).Select(_ => Plan())];
        for (byte i = 0; i < plans.Length; i++)
            _cache.Add([i], _index, mayShow: false, plans[i]);
        Assert.Null(_cache.Find([0], _index, mayShow: false));
        for (byte i = 1; i < plans.Length; i++)
            Assert.Same(plans[i], _cache.Find([i], _index, mayShow: false));
    }

    [Fact]
    public void A_long_description_is_not_kept()
    {
        _cache.Add(new byte[2048], _index, mayShow: false, Plan());
        _cache.Add(new byte[2049], _index, mayShow: false, Plan());
        Assert.NotNull(_cache.Find(new byte[2048], _index, mayShow: false));
        Assert.Null(_cache.Find(new byte[2049], _index, mayShow: false));
    }

    [Fact]
    public void Finding_allocates_nothing()
    {
        byte[] description = new byte[100];
        _cache.Add(description, _index, mayShow: false, Plan());
        Assert.Equal(0, Allocation.Least(1_000, () => _cache.Find(description, _index, mayShow: false)));
    }

    private static PgMaskPlan Plan() => new([], []);
}
