using Sallyport.Contract;

namespace Sallyport.Policy.Gates;

/// <summary>The rules of one session, until a time window turns.</summary>
internal sealed class Gate(RuleSet rules, int version, DateTimeOffset validUntil) : IGate
{
    /// <inheritdoc/>
    public int Version { get; } = version;

    /// <inheritdoc/>
    public DateTimeOffset ValidUntil { get; } = validUntil;

    /// <inheritdoc/>
    public MaskPlan? Masks => rules.Masks;

    /// <inheritdoc/>
    public SessionLimits Limits => rules.Limits;

    /// <inheritdoc/>
    public Verdict Judge(in ActionView action) => rules.Judge(action);
}
