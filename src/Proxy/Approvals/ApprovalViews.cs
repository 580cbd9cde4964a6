using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>Which approvals to list.</summary>
internal sealed record ApprovalFilter
{
    /// <summary>In this state; null: in any.</summary>
    public string? Status { get; init; }

    public string? Kind { get; init; }

    public string? Subject { get; init; }

    public string? Issuer { get; init; }

    /// <summary>Only emergencies that nobody has looked at yet.</summary>
    public bool ToReview { get; init; }

    /// <summary>Only those before this one: the last of the page before.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>How many at most.</summary>
    public int Limit { get; init; } = ApprovalLimits.Page;
}

/// <summary>Approvals as people see them.</summary>
internal sealed class ApprovalViews(ApprovalParts parts)
{
    /// <summary>How much of a text a list shows, characters.</summary>
    private const int Shown = 120;

    /// <summary>How much of a credential's id is shown, characters.</summary>
    private const int CredentialShown = 12;

    /// <summary>A page, the latest first.</summary>
    public Task<List<ApprovalSummary>> ListAsync(ApprovalFilter filter, CancellationToken cancel) => parts.Store.ReadAsync(
        async (db, stop) =>
        {
            IQueryable<ApprovalRow> rows = db.Approvals.AsNoTracking();
            if (filter.ToReview)
                rows = rows.Where(a => a.BreakGlass && a.ReviewedAt == null);
            if (filter.Status is { } status)
                rows = rows.Where(a => a.Status == status);
            if (filter.Subject is { } subject)
                rows = rows.Where(a => a.Subject == subject);
            if (filter.Issuer is { } issuer)
                rows = rows.Where(a => a.Issuer == issuer);
            if (filter.Kind is { } kind)
                rows = rows.Where(a => a.Kind == kind);
            if (filter.Before is { } before)
                rows = rows.Where(a => a.CreatedAt < before);
            List<ApprovalRow> page = await rows.OrderByDescending(a => a.CreatedAt).Take(filter.Limit).ToListAsync(stop).ConfigureAwait(false);
            return page.ConvertAll(Summary);
        },
        cancel);

    /// <summary>One of them as in a list; empty: there is none.</summary>
    public Task<List<ApprovalSummary>> SummaryAsync(Guid id, CancellationToken cancel) => parts.Store.ReadAsync(
        async (db, stop) => (await db.Approvals.AsNoTracking().Where(a => a.Id == id).ToListAsync(stop).ConfigureAwait(false)).ConvertAll(Summary), cancel);

