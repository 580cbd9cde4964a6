using System.Collections.Frozen;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Catalog;

/// <summary>Words that look like function calls and are grammar (gram.y, func_expr_common_subexpr): they read nothing but their arguments, and the catalog does not list them.</summary>
internal static class SqlGrammarFunctions
{
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Names = new[]
    {
        "coalesce", "greatest", "least", "nullif", "grouping", "extract", "overlay", "position", "substring", "trim", "treat", "normalize",
        "cast", "row", "array", "exists", "any", "some", "all", "in", "values", "collation", "current_schema", "merge_action",
        "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmlattributes",
        "json", "json_object", "json_array", "json_objectagg", "json_arrayagg", "json_scalar", "json_serialize", "json_query", "json_value", "json_exists",
        "current_time", "current_timestamp", "localtime", "localtimestamp", "interval", "time", "timestamp", "char", "character", "varchar",
        "numeric", "decimal", "dec", "float", "bit", "over", "filter", "within", "using", "as", "on", "not", "and", "or",
        "operator", // OPERATOR(pg_catalog.~), as psql writes it
    }.ToFrozenSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    public static bool Contains(ObjectRef function, ReadOnlySpan<byte> names)
    {
        ReadOnlySpan<byte> name = function.Name(names);
        Span<char> chars = stackalloc char[32];
        return function.QualifierLength == 0 && name.Length <= chars.Length && Encoding.UTF8.TryGetChars(name, chars, out int length)
            && Names.Contains(chars[..length]);
    }
}
