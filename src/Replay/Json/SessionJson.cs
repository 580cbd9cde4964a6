using System.Text.Json.Serialization;
using Sallyport.Contract;
using Sallyport.Recording;
using Sallyport.Replay.Commands;

namespace Sallyport.Replay.Json;

/// <summary>Who, from where, to what and when.</summary>
internal sealed record SessionJson
{
    [JsonPropertyOrder(-1)]
    public string Type => "session";

    public required Guid SessionId { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required string Subject { get; init; }

    public required string Kind { get; init; }

    public required IReadOnlyList<string> Groups { get; init; }

    public required IReadOnlyList<string> ActingFor { get; init; }

    public required string Issuer { get; init; }

    public required string? TokenId { get; init; }

    public required string Source { get; init; }

    public required bool ClientTls { get; init; }

    public required string ClientUser { get; init; }

    public required string ClientApplication { get; init; }

    public required string Protocol { get; init; }

    public required string Target { get; init; }

    public required string Resource { get; init; }

    public required string Node { get; init; }

    public required string Listener { get; init; }

    public static SessionJson Of(SessionFacts facts) => new()
    {
        SessionId = facts.SessionId,
        StartedAt = facts.StartedAt,
        Subject = facts.Identity.Subject,
        Kind = Words.Kind(facts.Identity.Kind),
        Groups = facts.Identity.Groups,
        ActingFor = facts.Identity.ActingFor,
        Issuer = facts.Identity.Issuer,
        TokenId = facts.Identity.TokenId,
        Source = facts.Source.ToString(),
        ClientTls = facts.ClientTls,
        ClientUser = facts.ClientUser,
        ClientApplication = facts.ClientApplication,
        Protocol = facts.Protocol,
        Target = facts.Target,
        Resource = facts.Resource,
        Node = facts.Node,
        Listener = facts.Listener,
    };
}

/// <summary>One recording of <c>list --json</c>.</summary>
internal sealed record ListJson(string File, SessionJson? Session, double? DurationMs, long Statements, long Refusals, SessionEndJson? End, string Verified)
{
    public static ListJson Of(SessionSummary session) => new(
        session.File,
        session.Facts is null ? null : SessionJson.Of(session.Facts),
        (session.Report.ProvenUntil - session.Report.ProvenFrom)?.TotalMilliseconds,
        session.Statements,
        session.Refusals,
        SessionEndJson.Of(session.Report.SessionEnd),
        VerifyCommand.Word(session.Report.Outcome));
}

/// <summary>The last line of <c>show --json</c>.</summary>
internal sealed record EndJson(SessionEndJson? End, VerifyJson Verified)
{
    [JsonPropertyOrder(-1)]
    public string Type => "end";
}
