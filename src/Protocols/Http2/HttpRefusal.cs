namespace Sallyport.Protocols.Http2;

/// <summary>Why a request is not passed on, in words for whoever sent it.</summary>
/// <param name="Status">Of HTTP (RFC 9110 15).</param>
/// <param name="RuleId">The rule that decided; empty: no rule did, the request failed.</param>
/// <param name="Message">One sentence: what failed. Of a refusal by policy what the person can do about it; may be empty.</param>
internal sealed record HttpRefusal(int Status, string RuleId, string Message)
{
    /// <summary>After how many seconds it may be sent again; 0: no such time is known.</summary>
    public int RetryAfterSeconds { get; init; }

    /// <summary>Where people decide about it; null: nobody is asked.</summary>
    public string? ApprovalUrl { get; init; }

    /// <summary>No rule refuses it, but none allows it either.</summary>
    public bool IsByDefault => RuleId.StartsWith("default", StringComparison.Ordinal);

    /// <summary>Text that prints on one line, of a length that a terminal can show: rules and clients may say anything.</summary>
    public static string Plain(string text)
    {
        const int Longest = 2000;
        string cut = text.Length > Longest ? string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest), "…") : text;
        return string.Create(cut.Length, cut, static (span, from) =>
        {
            for (int i = 0; i < span.Length; i++)
                span[i] = char.IsControl(from[i]) || from[i] is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') ? ' ' : from[i];
        });
    }
}
