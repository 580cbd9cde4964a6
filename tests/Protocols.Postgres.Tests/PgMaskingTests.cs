using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Protocols.Postgres.Tests.Doubles;
using Sallyport.Protocols.Wire;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

public sealed class PgMaskingTests
{
    private static readonly IFieldMask?[] Masks = [null, TestMask.Stars, TestMask.Grow, TestMask.Shrink, TestMask.Empty, TestMask.Refuse];

    /// <summary>A row's values (null: NULL) and each column's mask.</summary>
    private static readonly Gen<(byte[]? Value, int Mask)[]> Rows =
        Gen.Select(Gen.Int[0, 3], Gen.Byte.Array[0, 30], Gen.Int[0, Masks.Length - 1], (n, v, m) => (n == 0 ? null : v, m)).Array[1, 12];

    [Fact]
    public void Wherever_a_row_is_cut_what_comes_out_is_what_a_naive_masking_gives() =>
        Gen.Select(Rows, Gen.Int[0, 400], Gen.Byte.Array[0, 5]).Sample((row, cut, before) =>
        {
            PgMaskPlan plan = Plan([.. row.Select(c => Masks[c.Mask])]);
            if (plan.Last < 0)
                return true;
            byte[] body = Body([.. row.Select(c => c.Value)]);
            using var writer = new PgWriter();
            writer.Bytes(before);
            cut = Math.Min(cut, body.Length);
            PgRowStatus status = PgMasking.MaskRow(body.AsSpan(0, cut), body.Length, plan, writer, out int consumed);
            if (cut < NeededFor(row, plan.Last))
                return status == PgRowStatus.NeedMore && consumed == 0 && writer.Written.Span.SequenceEqual(before);
            if (status != PgRowStatus.Done || consumed != NeededFor(row, plan.Last))
                return false;

            // The head that was written and the rest of the body, passed on as it is, are one well-formed row.
            writer.Bytes(body.AsSpan(consumed));
            ReadOnlySpan<byte> shown = writer.Written.Span[before.Length..];
            return PgFrame.TryParse(shown, int.MaxValue, out PgFrame frame) == ParseStatus.Done
                && frame.Type == BackendMessage.DataRow && frame.TotalLength == shown.Length
                && shown[PgFrame.HeaderLength..].SequenceEqual(Body([.. row.Select(c => Naive(c.Value, Masks[c.Mask]))]))
                && writer.Written.Span[..before.Length].SequenceEqual(before);
        }, iter: 5000);

    [Fact]
    public void Hostile_bytes_never_throw_and_leave_the_writer_alone_unless_they_are_a_row() =>
        Gen.Select(Gen.Byte[0, 6].Array[0, 40], Gen.Int[0, 60], Gen.Int[1, 4]).Sample((body, announced, columns) =>
        {
            announced = Math.Max(announced, body.Length);
            using var writer = new PgWriter();
            PgMaskPlan plan = Plan([.. Enumerable.Repeat<IFieldMask?>(TestMask.Grow, columns)]);
            PgRowStatus status = PgMasking.MaskRow(body, announced, plan, writer, out int consumed);
            return status == PgRowStatus.Done ? consumed <= body.Length : consumed == 0 && writer.Length == 0;
        }, iter: 20_000);

    [Theory]
    [InlineData(new byte[] { }, 1)]
    [InlineData(new byte[] { 0, 2, 0, 0, 0, 1, 7 }, 7)]
    [InlineData(new byte[] { 0, 0 }, 2)]
    [InlineData(new byte[] { 0, 1 }, 5)]
    [InlineData(new byte[] { 0, 1, 0xFF, 0xFF, 0xFF, 0xFE }, 6)]
    [InlineData(new byte[] { 0, 1, 0x80, 0, 0, 0 }, 6)]
    [InlineData(new byte[] { 0, 1, 0x7F, 0xFF, 0xFF, 0xFF }, 6)]
    [InlineData(new byte[] { 0, 1, 0, 0, 0, 2, 7 }, 7)]
    public void What_is_not_a_row_of_the_plan_is_malformed(byte[] body, int bodyLength)
    {
        using var writer = new PgWriter();
        Assert.Equal(PgRowStatus.Malformed, PgMasking.MaskRow(body, bodyLength, Plan([TestMask.Stars]), writer, out _));
        Assert.Equal(0, writer.Length);
    }

