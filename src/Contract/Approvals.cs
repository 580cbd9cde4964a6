namespace Sallyport.Contract;

/// <summary>One effect of a held action.</summary>
/// <param name="Verb">What is done.</param>
/// <param name="Name">To what; empty: to nothing that has a name.</param>
public readonly record struct HeldEffect(Verb Verb, string Name);

/// <summary>A value that a held action carries beside its text.</summary>
/// <param name="Type">Its type, as the protocol names it (for SQL, the type's name or OID); empty when the client did not say.</param>
/// <param name="Value">As a person can read it; null: NULL.</param>
public readonly record struct HeldParameter(string Type, string? Value);

/// <summary>An action that waits for a person: the only copy that is ever made of one.</summary>
public sealed record HeldAction
{
    public required ActionKind Kind { get; init; }

    public required Verb Verb { get; init; }

    /// <summary>The whole text, as it will run if it is approved; secrets in it blanked.</summary>
    public required string Text { get; init; }

    public IReadOnlyList<string> Rules { get; init; } = [];

    public IReadOnlyList<HeldEffect> Effects { get; init; } = [];

    public IReadOnlyList<HeldParameter> Parameters { get; init; } = [];

    /// <summary>How long the client waits for the answer to the request itself; null: until there is one. After it the outcome is <c>pending</c>, and the same action, sent again by the same person, joins it.</summary>
    public TimeSpan? Patience { get; init; }

    /// <summary>SHA-256 over everything that decides what it does: normalised text, settings it is read by, types and bytes of its parameters.</summary>
    public required ReadOnlyMemory<byte> Digest { get; init; }
}

/// <summary>What the person who waits is told.</summary>
/// <param name="Id">Of the approval, to be told to an approver.</param>
/// <param name="RuleId">Why it waits.</param>
/// <param name="Url">Where it can be approved; null: by command only.</param>
/// <param name="ExpiresAt">How long it waits.</param>
/// <param name="Hint">What the rule's author says; null: nothing.</param>
public sealed record HoldNotice(string Id, string RuleId, string? Url, DateTimeOffset ExpiresAt, string? Hint);

/// <summary>How waiting ended.</summary>
/// <param name="Approved">The action may run, now and once.</param>
/// <param name="Id">Of the approval.</param>
/// <param name="Reason">A fixed word: <c>approved</c>, <c>granted</c>, <c>pre-approved</c>, <c>break-glass</c>; <c>denied</c>, <c>expired</c>, <c>withdrawn</c>, <c>unavailable</c>, <c>too-many</c>; <c>pending</c>: nobody has decided yet, and the client waits no longer.</param>
/// <param name="Message">What the client is told when it was not approved: who said no, and why.</param>
/// <param name="EndsAt">What it runs under ends then, and with it what still runs; null: it may take as long as it takes.</param>
public sealed record HoldOutcome(bool Approved, string Id, string Reason, string Message, DateTimeOffset? EndsAt = null);

/// <summary>Finds a person who says yes. Never throws but when it is withdrawn: what cannot be asked is refused.</summary>
public interface IApprovals
{
    /// <summary>Waits until the action is approved, denied or expired. It is withdrawn when <paramref name="withdrawn"/> is cancelled.</summary>
    /// <param name="session">Whose action it is.</param>
    /// <param name="verdict">What held it.</param>
    /// <param name="action">What is held.</param>
    /// <param name="tell">Tells the client that it waits. Not called when nobody needs to be asked.</param>
    /// <param name="withdrawn">The client is gone, or has taken it back.</param>
    ValueTask<HoldOutcome> RequestAsync(SessionFacts session, Verdict verdict, HeldAction action, Func<HoldNotice, CancellationToken, ValueTask> tell, CancellationToken withdrawn);
}
