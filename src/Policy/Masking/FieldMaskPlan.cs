using System.Text;
using Sallyport.Contract;
using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Masking;

/// <summary>The masks of one answer, the strictest first; detectors look into its texts as into streams.</summary>
internal sealed class FieldMaskPlan(MaskPlan session, (FieldMaskTerms Terms, IFieldMask Mask)[] fields) : MaskPlan
{
    /// <inheritdoc/>
    public override IFieldMask? Computed => fields.Length == 0 ? null : MaskStrategies.Computed;

    /// <inheritdoc/>
    public override IFieldMask? Find(string schema, string table, string column) => null;

    /// <inheritdoc/>
    public override IFieldMask? Find(ReadOnlySpan<byte> path)
    {
        if (fields.Length == 0)
            return null;
        // A key that is a star stands in brackets.
        bool isBelow = path.EndsWith(".*"u8);
        byte[] dotted = Encoding.UTF8.GetBytes(FieldPattern.Dotted(Encoding.UTF8.GetString(path)));
        foreach ((FieldMaskTerms terms, IFieldMask mask) in fields)
        {
            if (isBelow ? terms.MatchesBelow(dotted.AsSpan(0, dotted.Length - 1)) : terms.Matches(dotted))
                return mask;
        }

        return null;
    }

    /// <inheritdoc/>
    public override IStreamMask? OpenStream() => session.OpenStream();
}
