using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Masking;

/// <summary>One entry of a mask's <c>columns</c>: <c>schema.table.column</c>, wildcards in any part.</summary>
internal sealed class ColumnPattern
{
    private readonly Glob _schema;
    private readonly Glob _table;
    private readonly Glob _column;

    private ColumnPattern(string text, IReadOnlyList<Glob> parts)
    {
        Text = text;
        (_schema, _table, _column) = (parts[0], parts[1], parts[2]);
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Reads a pattern.</summary>
    public static ColumnPattern? Parse(string text, out string? error, out string? suggestion)
    {
        suggestion = null;
        if (!DottedPattern.TryParse(text, maxParts: 3, out IReadOnlyList<Glob> parts, out error))
            return null;
        if (parts.Count == 3)
            return new ColumnPattern(text, parts);
        suggestion = parts.Count == 2 ? $"*.{text}" : $"*.*.{text}";
        error = "must have three parts, schema.table.column";
        return null;
    }

    /// <summary>True when the column matches.</summary>
    public bool Matches(ReadOnlySpan<byte> schema, ReadOnlySpan<byte> table, ReadOnlySpan<byte> column) =>
        _column.Matches(column) && _table.Matches(table) && _schema.Matches(schema);
}
