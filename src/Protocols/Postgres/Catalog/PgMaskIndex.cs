using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Catalog;

/// <summary>
/// One <see cref="MaskPlan"/> applied to one catalog: which columns are masked, by table OID and attribute number, and which names are clean.
/// A mask reaches further than the rule that asks for it: to partitions and parents (a row shows through both), to columns generated
/// from a masked one, and to views over a masked column, whose columns are masked unless they have a mask of their own.
/// </summary>
public sealed class PgMaskIndex
{
    /// <summary>Statistics that quote values of columns (PostgreSQL 54.27): shown to nobody who has masks.</summary>
    private static readonly string[] Statistics =
        ["pg_statistic", "pg_stats", "pg_statistic_ext_data", "pg_stats_ext", "pg_stats_ext_exprs", "pg_stat_activity", "pg_stat_statements"];

    /// <summary>What shows other sessions' texts, with the values in them, without a view.</summary>
    private static readonly string[] TellingFunctions = ["pg_stat_get_activity", "pg_stat_get_backend_activity", "pg_stat_statements"];

    private readonly PgCatalogSnapshot _catalog;
    private readonly Dictionary<ulong, IFieldMask> _masks = [];
    private readonly HashSet<uint> _touched = [];
    private readonly HashSet<string> _clean = new(StringComparer.Ordinal);
    private readonly HashSet<string> _masked = new(StringComparer.Ordinal);
    private readonly HashSet<string> _plainColumns = new(StringComparer.Ordinal);
    private readonly HashSet<string> _maskedColumns = new(StringComparer.Ordinal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _cleanByChars;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _maskedByChars;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _opaqueFunctionsByChars;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _safeFunctionsByChars;

    internal PgMaskIndex(PgCatalogSnapshot catalog, MaskPlan plan)
    {
        _catalog = catalog;
        Plan = plan;
        foreach (PgRelation relation in catalog.Relations.Values)
        {
            foreach ((short attribute, string column) in relation.Columns)
            {
                if (plan.Find(relation.Schema, relation.Name, column) is { } mask)
                    Add(relation, attribute, mask);
            }
        }

        if (_masks.Count > 0)
            MaskStatistics();
        while (Spread())
        {
        }

        foreach (PgRelation relation in catalog.Relations.Values)
            _clean.Add(relation.Name);
        foreach (uint oid in _touched)
        {
            _clean.Remove(catalog.Relations[oid].Name);
            _masked.Add(catalog.Relations[oid].Name);
            _masked.Add(catalog.Relations[oid].Schema);
            AddColumnNames(catalog.Relations[oid]);
        }

        _maskedByChars = _masked.GetAlternateLookup<ReadOnlySpan<char>>();
        _cleanByChars = _clean.GetAlternateLookup<ReadOnlySpan<char>>();
        _opaqueFunctionsByChars = catalog.OpaqueFunctions.GetAlternateLookup<ReadOnlySpan<char>>();
        _safeFunctionsByChars = catalog.SafeFunctions.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The plan it was made from.</summary>
    public MaskPlan Plan { get; }

    internal PgCatalogSnapshot Catalog => _catalog;

    /// <summary>True when the catalog knows this column; <paramref name="mask"/> is then its mask, or null when it is shown.</summary>
    public bool TryFind(uint table, short attribute, out IFieldMask? mask)
    {
        if (_masks.TryGetValue(Key(table, attribute), out mask))
            return true;
        if (!_catalog.Relations.TryGetValue(table, out PgRelation? relation))
            return false;
        // A whole row has number 0: it shows every column. System columns (ctid, tableoid, …) have negative ones and hold no data of the table.
        if (attribute == 0)
        {
            mask = _touched.Contains(table) ? NullMask.Instance : null;
            return true;
        }

        return attribute < 0 || HasColumn(relation, attribute);
    }

    /// <summary>A column as the record names it: <c>schema.table.column</c>, or what there is to say of it.</summary>
    public string Describe(uint table, short attribute)
    {
        if (!_catalog.Relations.TryGetValue(table, out PgRelation? relation))
            return table == 0 ? "a computed value" : "a column of a relation not in the catalog";
        string column = relation.Columns.Find(c => c.Key == attribute).Value ?? "?";
        return $"{relation.Schema}.{relation.Name}.{column}";
    }

    /// <summary>Whether values of this type are characters, in text and in binary format alike.</summary>
    public FieldKind KindOf(uint type) => _catalog.StringTypes.Contains(type) ? FieldKind.Text : FieldKind.Other;

    /// <summary>True when every relation of this name, in whatever schema, is known and has nothing masked in it.</summary>
    public bool IsClean(ReadOnlySpan<byte> name) => Contains(_cleanByChars, name);

    /// <summary>True when some relation of this name has something masked in it, or some schema of this name has such a relation.</summary>
    public bool IsMasked(ReadOnlySpan<byte> name) => Contains(_maskedByChars, name);

    /// <summary>True when no function of this name runs code of its own.</summary>
    public bool IsSafeFunction(ReadOnlySpan<byte> name) => Contains(_safeFunctionsByChars, name) && (_masks.Count == 0 || !IsTelling(name));

    /// <summary>True when every relation of this name has a column of that name that is shown. A column that is not known is not.</summary>
    public bool IsPlainColumn(ReadOnlySpan<byte> relation, ReadOnlySpan<byte> column)
    {
        Span<char> chars = stackalloc char[2 * 64];
        if (relation.Length >= 64 || column.Length >= 64 || !Encoding.UTF8.TryGetChars(relation, chars, out int length))
            return false;
        chars[length++] = '\0';
        if (!Encoding.UTF8.TryGetChars(column, chars[length..], out int rest))
            return false;
        ReadOnlySpan<char> key = chars[..(length + rest)];
        return _plainColumns.GetAlternateLookup<ReadOnlySpan<char>>().Contains(key) && !_maskedColumns.GetAlternateLookup<ReadOnlySpan<char>>().Contains(key);
    }

    /// <summary>True when a function of this name was written in SQL or another language that is not C.</summary>
    public bool IsOpaqueFunction(ReadOnlySpan<byte> name) => Contains(_opaqueFunctionsByChars, name);

    private static bool Contains(HashSet<string>.AlternateLookup<ReadOnlySpan<char>> set, ReadOnlySpan<byte> name)
    {
        // Identifiers have at most 63 bytes (NAMEDATALEN - 1); a longer one is none.
        Span<char> chars = stackalloc char[64];
        return name.Length < chars.Length && Encoding.UTF8.TryGetChars(name, chars, out int length) && set.Contains(chars[..length]);
    }

    private static bool HasColumn(PgRelation relation, short attribute)
    {
        foreach ((short number, _) in relation.Columns)
        {
            if (number == attribute)
                return true;
        }

        return false;
    }

    private static bool IsTelling(ReadOnlySpan<byte> name)
    {
        foreach (string telling in TellingFunctions)
        {
            if (System.Text.Ascii.Equals(name, telling))
                return true;
        }

        return false;
    }

    private void AddColumnNames(PgRelation relation)
    {
        foreach ((short attribute, string column) in relation.Columns)
            (_masks.ContainsKey(Key(relation.Oid, attribute)) ? _maskedColumns : _plainColumns).Add(relation.Name + '\0' + column);
    }

    private static ulong Key(uint table, short attribute) => (ulong)table << 16 | (ushort)attribute;

    private bool Add(PgRelation relation, short attribute, IFieldMask mask)
    {
        _touched.Add(relation.Oid);
        return _masks.TryAdd(Key(relation.Oid, attribute), mask);
    }

    private void MaskStatistics()
    {
        foreach (PgRelation relation in _catalog.Relations.Values)
        {
            if (!Array.Exists(Statistics, name => name == relation.Name))
                continue;
            foreach ((short attribute, _) in relation.Columns)
                Add(relation, attribute, NullMask.Instance);
        }
    }

    /// <summary>One round over kin, generated columns and views; true when it added something.</summary>
    private bool Spread()
    {
        bool added = false;
        foreach (PgRelation relation in _catalog.Relations.Values)
        {
            foreach (uint kin in relation.Kin)
                added |= _touched.Contains(kin) && SpreadByName(_catalog.Relations[kin], relation);
            foreach ((short generated, short from) in relation.Generated)
                added |= _masks.ContainsKey(Key(relation.Oid, from)) && Plan.Computed is { } computed && Add(relation, generated, computed);
            if (relation.Reads.Count > 0 || relation.CallsOpaque)
                added |= SpreadToView(relation);
        }

        return added;
    }

    private bool SpreadByName(PgRelation from, PgRelation to)
    {
        bool added = false;
        foreach ((short attribute, string column) in from.Columns)
        {
            if (!_masks.TryGetValue(Key(from.Oid, attribute), out IFieldMask? mask))
                continue;
            foreach ((short target, string name) in to.Columns)
                added |= name == column && Add(to, target, mask);
        }

        return added;
    }

    private bool SpreadToView(PgRelation view)
    {
        bool reads = view.CallsOpaque && _masks.Count > 0 && Plan.Computed is not null;
        bool added = false;
        foreach ((uint relation, short attribute) in view.Reads)
        {
            if (!_touched.Contains(relation) || !(view.UsesWholeRow || _masks.ContainsKey(Key(relation, attribute))))
                continue;
            reads = true;
            added |= SpreadByName(_catalog.Relations[relation], view);
        }

        if (!reads || Plan.Computed is not { } computed)
            return added;
        foreach ((short attribute, _) in view.Columns)
            added |= Add(view, attribute, computed);
        return added;
    }
}

/// <summary>The mask of what must not be shown at all.</summary>
internal sealed class NullMask : IFieldMask
{
    public static NullMask Instance { get; } = new();

    public string Strategy => "null";

    public int MaxLength(int length) => 0;

    public bool TryMask(ReadOnlySpan<byte> value, FieldKind kind, Span<byte> destination, out int written)
    {
        written = 0;
        return false;
    }
}
