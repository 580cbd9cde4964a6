using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Approvals.Webhooks;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>
/// What was granted for a time, and how it ends: by its time, by somebody's word, by revocation of whom it is for or of what they logged in with, by a
/// change of policy. Whatever runs on one that ended before its time is cut: <see cref="Ended"/>.
/// </summary>
internal sealed class Grants(ApprovalParts parts)
{
    /// <summary>How a node tells others that a grant has ended.</summary>
    public const string EndedStatus = "ended";

    /// <summary>How long it is remembered that a grant was ended before its time: longer than any grant.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(31);

    private static readonly string[] OfActions = [GrantWords.Digest, GrantWords.Rule, GrantWords.Target];

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _ended = new();

    /// <summary>A grant has ended before its time: what runs under it (<see cref="Contract.HoldOutcome.Id"/>) must end. On the thread pool; may come twice.</summary>
    public event Action<Guid>? Ended;

    /// <summary>True when the grant was ended before its time.</summary>
    /// <param name="id"><see cref="Contract.HoldOutcome.Id"/>.</param>
    public bool HasEnded(string id) => !_ended.IsEmpty && Guid.TryParse(id, out Guid grant) && _ended.ContainsKey(grant);

    /// <summary>Grants in force, the latest first.</summary>
    /// <param name="subject">Of whom; null: of all.</param>
    /// <param name="issuer">Who vouches for them; null: whoever.</param>
    public Task<List<GrantRow>> ListAsync(string? subject, string? issuer, CancellationToken cancel)
    {
        DateTimeOffset now = parts.Now;
        return parts.Store.ReadAsync(
            (db, stop) => db.Grants.AsNoTracking()
                .Where(g => g.ClosedAt == null && g.RevokedAt == null && g.EndsAt > now && (subject == null || g.Subject == subject) && (issuer == null || g.Issuer == issuer))
                .OrderByDescending(g => g.StartsAt).Take(ApprovalLimits.Page).ToListAsync(stop),
            cancel);
    }

