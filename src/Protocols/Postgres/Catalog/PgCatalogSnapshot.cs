using System.Globalization;

namespace Sallyport.Protocols.Postgres.Catalog;

/// <summary>A relation as the catalog has it: what masking needs to know of it.</summary>
internal sealed class PgRelation(uint oid, string schema, string name)
{
    public uint Oid => oid;

    public string Schema => schema;

    public string Name => name;

    /// <summary>Attribute numbers and names of its columns.</summary>
    public List<KeyValuePair<short, string>> Columns { get; } = [];

    /// <summary>Relations it inherits from or is a partition of, and those that inherit from it.</summary>
    public List<uint> Kin { get; } = [];

    /// <summary>Generated columns, each with a column that it is computed from.</summary>
    public List<(short Generated, short From)> Generated { get; } = [];

    /// <summary>A view: the columns it reads. Attribute 0 stands for the relation as a whole.</summary>
    public List<(uint Relation, short Attribute)> Reads { get; } = [];

    /// <summary>A view: some whole row is used in it, so that its columns say nothing of what it shows.</summary>
    public bool UsesWholeRow { get; set; }

    /// <summary>A view: it calls a function written in SQL or another language, which may read anything.</summary>
    public bool CallsOpaque { get; set; }
}

/// <summary>The catalog of one database at one moment. Immutable once loaded.</summary>
internal sealed class PgCatalogSnapshot
{
    /// <summary>Entries of one kind that are taken into memory; a larger catalog is refused, which refuses masked sessions on it.</summary>
    private const int MaxEntries = 2_000_000;

    private const string RelationsSql =
        "SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        + "WHERE c.relkind IN ('r','p','v','m','f','S')";

    private const string ColumnsSql =
        "SELECT a.attrelid, a.attnum, a.attname FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
        + "WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r','p','v','m','f','S')";

    private const string KinSql = "SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits";

    // The dependency is the column's own before version 15, and its expression's since.
    private const string GeneratedSql =
        "SELECT a.attrelid, a.attnum, d.refobjsubid FROM pg_catalog.pg_attribute a "
        + "LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum "
        + "JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = a.attrelid "
        + "AND d.refobjsubid > 0 AND d.refobjsubid <> a.attnum "
        + "AND (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = a.attrelid AND d.objsubid = a.attnum "
        + "OR d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = f.oid) WHERE a.attgenerated <> '' AND NOT a.attisdropped";

    // ev_action is the view's query as a node tree; a Var with varattno 0 is a whole row, for which pg_depend names the relation only.
    private const string ViewsSql =
        "SELECT r.ev_class, d.refclassid::pg_catalog.oid, d.refobjid, d.refobjsubid, "
        + "pg_catalog.strpos(r.ev_action::pg_catalog.text, ':varattno 0 ') > 0, COALESCE(l.lanname NOT IN ('internal', 'c'), false) "
        + "FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid "
        + "LEFT JOIN pg_catalog.pg_proc p ON d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = d.refobjid "
        + "LEFT JOIN pg_catalog.pg_language l ON l.oid = p.prolang "
        + "WHERE r.ev_type = '1' AND d.refclassid IN ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass)";

    // 16384 is FirstNormalObjectId: what is below it came with PostgreSQL.
    private const string FunctionsSql =
        "SELECT p.proname, pg_catalog.bool_or(p.oid >= 16384 AND l.lanname NOT IN ('internal', 'c')) "
        + "FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang GROUP BY 1";

    private const string StringTypesSql = "SELECT oid FROM pg_catalog.pg_type WHERE typcategory = 'S' AND typtype = 'b'";

    /// <summary>Relations by OID.</summary>
    public Dictionary<uint, PgRelation> Relations { get; } = [];

    /// <summary>Types whose values are characters.</summary>
    public HashSet<uint> StringTypes { get; } = [];

    /// <summary>Names of functions that read nothing but their arguments, as far as PostgreSQL's own and C functions go.</summary>
    public HashSet<string> SafeFunctions { get; } = new(StringComparer.Ordinal);

    /// <summary>Names of functions in SQL or another language that is not C: they may read anything.</summary>
    public HashSet<string> OpaqueFunctions { get; } = new(StringComparer.Ordinal);

    /// <summary>When it was loaded, in <see cref="Environment.TickCount64"/> milliseconds.</summary>
    public long LoadedAt { get; } = Environment.TickCount64;

    /// <exception cref="IOException">The catalog cannot be read.</exception>
    public static async Task<PgCatalogSnapshot> LoadAsync(PgSideConnection connection, CancellationToken cancel)
    {
        var snapshot = new PgCatalogSnapshot();
        await connection.QueryAsync(RelationsSql, 3, MaxEntries, snapshot.AddRelation, cancel).ConfigureAwait(false);
        await connection.QueryAsync(ColumnsSql, 3, MaxEntries, snapshot.AddColumn, cancel).ConfigureAwait(false);
        await connection.QueryAsync(KinSql, 2, MaxEntries, snapshot.AddKin, cancel).ConfigureAwait(false);
        await connection.QueryAsync(GeneratedSql, 3, MaxEntries, snapshot.AddGenerated, cancel).ConfigureAwait(false);
        await connection.QueryAsync(ViewsSql, 6, MaxEntries, snapshot.AddView, cancel).ConfigureAwait(false);
        await connection.QueryAsync(FunctionsSql, 2, MaxEntries, snapshot.AddFunction, cancel).ConfigureAwait(false);
        await connection.QueryAsync(StringTypesSql, 1, MaxEntries, row => snapshot.StringTypes.Add(Oid(row[0])), cancel).ConfigureAwait(false);
        return snapshot;
    }

    private static uint Oid(string text) => uint.Parse(text, CultureInfo.InvariantCulture);

    private static short Attribute(string text) => short.Parse(text, CultureInfo.InvariantCulture);

    // Each takes a row of its query: oid, schema, name; oid, number, column; child, parent; and so on.
    internal void AddRelation(string[] row) => Relations[Oid(row[0])] = new PgRelation(Oid(row[0]), row[1], row[2]);

    internal void AddColumn(string[] row)
    {
        if (Relations.TryGetValue(Oid(row[0]), out PgRelation? relation))
            relation.Columns.Add(new(Attribute(row[1]), row[2]));
    }

    internal void AddKin(string[] row)
    {
        if (!Relations.TryGetValue(Oid(row[0]), out PgRelation? child) || !Relations.TryGetValue(Oid(row[1]), out PgRelation? parent))
            return;
        child.Kin.Add(parent.Oid);
        parent.Kin.Add(child.Oid);
    }

    internal void AddGenerated(string[] row)
    {
        if (Relations.TryGetValue(Oid(row[0]), out PgRelation? relation))
            relation.Generated.Add((Attribute(row[1]), Attribute(row[2])));
    }

    internal void AddView(string[] row)
    {
        if (!Relations.TryGetValue(Oid(row[0]), out PgRelation? view))
            return;
        view.UsesWholeRow |= row[4] == "t";
        view.CallsOpaque |= row[5] == "t";
        if (Relations.ContainsKey(Oid(row[2])) && Oid(row[2]) != view.Oid)
            view.Reads.Add((Oid(row[2]), Attribute(row[3])));
    }

    internal void AddFunction(string[] row)
    {
        (row[1] == "t" ? OpaqueFunctions : SafeFunctions).Add(row[0]);
    }
}
