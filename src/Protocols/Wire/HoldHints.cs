namespace Sallyport.Protocols.Wire;

/// <summary>What somebody can do whose action waited for a person and was not approved: the same words in every protocol.</summary>
public static class HoldHints
{
    /// <param name="reason">The fixed word of <see cref="Contract.HoldOutcome.Reason"/>.</param>
    public static string Of(string reason) => reason switch
    {
        "denied" => "Talk to whoever denied it before you run it again.",
        "expired" => "Run it again when an approver is there.",
        "too-many" => "Wait until those that wait already are decided.",
        _ => "Ask whoever runs this server.",
    };
}
