using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Protocols.Postgres.Tests.Doubles;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests.Catalog;

public sealed class PgMaskIndexTests
{
    private static readonly TestMask Computed = TestMask.Grow;
    private static readonly TestMask Email = TestMask.Stars;
    private readonly TestCatalog _catalog = new();
    private readonly uint _customers;

    public PgMaskIndexTests() => _customers = _catalog.Relation("customers", "id", "email", "name");

    private PgMaskIndex Index(IFieldMask? computed, params (string Column, IFieldMask Mask)[] masks) =>
        _catalog.Index(new TestMasks(computed, [("public.customers.email", Email), .. masks]));

    private PgMaskIndex Index() => Index(Computed);

    private static IFieldMask? Find(PgMaskIndex index, uint relation, short attribute)
    {
        Assert.True(index.TryFind(relation, attribute, out IFieldMask? mask));
        return mask;
    }

    [Fact]
    public void A_column_that_the_plan_names_is_masked_and_its_neighbours_are_not()
    {
        PgMaskIndex index = Index();
        Assert.Same(Email, Find(index, _customers, 2));
        Assert.Null(Find(index, _customers, 1));
        Assert.Null(Find(index, _customers, 3));
        Assert.False(index.IsClean("customers"u8));
    }

    [Fact]
    public void System_columns_are_shown_whole_rows_of_masked_tables_are_NULL_and_what_is_not_in_the_catalog_is_not_known()
    {
        uint products = _catalog.Relation("products", "name");
        PgMaskIndex index = Index();
        Assert.Null(Find(index, _customers, -1));
        Assert.Equal("null", Find(index, _customers, 0)!.Strategy);
        Assert.Null(Find(index, products, 0));
        Assert.Equal("null", Find(Index(computed: null), _customers, 0)!.Strategy);
        Assert.False(index.TryFind(_customers, 4, out _));
        Assert.False(index.TryFind(4711, 1, out _));
        Assert.False(index.TryFind(4711, 0, out _));
        Assert.False(index.TryFind(4711, -1, out _));
    }

    [Fact]
    public void A_mask_reaches_partitions_and_parents_and_their_other_children_by_the_columns_name()
    {
        uint parent = _catalog.Relation("people", "email", "born");
        uint sibling = _catalog.Relation("staff", "born", "salary", "email");
        uint grandchild = _catalog.Relation("customers_2024", "email", "id");
        _catalog.Inherits(_customers, parent);
        _catalog.Inherits(sibling, parent);
        _catalog.Inherits(grandchild, _customers);
        PgMaskIndex index = Index();
        Assert.Same(Email, Find(index, parent, 1));
        Assert.Null(Find(index, parent, 2));
        Assert.Same(Email, Find(index, sibling, 3));
        Assert.Null(Find(index, sibling, 2));
        Assert.Same(Email, Find(index, grandchild, 1));
        foreach (string name in new[] { "people", "staff", "customers_2024" })
            Assert.False(index.IsClean(System.Text.Encoding.UTF8.GetBytes(name)));
    }

    [Fact]
    public void A_child_keeps_a_mask_of_its_own()
    {
        uint child = _catalog.Relation("customers_eu", "id", "email");
        _catalog.Inherits(child, _customers);
        PgMaskIndex index = Index(Computed, ("public.customers_eu.email", TestMask.Shrink));
        Assert.Same(TestMask.Shrink, Find(index, child, 2));
        Assert.Same(Email, Find(index, _customers, 2));
    }

    [Fact]
    public void A_view_that_reads_a_masked_column_is_masked_in_every_column()
    {
        uint view = _catalog.Relation("v", "email", "something");
        _catalog.Reads(view, _customers, 1);
        _catalog.Reads(view, _customers, 2);
        PgMaskIndex index = Index();
        Assert.Same(Email, Find(index, view, 1));
        Assert.Same(Computed, Find(index, view, 2));
        Assert.False(index.IsClean("v"u8));
    }

    [Fact]
    public void A_view_that_reads_only_other_columns_of_a_masked_table_is_clean()
    {
        uint view = _catalog.Relation("v", "email", "something");
        _catalog.Reads(view, _customers, 0);
        _catalog.Reads(view, _customers, 1);
        _catalog.Reads(view, _customers, 3);
        PgMaskIndex index = Index();
        Assert.Null(Find(index, view, 1));
        Assert.Null(Find(index, view, 2));
        Assert.True(index.IsClean("v"u8));
    }

    [Fact]
    public void A_view_that_uses_a_whole_row_of_a_masked_table_is_masked_whatever_columns_it_names()
    {
        uint view = _catalog.Relation("v", "something");
        uint other = _catalog.Relation("w", "something");
        uint products = _catalog.Relation("products", "name");
        _catalog.Reads(view, _customers, 0, wholeRow: true);
        _catalog.Reads(other, products, 0, wholeRow: true);
        PgMaskIndex index = Index();
        Assert.Same(Computed, Find(index, view, 1));
        Assert.Null(Find(index, other, 1));
    }

