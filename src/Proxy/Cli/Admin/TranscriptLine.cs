using System.Globalization;
using Sallyport.Proxy.Admin.Live;

namespace Sallyport.Proxy.Cli.Admin;

/// <summary>One thing that happened in a session, as one line.</summary>
internal static class TranscriptLine
{
    public static string Of(TranscriptJson told)
    {
        string time = told.At.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        string text = told.Type switch
        {
            "statement" => $"{told.Step} {OneLine(told.Text)} -> {told.Outcome}{Rows(told)}{Error(told)}",
            "decision" => $"{told.Verdict} {told.Verb} by {told.RuleId}: {OneLine(told.Text)}",
            "input" or "output" => $"{told.Name}{(told.Kind is null ? "" : " " + told.Kind)}: {OneLine(told.Text)}",
            "channel" or "request" => string.Join(' ', new[] { told.Name, told.Kind, told.Step, OneLine(told.Detail), told.Reason }.Where(part => !string.IsNullOrEmpty(part))),
            "message" => $"{told.Kind}{Error(told)}",
            _ => string.Join(' ', new[] { told.Name, told.Outcome, told.Detail, told.Reason }.Where(part => part is not null)),
        };
        return $"{time} {told.Type,-9} {text}";
    }

    private static string Rows(TranscriptJson told) => told.Tags is { Count: > 0 } tags ? $" ({string.Join(", ", tags)})" : told.Rows is > 0 ? $" ({told.Rows} rows)" : "";

    private static string Error(TranscriptJson told) => told.Error is { } error ? $" {error.Severity} {error.SqlState}: {error.Message}" : "";

    private static string OneLine(string? text) => (text ?? "").ReplaceLineEndings(" ");
}
