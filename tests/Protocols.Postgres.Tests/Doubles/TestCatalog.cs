using System.Globalization;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Catalog;

namespace Sallyport.Protocols.Postgres.Tests.Doubles;

/// <summary>A catalog made by hand.</summary>
internal sealed class TestCatalog
{
    private uint _next = 20_000;

    public PgCatalogSnapshot Snapshot { get; } = new();

    /// <summary>A table, view or partition; its columns are numbered from 1.</summary>
    public uint Relation(string name, params string[] columns) => Relation("public", name, columns);

    public uint Relation(string schema, string name, string[] columns)
    {
        uint oid = _next++;
        Snapshot.AddRelation([Text(oid), schema, name]);
        for (int i = 0; i < columns.Length; i++)
            Snapshot.AddColumn([Text(oid), Text(i + 1), columns[i]]);
        return oid;
    }

    public void Inherits(uint child, uint parent) => Snapshot.AddKin([Text(child), Text(parent)]);

    /// <summary>What pg_depend says of a view: one column it reads, or with 0 a relation as a whole.</summary>
    public void Reads(uint view, uint relation, short attribute, bool wholeRow = false) =>
        Snapshot.AddView([Text(view), "1259", Text(relation), Text(attribute), wholeRow ? "t" : "f", "f"]);

    public void CallsOpaque(uint view) => Snapshot.AddView([Text(view), "1255", "99999", "0", "f", "t"]);

    public void Function(string name, bool opaque = false) => Snapshot.AddFunction([name, opaque ? "t" : "f"]);

    public PgMaskIndex Index(MaskPlan plan) => new(Snapshot, plan);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
