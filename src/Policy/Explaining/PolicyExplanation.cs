using Sallyport.Contract;

namespace Sallyport.Policy.Explaining;

/// <summary>How an action is judged, and why: plain data, to be printed or serialised.</summary>
public sealed record PolicyExplanation
{
    /// <summary>Allow, deny or hold.</summary>
    public required VerdictKind Verdict { get; init; }

    /// <summary>The deciding rule, or <c>default…</c> when none decided.</summary>
    public required string RuleId { get; init; }

    /// <summary>What the person can do about it; null when the rule says nothing.</summary>
    public string? Hint { get; init; }

    /// <summary>One sentence that says why.</summary>
    public required string Reason { get; init; }

    /// <summary>The policy version that judged.</summary>
    public required int PolicyVersion { get; init; }

    /// <summary>SHA-256 of the sources of that version.</summary>
    public required string PolicyDigest { get; init; }

    /// <summary>Most bytes of a file that may be read or written; 0: any number.</summary>
    public long MaxBytes { get; init; }

    /// <summary>What documents match on, as <c>kind: human</c>: who, from where, to what.</summary>
    public required IReadOnlyList<string> Facts { get; init; }

    /// <summary>What the action does, one entry an effect.</summary>
    public required IReadOnlyList<EffectExplanation> Effects { get; init; }

    /// <summary>What else is known of a request, as <c>dry-run: All</c>.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];

    /// <summary>Every document, whether it applies or not.</summary>
    public required IReadOnlyList<DocumentExplanation> Documents { get; init; }

    /// <summary>The limits of the session: the tightest of all documents that apply.</summary>
    public required SessionLimits Limits { get; init; }

    /// <summary>When a time window turns, or a login is no longer recent, and the answer may change; null: never.</summary>
    public DateTimeOffset? ValidUntil { get; init; }
}

/// <summary>One effect of the action.</summary>
/// <param name="Text">Such as <c>delete public.orders (where absent)</c>, or <c>begin</c>.</param>
/// <param name="GrantedBy">The allow (or hold) rule that grants it; null when none does.</param>
public sealed record EffectExplanation(string Text, string? GrantedBy);

/// <summary>One document.</summary>
public sealed record DocumentExplanation
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The file it stands in.</summary>
    public required string File { get; init; }

    /// <summary>The line it begins at.</summary>
    public required int Line { get; init; }

    /// <summary>True when all conditions of <c>match</c> hold.</summary>
    public required bool Applies { get; init; }

    /// <summary>Why it does not apply; null when it does.</summary>
    public string? Reason { get; init; }

    /// <summary>Its conditions as they were written, as <c>kinds: agent</c>, whether they hold or not.</summary>
    public IReadOnlyList<string> Conditions { get; init; } = [];

    /// <summary>Its rules; empty when it does not apply.</summary>
    public IReadOnlyList<RuleExplanation> Rules { get; init; } = [];

    /// <summary>Its masks, such as <c>customers/pii: email on public.customers.email</c>; empty when it does not apply.</summary>
    public IReadOnlyList<string> Masks { get; init; } = [];
}

/// <summary>One rule of a document that applies.</summary>
/// <param name="Id">Its full id.</param>
/// <param name="Effect">Allow, deny or hold.</param>
/// <param name="Matched">True when it matches at least one effect.</param>
/// <param name="Reason">Which effect it matches and by which pattern, or why it matches none.</param>
public sealed record RuleExplanation(string Id, VerdictKind Effect, bool Matched, string Reason)
{
    /// <summary>Of a hold rule: how what it holds is approved.</summary>
    public string? Approval { get; init; }
}
