using System.IO.Enumeration;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Admin.Live;
using Sallyport.Proxy.Admin.Recordings;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Sessions;
using Sallyport.Proxy.Store;
using Sallyport.Recording;

namespace Sallyport.Proxy.Admin.Routes;

/// <summary>Recordings of this node. That one was looked at is itself audited, with the reason.</summary>
internal sealed class RecordingRoutes(RecordingIndex index, LiveSessions sessions, IStateStore store, string node) : IAdminRoutes
{
    /// <summary>Files opened for one page at most, when a filter passes over many.</summary>
    private const int MostLooks = 2000;

    public void Map(AdminRouteMap map)
    {
        map.Get("/v1/recordings", AdminRole.Auditor, List).Says("Recordings on this node, newest first; subject and target may have * and ?.");
        map.Get("/v1/recordings/{id:guid}", AdminRole.Auditor, GetAsync).Says("Whose recording it is and how long; nothing of what was done.");
        map.Get("/v1/recordings/{id:guid}/verify", AdminRole.Auditor, VerifyAsync).Says("What the recording proves, from its first byte to its last.");
        map.Download("/v1/recordings/{id:guid}/transcript", AdminRole.Auditor, TranscriptAsync).Says("What was done, as JSON lines. Needs ?reason=.");
        map.Download("/v1/recordings/{id:guid}/file", AdminRole.Auditor, DownloadAsync).Says("The recording itself, for sallyport-replay. Needs ?reason=.");
    }

    private Page<RecordingJson> List(string? subject, string? target, DateTimeOffset? since, DateTimeOffset? until, string? after, int? limit)
    {
        int most = Paging.Limit(limit);
        List<RecordingJson> found = [];
        string? last = null;
        int looks = 0;
        foreach (RecordingFile file in index.Newest(after, since, until))
        {
            if (found.Count == most || looks++ == MostLooks)
                return new Page<RecordingJson>(found, last);
            last = file.Name;
            SessionFacts? facts = TryFacts(file);
            if (Matches(subject, facts?.Identity.Subject) && Matches(target, facts?.Target))
                found.Add(Json(file, facts));
        }

        return new Page<RecordingJson>(found);
    }

    private async Task<RecordingJson> GetAsync(AdminCall call, Guid id)
    {
        RecordingFile file = await FindAsync(id, call.Cancel).ConfigureAwait(false);
        return Json(file, TryFacts(file));
    }

    private async Task<RecordingProofJson> VerifyAsync(AdminCall call, Guid id)
    {
        RecordingFile file = await FindAsync(id, call.Cancel).ConfigureAwait(false);
        using RecordingReader reader = RecordingReader.Open(file.Path);
        while (reader.Next(out _) != ReadStatus.End)
            call.Cancel.ThrowIfCancellationRequested(); // Reading is proving; the reader keeps what it finds.
        return RecordingProofJson.Of(id, reader.Report());
    }

    private async Task<IResult> TranscriptAsync(AdminCall call, Guid id, string? reason)
    {
        RecordingFile file = await ViewAsync(call, id, reason, "transcript").ConfigureAwait(false);
        return new LinesAnswer<TranscriptJson>(RecordedTranscript.Read(file.Path).ToAsyncEnumerable());
    }

    private async Task<IResult> DownloadAsync(AdminCall call, Guid id, string? reason)
    {
        RecordingFile file = await ViewAsync(call, id, reason, "file").ConfigureAwait(false);
        return new FileAnswer(file.Path, file.Name, "application/octet-stream");
    }

    private async Task<RecordingFile> ViewAsync(AdminCall call, Guid id, string? reason, string form)
    {
        string why = AdminCall.Reason(reason);
        RecordingFile file = await FindAsync(id, call.Cancel).ConfigureAwait(false);
        SessionFacts? facts = TryFacts(file);
        await call.KeepAsync(new AuditEvent(AuditTypes.RecordingViewed, call.Actor)
        {
            Object = $"recording:{id}",
            SessionId = id,
            Target = facts?.Target,
            Reason = why,
            Details = new Dictionary<string, string> { ["form"] = form, ["subject"] = facts?.Identity.Subject ?? "?" },
        }).ConfigureAwait(false);
        return file;
    }

    /// <summary>The file; when another node has it, the refusal says which.</summary>
    private async Task<RecordingFile> FindAsync(Guid id, CancellationToken cancel)
    {
        if (index.Find(id) is { } file)
            return file;
        string? elsewhere = await store.ReadAsync(
            async (db, token) =>
                await db.Sessions.Where(row => row.Id == id).Select(row => row.Node).FirstOrDefaultAsync(token).ConfigureAwait(false)
                ?? await db.Audit.Where(row => row.SessionId == id && row.Type == AuditTypes.SessionStarted).Select(row => row.Node).FirstOrDefaultAsync(token).ConfigureAwait(false),
            cancel).ConfigureAwait(false);
        throw elsewhere is null || elsewhere == node ? AdminProblem.NotFound("recording of this session") : SessionRoutes.Elsewhere(elsewhere, "recording-elsewhere", "The recording");
    }

    private static SessionFacts? TryFacts(RecordingFile file)
    {
        try
        {
            return RecordingIndex.Facts(file);
        }
        catch (FileNotFoundException)
        {
            return null; // Taken away by whoever keeps the disk, a moment ago.
        }
    }

    private RecordingJson Json(RecordingFile file, SessionFacts? facts) => new(file.Session, node, file.StartedAt)
    {
        Bytes = new FileInfo(file.Path) is { Exists: true } info ? info.Length : 0,
        IsLive = sessions.Find(file.Session) is not null,
        Session = facts is null ? null : SessionJson.Of(facts),
    };

    private static bool Matches(string? pattern, string? value) => pattern is null || (value is not null && FileSystemName.MatchesSimpleExpression(pattern, value, ignoreCase: true));
}

/// <summary>A recording, without anything of what was done.</summary>
internal sealed record RecordingJson(Guid Id, string Node, DateTimeOffset StartedAt)
{
    public required long Bytes { get; init; }

    /// <summary>True while the session runs: the recording grows.</summary>
    public required bool IsLive { get; init; }

    /// <summary>Null: the facts cannot be read.</summary>
    public required SessionJson? Session { get; init; }
}

/// <summary>What a recording proves.</summary>
/// <param name="Outcome"><c>intact</c>, <c>incomplete</c> or <c>damaged</c>.</param>
internal sealed record RecordingProofJson(Guid Id, string Outcome)
{
    public required long FileBytes { get; init; }

    public required long ProvenBytes { get; init; }

    public required long ProvenRecords { get; init; }

    public DateTimeOffset? ProvenUntil { get; init; }

    public required long DamageCount { get; init; }

    public required IReadOnlyList<string> Damages { get; init; }

    public string? End { get; init; }

    public static RecordingProofJson Of(Guid id, VerifyReport report) => new(id, KebabNames.Name(report.Outcome))
    {
        FileBytes = report.FileBytes,
        ProvenBytes = report.ProvenBytes,
        ProvenRecords = report.ProvenRecords,
        ProvenUntil = report.ProvenUntil,
        DamageCount = report.DamageCount,
        Damages = [.. report.Damages.Select(damage => $"{KebabNames.Name(damage.Kind)} at {damage.Offset}")],
        End = report.SessionEnd?.Reason,
    };
}
