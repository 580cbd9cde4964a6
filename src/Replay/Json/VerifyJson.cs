using Sallyport.Contract;
using Sallyport.Recording;
using Sallyport.Replay.Commands;

namespace Sallyport.Replay.Json;

internal sealed record DamageJson(string Kind, long Offset, long Length, string Reason)
{
    public static DamageJson Of(Damage damage) => new(Words.Kebab(damage.Kind), damage.Offset, damage.Length, VerifyCommand.Why(damage.Kind));
}

internal sealed record SessionEndJson(string Side, string Stage, string Reason, string? WireCode, string? Detail)
{
    public static SessionEndJson? Of(SessionEnd? end) => end is null
        ? null
        : new SessionEndJson(Words.Kebab(end.Side), Words.Kebab(end.Stage), end.Reason, end.WireCode, end.Detail);
}

/// <summary>One recording of <c>verify --json</c>.</summary>
internal sealed record VerifyJson
{
    public required string File { get; init; }

    public required string Outcome { get; init; }

    public required long FileBytes { get; init; }

    public required long ProvenBytes { get; init; }

    public required long ProvenChunks { get; init; }

    public required long ProvenRecords { get; init; }

    public required DateTimeOffset? ProvenFrom { get; init; }

    public required DateTimeOffset? ProvenUntil { get; init; }

    public required IReadOnlyList<DamageJson> Unproven { get; init; }

    public required long UnprovenCount { get; init; }

    public required SessionEndJson? End { get; init; }

    public static VerifyJson Of(string file, VerifyReport report) => new()
    {
        File = file,
        Outcome = VerifyCommand.Word(report.Outcome),
        FileBytes = report.FileBytes,
        ProvenBytes = report.ProvenBytes,
        ProvenChunks = report.ProvenChunks,
        ProvenRecords = report.ProvenRecords,
        ProvenFrom = report.ProvenFrom,
        ProvenUntil = report.ProvenUntil,
        Unproven = [.. report.Damages.Select(DamageJson.Of)],
        UnprovenCount = report.DamageCount,
        End = SessionEndJson.Of(report.SessionEnd),
    };
}