    [Fact]
    public void A_view_over_a_view_is_masked_in_whatever_order_the_catalog_lists_them()
    {
        uint top = _catalog.Relation("top", "t");
        uint middle = _catalog.Relation("middle", "m");
        uint bottom = _catalog.Relation("bottom", "b");
        _catalog.Reads(top, middle, 1);
        _catalog.Reads(middle, bottom, 1);
        _catalog.Reads(bottom, _customers, 2);
        PgMaskIndex index = Index();
        foreach (uint view in new[] { top, middle, bottom })
            Assert.Same(Computed, Find(index, view, 1));
    }

    [Fact]
    public void A_view_over_a_partition_is_masked_by_its_parents_rule()
    {
        uint partition = _catalog.Relation("customers_2024", "email");
        uint view = _catalog.Relation("v", "x");
        _catalog.Inherits(partition, _customers);
        _catalog.Reads(view, partition, 1);
        Assert.Same(Computed, Find(Index(), view, 1));
    }

    [Fact]
    public void A_view_that_calls_a_function_of_unknown_code_is_masked_when_anything_is()
    {
        uint view = _catalog.Relation("v", "x");
        _catalog.CallsOpaque(view);
        Assert.Same(Computed, Find(Index(), view, 1));
        Assert.Null(Find(_catalog.Index(new TestMasks(Computed)), view, 1));
    }

    [Fact]
    public void Where_policy_shows_computed_values_a_view_is_masked_by_name_alone()
    {
        uint view = _catalog.Relation("v", "email", "something");
        _catalog.Reads(view, _customers, 2);
        PgMaskIndex index = Index(computed: null);
        Assert.Same(Email, Find(index, view, 1));
        Assert.Null(Find(index, view, 2));
    }

    [Fact]
    public void A_name_is_clean_only_when_it_is_in_every_schema()
    {
        uint archived = _catalog.Relation("archive", "customers", ["id", "email"]);
        _catalog.Relation("archive", "orders", ["id"]);
        _catalog.Relation("public", "orders", ["id"]);
        PgMaskIndex index = Index();
        Assert.Null(Find(index, archived, 2));
        Assert.False(index.IsClean("customers"u8));
        Assert.True(index.IsClean("orders"u8));
    }

    [Fact]
    public void A_name_that_the_catalog_does_not_know_is_not_clean()
    {
        _catalog.Relation("orders", "id");
        PgMaskIndex index = Index();
        Assert.False(index.IsClean("nothing"u8));
        Assert.False(index.IsClean(""u8));
        Assert.False(index.IsClean("Orders"u8));
        Assert.False(index.IsClean([0xFF]));
        Assert.False(index.IsClean(new byte[64]));
        Assert.False(index.IsClean(new byte[100_000]));
    }

    [Fact]
    public void Statistics_quote_values_and_are_shown_to_nobody_who_has_masks()
    {
        uint stats = _catalog.Relation("pg_catalog", "pg_stats", ["attname", "most_common_vals"]);
        uint activity = _catalog.Relation("pg_catalog", "pg_stat_activity", ["query"]);
        PgMaskIndex index = Index();
        Assert.Equal("null", Find(index, stats, 2)!.Strategy);
        Assert.Equal("null", Find(index, activity, 1)!.Strategy);
        Assert.False(index.IsClean("pg_stats"u8));
        PgMaskIndex without = _catalog.Index(new TestMasks(Computed));
        Assert.Null(Find(without, stats, 2));
        Assert.True(without.IsClean("pg_stats"u8));
    }

    [Fact]
    public void Functions_are_safe_or_opaque_or_unknown_and_one_opaque_overload_is_enough()
    {
        _catalog.Function("upper");
        _catalog.Function("f", opaque: true);
        PgMaskIndex index = Index();
        Assert.True(index.IsSafeFunction("upper"u8));
        Assert.False(index.IsOpaqueFunction("upper"u8));
        Assert.True(index.IsOpaqueFunction("f"u8));
        Assert.False(index.IsSafeFunction("f"u8));
        Assert.False(index.IsSafeFunction("unknown"u8));
    }

    [Fact]
    public void Names_and_values_of_types_are_as_the_catalog_says()
    {
        _catalog.Snapshot.StringTypes.Add(25);
        PgMaskIndex index = Index();
        Assert.Equal(FieldKind.Text, index.KindOf(25));
        Assert.Equal(FieldKind.Other, index.KindOf(23));
    }

    [Fact]
    public void Asking_allocates_nothing()
    {
        PgMaskIndex index = Index();
        bool all = true;
        Assert.Equal(0, Allocation.Least(1_000, () =>
            all &= !index.IsClean("customers"u8) && !index.IsSafeFunction("upper"u8) && index.TryFind(_customers, 2, out _)));
        Assert.True(all);
    }
}
