using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Documents;

/// <summary>The windows in which approvals may be given at all; without windows, at any time.</summary>
internal sealed record ApprovalHours(IReadOnlyList<TimeWindow> Windows)
{
    public static ApprovalHours Always { get; } = new([]);

    /// <summary>The windows, for people.</summary>
    public string Text => string.Join("; ", Windows.Select(w => w.Text));

    public bool Contains(DateTimeOffset now) => Windows.Count == 0 || Windows.Any(w => w.Contains(now, out _));

    /// <summary>Says when to come back.</summary>
    public string Refusal(DateTimeOffset now) => $"Approvals are given only in these hours: {Text}; {Windows[0].Describe(now)}.";
}
