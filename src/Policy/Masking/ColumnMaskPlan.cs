using System.Text;
using Sallyport.Contract;
using Sallyport.Policy.Documents;

namespace Sallyport.Policy.Masking;

/// <summary>The masks of all documents that apply to a session, the strictest first: the first that matches a column is its mask.</summary>
internal sealed class ColumnMaskPlan : MaskPlan
{
    private readonly (ColumnPattern Pattern, IFieldMask Mask)[] _columns;

    private ColumnMaskPlan((ColumnPattern, IFieldMask)[] columns, bool keepComputed)
    {
        _columns = columns;
        Computed = keepComputed ? null : MaskStrategies.Computed;
    }

    /// <inheritdoc/>
    public override IFieldMask? Computed { get; }

    /// <summary>The plan of some documents; null when none of them masks.</summary>
    public static ColumnMaskPlan? Build(IEnumerable<PolicyDocument> documents, MaskStrategies strategies)
    {
        PolicyDocument[] masking = [.. documents.Where(d => d.Masks.Count > 0)];
        if (masking.Length == 0)
            return null;
        (ColumnPattern, IFieldMask)[] columns =
        [
            .. masking.SelectMany(d => d.Masks).OrderByDescending(m => m.Strategy)
                .SelectMany(m => m.Columns.Select(c => (c, strategies.Of(m.Strategy) ?? NullMask.Instance))),
        ];
        return new ColumnMaskPlan(columns, masking.All(d => d.KeepComputed));
    }

    /// <inheritdoc/>
    public override IFieldMask? Find(string schema, string table, string column)
    {
        byte[] schemaName = Encoding.UTF8.GetBytes(schema);
        byte[] tableName = Encoding.UTF8.GetBytes(table);
        byte[] columnName = Encoding.UTF8.GetBytes(column);
        foreach ((ColumnPattern pattern, IFieldMask mask) in _columns)
        {
            if (pattern.Matches(schemaName, tableName, columnName))
                return mask;
        }

        return null;
    }
}
