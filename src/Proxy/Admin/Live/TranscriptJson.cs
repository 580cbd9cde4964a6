using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Postgres.Transcript;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>One thing that happened in a session, as it is shown: the words and members are those of <c>sallyport-replay show --json</c>.</summary>
/// <param name="Type"><c>statement</c>, <c>function-call</c>, <c>message</c>, <c>notification</c>, <c>malformed</c>, <c>channel</c>, <c>request</c>, <c>global-request</c>, <c>exchange</c>, <c>body</c>, <c>input</c>, <c>output</c>, <c>decision</c>, <c>event</c>; last <c>end</c> or <c>dropped</c>.</param>
internal sealed record TranscriptJson(string Type, DateTimeOffset At)
{
    public string? Step { get; init; }

    public string? Text { get; init; }

    public bool? TextTruncated { get; init; }

    public string? StatementName { get; init; }

    public IReadOnlyList<TranscriptParameter>? Parameters { get; init; }

    public string? Outcome { get; init; }

    public double? DurationMs { get; init; }

    public long? Rows { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    public TranscriptError? Error { get; init; }

    public IReadOnlyList<string>? Columns { get; init; }

    public IReadOnlyList<IReadOnlyList<string?>>? FirstRows { get; init; }

    public string? Kind { get; init; }

    public string? Verb { get; init; }

    public string? Verdict { get; init; }

    public string? RuleId { get; init; }

    public string? Hint { get; init; }

    public string? Name { get; init; }

    public string? Detail { get; init; }

    public string? Reason { get; init; }

    /// <summary>Of HTTP: which exchange of the session it is about.</summary>
    public uint? Exchange { get; init; }

    public string? Method { get; init; }

    public string? Url { get; init; }

    public int? Status { get; init; }

    public long? RequestBytes { get; init; }

    public long? ResponseBytes { get; init; }

    public static TranscriptJson Of(PgTranscriptEntry entry) => entry switch
    {
        PgStatementEntry statement => Of(statement),
        PgFunctionCallEntry call => new("function-call", call.At)
        {
            Name = call.FunctionOid.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Outcome = KebabNames.Name(call.Outcome),
            DurationMs = call.Duration?.TotalMilliseconds,
            Error = TranscriptError.Of(call.Error),
        },
        PgMessageEntry message => new("message", message.At) { Error = TranscriptError.Of(message.Message), Kind = message.IsError ? "error" : "notice" },
        PgNotificationEntry notification => new("notification", notification.At) { Name = notification.Channel, Detail = notification.Payload },
        PgMalformedEntry malformed => new("malformed", malformed.At) { Reason = malformed.Reason },
        _ => throw new ArgumentOutOfRangeException(nameof(entry), entry.GetType().Name, "no such entry"),
    };

    public static TranscriptJson Of(DateTimeOffset at, FollowedDecision decision) => new("decision", at)
    {
        Kind = KebabNames.Name(decision.Kind),
        Verb = KebabNames.Name(decision.Verb),
        Text = decision.Text,
        Verdict = KebabNames.Name(decision.Verdict),
        RuleId = decision.RuleId,
        Hint = decision.Hint,
    };

    public static TranscriptJson Of(DateTimeOffset at, SessionEnd end) => new("end", at) { Reason = end.Reason, Detail = end.Detail };

    private static TranscriptJson Of(PgStatementEntry entry) => new("statement", entry.At)
    {
        Step = KebabNames.Name(entry.Step),
        Text = entry.Text,
        TextTruncated = entry.TextTruncated ? true : null,
        StatementName = entry.StatementName.Length > 0 ? entry.StatementName : null,
        Parameters = entry.ParameterCount == 0 ? null : [.. entry.Parameters.Select(value => new TranscriptParameter(value.Value, value.TypeOid, value.Length))],
        Outcome = KebabNames.Name(entry.Outcome),
        DurationMs = entry.Duration?.TotalMilliseconds,
        Rows = entry.Rows,
        Tags = entry.Tags.Count > 0 ? entry.Tags : null,
        Error = TranscriptError.Of(entry.Error),
        Columns = entry.FirstRows.Count > 0 ? entry.Columns : null,
        FirstRows = entry.FirstRows.Count > 0 ? entry.FirstRows : null,
    };
}

/// <param name="Length">Whole length, bytes; -1 for NULL.</param>
internal sealed record TranscriptParameter(string? Value, uint TypeOid, int Length);

internal sealed record TranscriptError(string Severity, string SqlState, string Message, string Detail, string Hint)
{
    public static TranscriptError? Of(PgError? error) => error is null ? null : new(error.Severity, error.SqlState, error.Message, error.Detail, error.Hint);
}
