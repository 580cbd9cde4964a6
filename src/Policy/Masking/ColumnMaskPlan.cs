using System.Text;
using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Masking.Streams;

namespace Sallyport.Policy.Masking;

/// <summary>
/// The masks of all documents that apply to a session, the strictest first: the first that matches a column is its mask, and the first that names a
/// detector the mask of what that finds in streams.
/// </summary>
internal sealed class ColumnMaskPlan : MaskPlan
{
    private readonly (ColumnPattern Pattern, IFieldMask Mask)[] _columns;

    private readonly Detector[] _detectors;
    private readonly IFieldMask[] _found;

    private ColumnMaskPlan((ColumnPattern, IFieldMask)[] columns, bool keepComputed, (Detector Detector, IFieldMask Mask)[] found)
    {
        _columns = columns;
        Computed = keepComputed || columns.Length == 0 ? null : MaskStrategies.Computed;
        _detectors = [.. found.Select(f => f.Detector)];
        _found = [.. found.Select(f => f.Mask)];
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
        ColumnMask[] detecting = [.. masking.SelectMany(d => d.Masks).Where(m => m.Detect.Count > 0).OrderByDescending(m => m.Strategy)];
        (Detector, IFieldMask)[] found =
        [
            .. Detectors.Words.Select(w => (w.Value, Mask: detecting.FirstOrDefault(m => m.Detect.Contains(w.Key))))
                .Where(f => f.Mask is not null).Select(f => (f.Value, strategies.Of(f.Mask!.Strategy) ?? RedactMask.Instance)),
        ];
        return new ColumnMaskPlan(columns, masking.Where(d => d.Masks.Any(m => m.Columns.Count > 0)).All(d => d.KeepComputed), found);
    }

    /// <inheritdoc/>
    public override IStreamMask? OpenStream() => _detectors.Length == 0 ? null : new StreamMask(_detectors, _found);

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
