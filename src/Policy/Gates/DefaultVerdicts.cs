using Sallyport.Contract;

namespace Sallyport.Policy.Gates;

/// <summary>The refusals that no rule made.</summary>
internal static class DefaultVerdicts
{
    /// <summary>No rule grants the action.</summary>
    public static Verdict NotGranted(int version) => new(VerdictKind.Deny, "default", version);

    /// <summary>The action was not understood, and no rule grants that.</summary>
    public static Verdict Unparsed(int version) =>
        new(VerdictKind.Deny, "default-unparsed", version, "The statement was not understood, so it cannot be judged: write it in a simpler way.");

    /// <summary>The action was not seen whole, and no rule grants that.</summary>
    public static Verdict Truncated(int version) =>
        new(VerdictKind.Deny, "default-truncated", version, "The statement is too long to be judged: send it in smaller parts.");

    /// <summary>The action contradicts itself.</summary>
    public static Verdict Malformed(int version) => new(VerdictKind.Deny, "default-malformed", version);

    /// <summary>The refusal for an action with these flags.</summary>
    public static Verdict For(ActionFlags flags, int version)
    {
        // What was not seen whole was not understood either; that it is too long is what helps whoever sent it.
        if ((flags & ActionFlags.Truncated) != 0)
            return Truncated(version);
        return (flags & ActionFlags.Unparsed) != 0 ? Unparsed(version) : NotGranted(version);
    }
}
