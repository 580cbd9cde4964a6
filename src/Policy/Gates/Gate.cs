using Sallyport.Contract;

namespace Sallyport.Policy.Gates;

/// <summary>The rules of one session, until a time window turns or a login is no longer recent.</summary>
internal sealed class Gate(RuleSet rules, StepUpRules? stepUp, int version, DateTimeOffset validUntil) : IGate
{
    /// <inheritdoc/>
    public int Version { get; } = version;

    /// <inheritdoc/>
    public DateTimeOffset ValidUntil { get; } = validUntil;

    /// <inheritdoc/>
    public MaskPlan? Masks => rules.Masks;

    /// <inheritdoc/>
    public SessionLimits Limits => rules.Limits;

    /// <summary>The rules themselves, for the questions that may take their time.</summary>
    public RuleSet Rules => rules;

    /// <inheritdoc/>
    public Verdict Judge(in ActionView action) => rules.Judge(action, stepUp);

    /// <inheritdoc/>
    public IReadOnlyList<string> HoldingRules(in ActionView action) => rules.HoldingRules(action);
}