    /// <summary>One of them with all there is to know; null: there is none.</summary>
    public Task<ApprovalView?> FindAsync(Guid id, CancellationToken cancel)
    {
        DateTimeOffset now = parts.Now;
        return parts.Store.ReadAsync(
            async (db, stop) =>
            {
                ApprovalRow? row = await db.Approvals.AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, stop).ConfigureAwait(false);
                return row is null ? null : await ViewAsync(db, row, now, stop).ConfigureAwait(false);
            },
            cancel);
    }

    private async Task<ApprovalView> ViewAsync(StateContext db, ApprovalRow row, DateTimeOffset now, CancellationToken cancel)
    {
        ReleaseTerms terms = ApprovalJson.Terms(row.Terms);
        List<ApprovalDecisionRow> words = await db.ApprovalDecisions.AsNoTracking()
            .Where(d => d.ApprovalId == row.Id).OrderBy(d => d.At).ToListAsync(cancel).ConfigureAwait(false);
        List<ApprovalRow> bySubject = await db.Approvals.AsNoTracking()
            .Where(a => a.Subject == row.Subject && a.Id != row.Id).OrderByDescending(a => a.CreatedAt).Take(ApprovalLimits.History).ToListAsync(cancel).ConfigureAwait(false);
        List<ApprovalRow> byDigest = row.ActionDigest is null ? [] : await db.Approvals.AsNoTracking()
            .Where(a => a.ActionDigest == row.ActionDigest && a.Id != row.Id).OrderByDescending(a => a.CreatedAt).Take(ApprovalLimits.History).ToListAsync(cancel).ConfigureAwait(false);
        return new ApprovalView
        {
            Id = row.Id,
            Kind = row.Kind,
            Status = StatusOf(row, now),
            Subject = row.Subject,
            Issuer = row.Issuer,
            IdentityKind = row.IdentityKind,
            ActingFor = ApprovalJson.Texts(row.ActingFor),
            Credential = row.Credential is { Length: > CredentialShown } id ? id[..CredentialShown] : row.Credential,
            Source = row.Source,
            ClientApplication = row.ClientApplication,
            SessionId = row.SessionId,
            Node = row.Node,
            Target = row.Target,
            Resource = row.Resource,
            Action = row.Action,
            Text = row.Text,
            Parameters = ApprovalJson.Parameters(row.Parameters),
            Effects = ApprovalJson.Effects(row.Effects),
            Digest = row.ActionDigest is null ? null : Convert.ToHexStringLower(row.ActionDigest),
            Requirements = await ProgressAsync(db, terms, words, now, cancel).ConfigureAwait(false),
            ReasonRequired = terms.ReasonRequired,
            Scopes = [.. terms.Scopes.Select(GrantWords.Of).Where(s => s != GrantWords.Once)],
            LongestGrant = terms.LongestGrant,
            Decisions = words.ConvertAll(d => new DecisionView(d.Subject, d.Issuer, d.Approves, d.Reason, d.Scope, d.Duration, d.At)),
            Reason = row.Reason,
            Duration = row.Duration,
            BreakGlass = row.BreakGlass,
            ReviewedAt = row.ReviewedAt,
            ReviewedBy = row.ReviewedBy,
            ReviewNote = row.ReviewNote,
            CreatedAt = row.CreatedAt,
            ExpiresAt = row.ExpiresAt,
            DecidedAt = row.DecidedAt,
            SameSubject = bySubject.ConvertAll(Summary),
            SameAction = byDigest.ConvertAll(Summary),
        };
    }

    private async Task<IReadOnlyList<RequirementView>> ProgressAsync(
        StateContext db, ReleaseTerms terms, List<ApprovalDecisionRow> words, DateTimeOffset now, CancellationToken cancel)
    {
        var approved = new List<(string By, IReadOnlySet<string> Groups)>();
        foreach (ApprovalDecisionRow word in words.Where(w => w.Approves))
        {
            IReadOnlySet<string> groups = await ApproverGroups.NowAsync(
                db, parts.OwnIssuers, word.Subject, word.Issuer, ApprovalJson.Texts(word.Groups), word.At, now, cancel).ConfigureAwait(false);
            approved.Add((word.Subject, groups));
        }

        return [.. terms.Requirements.Select(r => new RequirementView(r.Rule, r.Quorum, r.Groups, [.. approved.Where(a => r.Counts(a.Groups)).Select(a => a.By)]))];
    }

    private ApprovalSummary Summary(ApprovalRow row) => new()
    {
        Id = row.Id,
        Kind = row.Kind,
        Status = StatusOf(row, parts.Now),
        Subject = row.Subject,
        ActingFor = ApprovalJson.Texts(row.ActingFor),
        Target = row.Target,
        Resource = row.Resource,
        Action = row.Action,
        Summary = OneLine(row.Text),
        Rules = ApprovalJson.Texts(row.Rules),
        Reason = row.Reason,
        BreakGlass = row.BreakGlass,
        ReviewedBy = row.ReviewedBy,
        CreatedAt = row.CreatedAt,
        ExpiresAt = row.ExpiresAt,
    };

    /// <summary>What nobody has expired yet is over all the same.</summary>
    private static string StatusOf(ApprovalRow row, DateTimeOffset now) =>
        row.Status == ApprovalStatus.Pending && row.ExpiresAt <= now ? ApprovalStatus.Expired : row.Status;

    private static string OneLine(string text)
    {
        string head = text.Length <= Shown ? text : string.Concat(text.AsSpan(0, Shown - 1), "…");
        return string.Concat(head.Select(c => char.IsControl(c) ? ' ' : c));
    }
}
