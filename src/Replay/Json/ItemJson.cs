using System.Text.Json.Serialization;
using Sallyport.Protocols.Postgres.Transcript;
using Sallyport.Recording;

namespace Sallyport.Replay.Json;

internal sealed record ErrorJson(string Severity, string SqlState, string Message, string Detail, string Hint)
{
    public static ErrorJson? Of(PgError? error) => error is null ? null : new(error.Severity, error.SqlState, error.Message, error.Detail, error.Hint);
}

internal sealed record ParameterJson(string? Value, uint TypeOid, int Length, bool Truncated);

internal sealed record StatementJson(DateTimeOffset At, string Step, string Text, bool TextTruncated, string Outcome)
{
    [JsonPropertyOrder(-1)]
    public string Type => "statement";

    public string? StatementName { get; init; }

    public string? PortalName { get; init; }

    public IReadOnlyList<ParameterJson>? Parameters { get; init; }

    public int ParameterCount { get; init; }

    public double? DurationMs { get; init; }

    public long Rows { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public ErrorJson? Error { get; init; }

    public long CopyInBytes { get; init; }

    public long CopyOutBytes { get; init; }

    public IReadOnlyList<string>? Columns { get; init; }

    public IReadOnlyList<IReadOnlyList<string?>>? FirstRows { get; init; }

    public static StatementJson Of(PgStatementEntry entry) =>
        new(entry.At, Words.Kebab(entry.Step), entry.Text, entry.TextTruncated, Words.Kebab(entry.Outcome))
        {
            StatementName = entry.StatementName.Length > 0 ? entry.StatementName : null,
            PortalName = entry.PortalName.Length > 0 ? entry.PortalName : null,
            Parameters = entry.ParameterCount == 0
                ? null
                : [.. entry.Parameters.Select(value => new ParameterJson(value.Value, value.TypeOid, value.Length, value.Truncated))],
            ParameterCount = entry.ParameterCount,
            DurationMs = entry.Duration?.TotalMilliseconds,
            Rows = entry.Rows,
            Tags = entry.Tags,
            Error = ErrorJson.Of(entry.Error),
            CopyInBytes = entry.CopyInBytes,
            CopyOutBytes = entry.CopyOutBytes,
            Columns = entry.FirstRows.Count > 0 ? entry.Columns : null,
            FirstRows = entry.FirstRows.Count > 0 ? entry.FirstRows : null,
        };
}

internal sealed record FunctionCallJson(DateTimeOffset At, uint FunctionOid, string Outcome, double? DurationMs, ErrorJson? Error)
{
    [JsonPropertyOrder(-1)]
    public string Type => "function-call";
}

internal sealed record MessageJson(DateTimeOffset At, bool IsError, ErrorJson Message)
{
    [JsonPropertyOrder(-1)]
    public string Type => "message";
}

internal sealed record NotificationJson(DateTimeOffset At, int ProcessId, string Channel, string Payload)
{
    [JsonPropertyOrder(-1)]
    public string Type => "notification";
}

internal sealed record MalformedJson(DateTimeOffset At, string Direction, long Offset, string Reason, bool Stopped)
{
    [JsonPropertyOrder(-1)]
    public string Type => "malformed";
}

internal sealed record ObjectJson(string Verb, string Name, string Flags);

internal sealed record DecisionJson(DateTimeOffset At, bool Proven, string Verdict, string RuleId, int PolicyVersion)
{
    [JsonPropertyOrder(-1)]
    public string Type => "decision";

    public required string Kind { get; init; }

    public required string Verb { get; init; }

    public required string Flags { get; init; }

    public required bool Masked { get; init; }

    public required string? Hint { get; init; }

    public required string Text { get; init; }

    public required bool TextTruncated { get; init; }

    public required IReadOnlyList<ObjectJson> Objects { get; init; }

    public required bool ObjectsTruncated { get; init; }

    /// <summary>The request of HTTP that it is about.</summary>
    public required uint? Exchange { get; init; }

    public static DecisionJson Of(PlayedItem item, DecisionRecord decision) =>
        new(item.At, item.IsProven, Words.Verdict(decision.Verdict), decision.RuleId, decision.PolicyVersion)
        {
            Kind = Words.Kebab(decision.Kind),
            Verb = Words.Kebab(decision.Verb),
            Flags = Words.Kebab(decision.Flags),
            Masked = decision.Masked,
            Hint = decision.Hint,
            Text = decision.Text,
            TextTruncated = decision.TextTruncated,
            Objects = [.. decision.Objects.Select(value => new ObjectJson(Words.Kebab(value.Verb), value.Name, Words.Kebab(value.Flags)))],
            ObjectsTruncated = decision.ObjectsTruncated,
            Exchange = item.Exchange?.Number,
        };
}

internal sealed record EventJson(DateTimeOffset At, bool Proven, string Name, string Detail)
{
    [JsonPropertyOrder(-1)]
    public string Type => "event";
}

internal sealed record DamageLineJson(DateTimeOffset At, DamageJson Damage)
{
    [JsonPropertyOrder(-1)]
    public string Type => "damage";
}