    [Fact]
    public void Columns_behind_the_last_mask_need_not_have_arrived_however_long_they_are()
    {
        byte[] head = [0, 2, 0, 0, 0, 3, (byte)'a', (byte)'b', (byte)'c'];
        using var writer = new PgWriter();
        Assert.Equal(PgRowStatus.Done, PgMasking.MaskRow(head, 1 << 30, Plan([TestMask.Shrink, null]), writer, out int consumed));
        Assert.Equal(head.Length, consumed);
        Assert.Equal((uint)(1 << 30) - 2 + 4, BinaryPrimitives.ReadUInt32BigEndian(writer.Written.Span[1..]));
        Assert.Equal("\0\u0002\0\0\0\u0001-", Encoding.ASCII.GetString(writer.Written.Span[5..]));
    }

    [Fact]
    public void Masking_a_row_allocates_nothing()
    {
        PgMaskPlan plan = Plan([null, TestMask.Grow, TestMask.Refuse, TestMask.Shrink, null]);
        byte[] body = Msg.DataRow("1", "alice@example.com", "x", null, "rest")[5..];
        using var writer = new PgWriter();
        Assert.Equal(0, Allocation.Least(5_000, () =>
        {
            PgMasking.MaskRow(body, body.Length, plan, writer, out _);
            writer.Clear();
        }));
    }

    [Fact]
    public void A_plan_masks_by_origin_and_computed_columns_by_what_the_statement_reads()
    {
        var catalog = new TestCatalog();
        uint customers = catalog.Relation("customers", "id", "email");
        catalog.Snapshot.StringTypes.Add(25);
        PgMaskIndex index = catalog.Index(new TestMasks(TestMask.Grow, ("public.customers.email", TestMask.Stars)));
        byte[] description = Msg.RowDescription((customers, 1), (customers, 2), (0, 0))[5..];

        Assert.True(PgMasking.TryPlan(description, index, mayShowMasked: true, out PgMaskPlan plan, out bool allKnown));
        Assert.True(allKnown);
        Assert.Equal((3, 2), (plan.Columns, plan.Last));
        Assert.Equal([null, TestMask.Stars, TestMask.Grow], Enumerable.Range(0, 3).Select(plan.Mask));
        Assert.Equal(FieldKind.Text, plan.Kind(1));

        Assert.True(PgMasking.TryPlan(description, index, mayShowMasked: false, out plan, out _));
        Assert.Equal(1, plan.Last);
        Assert.Null(plan.Mask(2));
    }

    [Fact]
    public void A_column_of_an_unknown_origin_becomes_NULL_and_asks_for_a_newer_catalog()
    {
        PgMaskIndex index = new TestCatalog().Index(new TestMasks(null));
        Assert.True(PgMasking.TryPlan(Msg.RowDescription((4711, 1))[5..], index, mayShowMasked: false, out PgMaskPlan plan, out bool allKnown));
        Assert.False(allKnown);
        Assert.Equal("null", plan.Mask(0)!.Strategy);
    }

    [Fact]
    public void A_description_that_is_malformed_makes_no_plan()
    {
        PgMaskIndex index = new TestCatalog().Index(new TestMasks(null));
        byte[] body = Msg.RowDescription((0, 0), (0, 0))[5..];
        for (int length = 0; length < body.Length; length++)
            Assert.False(PgMasking.TryPlan(body.AsSpan(0, length), index, mayShowMasked: false, out _, out _));
        Assert.False(PgMasking.TryPlan([.. body, 0], index, mayShowMasked: false, out _, out _));
        Assert.False(PgMasking.TryPlan([0xFF, 0xFF, 0, 0], index, mayShowMasked: false, out _, out _));
        Assert.True(PgMasking.TryPlan([0, 0], index, mayShowMasked: false, out PgMaskPlan none, out _));
        Assert.Equal(-1, none.Last);
    }

    private static PgMaskPlan Plan(IFieldMask?[] masks) => new(masks, new FieldKind[masks.Length]);

    private static byte[]? Naive(byte[]? value, IFieldMask? mask)
    {
        if (value is null || mask is null)
            return value;
        byte[] room = new byte[mask.MaxLength(value.Length)];
        return mask.TryMask(value, FieldKind.Text, room, out int written) ? room[..written] : null;
    }

    /// <summary>Bytes of the body up to the end of the last masked column.</summary>
    private static int NeededFor((byte[]? Value, int Mask)[] row, int last) => 2 + row.Take(last + 1).Sum(c => 4 + (c.Value?.Length ?? 0));

    private static byte[] Body(byte[]?[] values)
    {
        using var writer = new PgWriter();
        writer.Int16((short)values.Length);
        foreach (byte[]? value in values)
        {
            if (value is null)
                writer.Int32(-1);
            else
                writer.Int32(value.Length).Bytes(value);
        }

        return writer.Written.ToArray();
    }
}
