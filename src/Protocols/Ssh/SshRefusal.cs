using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Ssh;

/// <summary>What the client is told when something is not let through, in words that a person reads on standard error or in a failure's description.</summary>
internal static class SshRefusal
{
    /// <summary>The exit status of a command that was refused: what a shell says of one that it may not run.</summary>
    public const uint ExitStatus = 126;

    public static string FromVerdict(in Verdict verdict, string what) =>
        $"sallyport: refused by policy: {what}. Rule {verdict.RuleId}. {verdict.Hint ?? DefaultHint(verdict.RuleId)}";

    public static string FromOutcome(in Verdict verdict, HoldOutcome outcome, string what)
    {
        string id = outcome.Id.Length == 0 ? "" : $" Approval {outcome.Id}.";
        return $"sallyport: approval needed, and {what}: {OneLine(outcome.Message).TrimEnd('.')}. Rule {verdict.RuleId}.{id} {verdict.Hint ?? HoldHints.Of(outcome.Reason)}";
    }

    public static string FromRestriction(string what) => $"sallyport: refused: {what}. The key or certificate you logged in with does not permit it.";

    public static string Waits(HoldNotice notice)
    {
        string where = notice.Url is null ? $"sallyport approvals approve {notice.Id}" : notice.Url;
        string hint = notice.Hint is null ? "" : $" {notice.Hint}";
        return $"sallyport: waiting for approval {notice.Id} until {notice.ExpiresAt:yyyy-MM-dd HH:mm:ss}Z (rule {notice.RuleId}).{hint} An approver decides here: {where}";
    }

    public static string WaitsForWatcher(string hint, DateTimeOffset until) =>
        $"sallyport: waiting: {char.ToLowerInvariant(hint[0])}{hint[1..].TrimEnd('.')}, at most until {until:yyyy-MM-dd HH:mm:ss}Z.";

    /// <summary>Text on its own lines, as a terminal or a pipe needs them.</summary>
    public static byte[] Lines(string text, bool terminal) => Encoding.UTF8.GetBytes(terminal ? $"\r\n{text}\r\n" : $"{text}\n");

    private static string DefaultHint(string ruleId) => ruleId switch
    {
        "default" => "No rule allows it: ask whoever keeps the policy for one.",
        "default-unparsed" => "It was not understood, so it was not let through: write it in simpler words, or ask for a rule that allows unparsed commands.",
        "default-truncated" => "It is too long to be judged whole.",
        _ => "Ask whoever keeps the policy.",
    };

    private static string OneLine(string text) => string.Create(text.Length, text, static (to, from) =>
    {
        for (int i = 0; i < from.Length; i++)
            to[i] = char.IsControl(from[i]) ? ' ' : from[i];
    });
}