    /// <summary>Ends a grant now.</summary>
    /// <param name="ofOthers">False: only their own.</param>
    /// <returns>False: there is none in force by that id, or it is somebody else's.</returns>
    public async Task<bool> RevokeAsync(Contract.Identity actor, System.Net.IPAddress? source, Guid id, string? reason, bool ofOthers, CancellationToken cancel)
    {
        await Task.Yield();
        DateTimeOffset now = parts.Now;
        GrantRow? grant = await parts.Store.WriteAsync(
            async (db, stop) =>
            {
                int revoked = await db.Grants
                    .Where(g => g.Id == id && g.RevokedAt == null && g.ClosedAt == null && g.EndsAt > now
                        && (ofOthers || (g.Subject == actor.Subject && g.Issuer == actor.Issuer)))
                    .ExecuteUpdateAsync(set => set.SetProperty(g => g.RevokedAt, now).SetProperty(g => g.RevokedBy, actor.Subject), stop).ConfigureAwait(false);
                return revoked == 0 ? null : await db.Grants.AsNoTracking().SingleAsync(g => g.Id == id, stop).ConfigureAwait(false);
            },
            cancel).ConfigureAwait(false);
        if (grant is null)
            return false;
        await CloseAsync(grant, now, cancel).ConfigureAwait(false);
        var audit = new AuditEvent(AuditTypes.GrantRevoked, AuditActor.Of(actor, source)) { Object = $"grant:{id}", Target = grant.Target, Reason = reason };
        await parts.Audit.KeepAsync(audit, cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>Takes back what has ended and was not taken back yet, on whatever node it was given.</summary>
    public async Task CloseEndedAsync(CancellationToken cancel)
    {
        DateTimeOffset now = parts.Now;
        List<GrantRow> over = await parts.Store.ReadAsync(
            (db, stop) => db.Grants.AsNoTracking().Where(g => g.ClosedAt == null && (g.EndsAt <= now || g.RevokedAt != null))
                .Take(ApprovalLimits.Batch).ToListAsync(stop),
            cancel).ConfigureAwait(false);
        foreach (GrantRow grant in over)
            await CloseAsync(grant, now, cancel).ConfigureAwait(false);
        foreach ((Guid id, DateTimeOffset at) in _ended)
        {
            if (now - at > Remembered)
                _ended.TryRemove(id, out _);
        }
    }

    /// <summary>What was granted under another policy has ended.</summary>
    /// <param name="policy">Digest of the one in force.</param>
    public async Task EndOtherPoliciesAsync(string policy, CancellationToken cancel)
    {
        DateTimeOffset now = parts.Now;
        await parts.Store.WriteAsync(
            (db, stop) => db.Grants.Where(g => g.ClosedAt == null && g.RevokedAt == null && g.Policy != policy && OfActions.Contains(g.Scope))
                .ExecuteUpdateAsync(set => set.SetProperty(g => g.RevokedAt, now).SetProperty(g => g.RevokedBy, "policy-changed"), stop),
            cancel).ConfigureAwait(false);
        await CloseEndedAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>What was granted to somebody who has been revoked since, or to what they had logged in with, has ended.</summary>
    public async Task EndRevokedAsync(CancellationToken cancel)
    {
        DateTimeOffset now = parts.Now;
        await parts.Store.WriteAsync(
            async (db, stop) =>
            {
                List<RevocationRow> revocations = await db.Revocations.AsNoTracking().Where(r => r.ExpiresAt > now).ToListAsync(stop).ConfigureAwait(false);
                if (revocations.Count == 0)
                    return 0;
                List<GrantRow> open = await db.Grants.AsNoTracking().Where(g => g.ClosedAt == null && g.RevokedAt == null).ToListAsync(stop).ConfigureAwait(false);
                Guid[] gone = [.. open.Where(grant => revocations.Any(r => Concerns(r, grant))).Select(grant => grant.Id)];
                return await db.Grants.Where(g => gone.Contains(g.Id) && g.RevokedAt == null)
                    .ExecuteUpdateAsync(set => set.SetProperty(g => g.RevokedAt, now).SetProperty(g => g.RevokedBy, "revocation"), stop).ConfigureAwait(false);
            },
            cancel).ConfigureAwait(false);
        await CloseEndedAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Another node says (or this one) that a grant has ended.</summary>
    public void Hear(Guid id)
    {
        _ended[id] = parts.Now;
        Ended?.Invoke(id);
    }

    /// <summary>Hears of all that ended before their time while nothing could be heard.</summary>
    public async Task CatchUpAsync(CancellationToken cancel)
    {
        DateTimeOffset now = parts.Now;
        List<Guid> missed = await parts.Store.ReadAsync(
            (db, stop) => db.Grants.Where(g => g.RevokedAt != null && g.EndsAt > now).Select(g => g.Id).ToListAsync(stop), cancel).ConfigureAwait(false);
        foreach (Guid id in missed)
            Hear(id);
    }

    private bool Concerns(RevocationRow revocation, GrantRow grant)
    {
        bool sameIssuer = revocation.Issuer == grant.Issuer || (revocation.Issuer.Length == 0 && parts.OwnIssuers.Contains(grant.Issuer));
        return revocation.At >= grant.StartsAt && revocation.Kind switch
        {
            "subject" => sameIssuer && revocation.Value == grant.Subject,
            "login" => sameIssuer && grant.Credential == "sid:" + revocation.Value,
            "token" => sameIssuer && grant.Credential == "jti:" + revocation.Value,
            "grant" => revocation.Value == grant.Id.ToString(),
            _ => false,
        };
    }

    /// <summary>Takes back, once, what a grant gave.</summary>
    private async Task CloseAsync(GrantRow grant, DateTimeOffset now, CancellationToken cancel)
    {
        bool access = grant.Scope == GrantWords.Access;
        bool closed = await parts.Store.WriteAsync(
            async (db, stop) =>
            {
                if (await db.Grants.Where(g => g.Id == grant.Id && g.ClosedAt == null)
                    .ExecuteUpdateAsync(set => set.SetProperty(g => g.ClosedAt, now), stop).ConfigureAwait(false) == 0)
                    return false;
                if (access)
                    await db.Memberships.Where(m => m.ApprovalId == grant.Id).ExecuteDeleteAsync(stop).ConfigureAwait(false);
                ApprovalRow? approval = await db.Approvals.AsNoTracking().SingleOrDefaultAsync(a => a.Id == grant.Id, stop).ConfigureAwait(false);
                string? word = access ? WebhookEvents.AccessEnded : grant.RevokedAt is null ? null : WebhookEvents.GrantRevoked;
                if (approval is not null && word is not null)
                    await parts.Webhooks.AddAsync(db, new Announcement(word, approval, grant.RevokedBy), now, stop).ConfigureAwait(false);
                await db.SaveChangesAsync(stop).ConfigureAwait(false);
                return true;
            },
            cancel).ConfigureAwait(false);
        if (!closed)
            return;
        parts.Webhooks.Wake();
        if (grant.RevokedAt is not null)
            await parts.TellAsync(grant.Id, EndedStatus, cancel).ConfigureAwait(false);
        if (access)
            await IdentityNews.TellAsync(parts, grant.Subject, cancel).ConfigureAwait(false);
        parts.Audit.Note(new AuditEvent(access ? AuditTypes.AccessEnded : AuditTypes.GrantEnded, null)
        {
            Object = $"grant:{grant.Id}",
            Target = grant.Target,
            Details = new Dictionary<string, string> { ["subject"] = grant.Subject, ["scope"] = grant.Scope, ["by"] = grant.RevokedBy ?? "time" },
        });
    }
}
