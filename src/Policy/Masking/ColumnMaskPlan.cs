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

    private readonly (FieldMaskTerms Terms, IFieldMask Mask)[] _fields;

    private ColumnMaskPlan(
        (ColumnPattern, IFieldMask)[] columns, bool keepComputed, (Detector Detector, IFieldMask Mask)[] found, (FieldMaskTerms, IFieldMask)[] fields)
    {
        _fields = fields;
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
        (FieldMaskTerms, IFieldMask)[] fields =
        [
            .. masking.SelectMany(d => d.Masks).Where(m => m.Fields is not null).OrderByDescending(m => m.Strategy)
                .Select(m => (m.Fields!, strategies.Of(m.Strategy) ?? NullMask.Instance)),
        ];
        return new ColumnMaskPlan(columns, masking.Where(d => d.Masks.Any(m => m.Columns.Count > 0)).All(d => d.KeepComputed), found, fields);
    }

    /// <inheritdoc/>
    public override IStreamMask? OpenStream() => _detectors.Length == 0 ? null : new StreamMask(_detectors, _found);

    /// <inheritdoc/>
    public override MaskPlan? Of(in ActionView request)
    {
        List<(FieldMaskTerms, IFieldMask)> fields = [];
        foreach ((FieldMaskTerms Terms, IFieldMask) field in _fields)
        {
            if (field.Terms.IsAbout(request))
                fields.Add(field);
        }

        return fields.Count == 0 && _detectors.Length == 0 ? null : new FieldMaskPlan(this, [.. fields]);
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
