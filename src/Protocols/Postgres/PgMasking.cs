using System.Buffers.Binary;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Catalog;

namespace Sallyport.Protocols.Postgres;

/// <summary>How the rows of one result are masked: a mask, or none, per column. Immutable.</summary>
public sealed class PgMaskPlan
{
    private readonly IFieldMask?[] _masks;
    private readonly FieldKind[] _kinds;

    /// <summary>A plan from masks and kinds of the same length; a null mask shows the column.</summary>
    public PgMaskPlan(IFieldMask?[] masks, FieldKind[] kinds)
    {
        _masks = masks;
        _kinds = kinds;
        Last = Array.FindLastIndex(masks, m => m is not null);
    }

    /// <summary>What is masked and how, for the record; empty when nothing is.</summary>
    public string Summary { get; init; } = "";

    /// <summary>The plan of a result without rows, or without masks.</summary>
    public static PgMaskPlan ShowAll { get; } = new([], []);

    /// <summary>Columns described.</summary>
    public int Columns => _masks.Length;

    /// <summary>The last masked column; -1 when nothing is masked. What lies behind it is passed on without being looked at.</summary>
    public int Last { get; }

    /// <summary>The mask of a column, or null when it is shown.</summary>
    public IFieldMask? Mask(int column) => _masks[column];

    /// <summary>What kind of value a column has.</summary>
    public FieldKind Kind(int column) => _kinds[column];
}

/// <summary>What became of a row.</summary>
public enum PgRowStatus : byte
{
    /// <summary>The head of the row, masked, has been written; what is left of the body follows as it is.</summary>
    Done,

    /// <summary>The last masked column has not arrived whole.</summary>
    NeedMore,

    /// <summary>Not a row of this plan.</summary>
    Malformed,
}

/// <summary>Plans from RowDescriptions, and rows rewritten by plans.</summary>
public static class PgMasking
{
    /// <summary>Length at which a summary names no further columns, characters.</summary>
    private const int MaxSummary = 1000;

    /// <summary>
    /// Makes the plan for a RowDescription. A column is masked by its origin (table OID and attribute number), never by its label; one without
    /// an origin is masked as computed when the statement may have read something masked; one whose origin is not known becomes NULL.
    /// </summary>
    /// <param name="body">Body of the RowDescription.</param>
    /// <param name="index">The masks, by origin.</param>
    /// <param name="mayShowMasked">Whether the statement reads, or might read, a relation with masked columns.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="allKnown">False when an origin is not in the catalog: a newer one should be asked before this plan is used.</param>
    /// <returns>False when the message is malformed.</returns>
    public static bool TryPlan(ReadOnlySpan<byte> body, PgMaskIndex index, bool mayShowMasked, out PgMaskPlan plan, out bool allKnown)
    {
        plan = PgMaskPlan.ShowAll;
        allKnown = true;
        if (!PgRowDescription.TryOpen(body, out PgRowDescription fields) || fields.Remaining > body.Length)
            return false;

        var masks = new IFieldMask?[fields.Remaining];
        var kinds = new FieldKind[fields.Remaining];
        var summary = new StringBuilder();
        for (int i = 0; fields.TryNext(out PgField field); i++)
        {
            kinds[i] = index.KindOf(field.TypeOid);
            if (field.TableOid == 0)
            {
                masks[i] = mayShowMasked ? index.Plan.Computed : null;
            }
            else if (!index.TryFind(field.TableOid, field.AttributeNumber, out masks[i]))
            {
                masks[i] = NullMask.Instance;
                allKnown = false;
            }

            if (masks[i] is { } mask && summary.Length < MaxSummary)
                summary.Append(summary.Length == 0 ? "" : ", ").Append(index.Describe(field.TableOid, field.AttributeNumber)).Append(" by ").Append(mask.Strategy);
        }

        plan = new PgMaskPlan(masks, kinds) { Summary = summary.ToString() };
        return fields.IsComplete;
    }

    /// <summary>
    /// Masks a DataRow (PostgreSQL 55.7: Int16 n, then n times Int32 length, -1 for NULL, and that many bytes). Only what lies before the end
    /// of the last masked column need be in memory, however long the row is.
    /// </summary>
    /// <param name="body">As much of the body as has arrived.</param>
    /// <param name="bodyLength">Length of the whole body.</param>
    /// <param name="plan">A plan with at least one mask.</param>
    /// <param name="to">Takes the new header and the masked part; untouched unless Done.</param>
    /// <param name="consumed">Bytes of the body that were taken; the rest is passed on as it is.</param>
    public static PgRowStatus MaskRow(ReadOnlySpan<byte> body, int bodyLength, PgMaskPlan plan, PgWriter to, out int consumed)
    {
        consumed = 0;
        if (bodyLength < 2)
            return PgRowStatus.Malformed;
        if (body.Length < 2)
            return PgRowStatus.NeedMore;
        if (BinaryPrimitives.ReadUInt16BigEndian(body) != plan.Columns)
            return PgRowStatus.Malformed;

        int start = to.Length;
        to.Begin(BackendMessage.DataRow);
        int at = 2;
        int copied = 0;
        for (int column = 0; column <= plan.Last; column++)
        {
            if (body.Length - at < 4)
                return Undo(to, start, bodyLength - at < 4);
            int length = BinaryPrimitives.ReadInt32BigEndian(body[at..]);
            int value = at + 4;
            int size = Math.Max(length, 0);
            if (length < -1 || size > bodyLength - value)
                return Undo(to, start, malformed: true);
            if (size > body.Length - value)
                return Undo(to, start, malformed: false);

            if (length >= 0 && plan.Mask(column) is { } mask)
            {
                to.Bytes(body[copied..at]);
                WriteMasked(to, mask, plan.Kind(column), body.Slice(value, size));
                copied = value + size;
            }

            at = value + size;
        }

        to.Bytes(body[copied..at]);
        consumed = at;
        to.PatchInt32(start + 1, to.Length - start - 1 + (bodyLength - at));
        return PgRowStatus.Done;
    }

    private static void WriteMasked(PgWriter to, IFieldMask mask, FieldKind kind, ReadOnlySpan<byte> value)
    {
        int lengthAt = to.Length;
        to.Int32(-1);
        Span<byte> room = to.Reserve(mask.MaxLength(value.Length));
        if (!mask.TryMask(value, kind, room, out int written))
            return;
        to.Advance(written);
        to.PatchInt32(lengthAt, written);
    }

    private static PgRowStatus Undo(PgWriter to, int start, bool malformed)
    {
        to.Truncate(start);
        return malformed ? PgRowStatus.Malformed : PgRowStatus.NeedMore;
    }
}
