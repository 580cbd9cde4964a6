namespace Sallyport.Contract;

/// <summary>What policy says. The default value is a denial.</summary>
public enum VerdictKind : byte
{
    Deny = 0,
    Hold = 1,
    Allow = 2,
}

/// <summary>The answer to one action: allow, deny or hold, by which rule of which policy version.</summary>
/// <param name="Kind">Allow, deny or hold.</param>
/// <param name="RuleId">The deciding rule, <c>document/rule</c>; <c>default</c> when nothing matched.</param>
/// <param name="PolicyVersion">Counts policy loads since the daemon started; the content digest is in the session's facts.</param>
/// <param name="Hint">What the person can do about it, as the rule's author wrote it; null when the rule says nothing.</param>
public readonly record struct Verdict(VerdictKind Kind, string RuleId, int PolicyVersion, string? Hint = null)
{
    /// <summary>Masks that apply to what an allowed action returns; null when there are none.</summary>
    public MaskPlan? Masks { get; init; }

    /// <summary>Most bytes that an allowed transfer of one file may carry; 0: any number.</summary>
    public long MaxBytes { get; init; }
}

/// <summary>Limits that come with being allowed in. Null or 0 means no limit of that kind.</summary>
public sealed record SessionLimits
{
    public static SessionLimits None { get; } = new();

    /// <summary>Longest life of a session.</summary>
    public TimeSpan? Session { get; init; }

    /// <summary>Longest silence of both sides together.</summary>
    public TimeSpan? Idle { get; init; }

    /// <summary>Most actions judged in any minute; one more is refused.</summary>
    public int ActionsPerMinute { get; init; }

    /// <summary>Most sessions of one subject on one target at a time, on this node.</summary>
    public int ConcurrentSessions { get; init; }

    /// <summary>A live session whose token, person or group was revoked is refused every action; false: it ends.</summary>
    public bool RefuseWhenRevoked { get; init; }

    /// <summary>Groups of which another person must be watching; empty: nobody must. While nobody is, the session stands still.</summary>
    public IReadOnlyList<string> ModeratedBy { get; init; } = [];
}
