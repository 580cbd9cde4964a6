using Sallyport.Contract;

namespace Sallyport.Proxy.Sessions;

/// <summary>
/// Where a credential may be used (<see cref="Contract.Identity.Targets"/>). It stands before policy, so that a session elsewhere is refused as any forbidden
/// target is; and <see cref="LiveSessions"/> asks it again, which no engine can leave out.
/// </summary>
internal sealed class CredentialScope(IPolicy policy) : IPolicy
{
    public const string RuleId = "credential/target";

    /// <inheritdoc/>
    public int Version => policy.Version;

    /// <summary>Why this credential opens no session there; null: it may.</summary>
    public static string? Refuse(SessionFacts facts) =>
        facts.Identity.Targets.IsDefaultOrEmpty || facts.Identity.Targets.Contains(facts.Target) ? null : "What you logged in with is not for this target.";

    /// <inheritdoc/>
    public IGate Open(SessionFacts facts)
    {
        IGate gate = policy.Open(facts);
        return Refuse(facts) is null ? gate : new ClosedGate(gate);
    }

    /// <summary>Denies everything.</summary>
    private sealed class ClosedGate(IGate gate) : IGate
    {
        public int Version => gate.Version;

        public DateTimeOffset ValidUntil => DateTimeOffset.MaxValue;

        public MaskPlan? Masks => gate.Masks;

        public SessionLimits Limits => gate.Limits;

        public Verdict Judge(in ActionView action) => new(VerdictKind.Deny, RuleId, gate.Version, "What you logged in with is not for this target.");
    }
}
