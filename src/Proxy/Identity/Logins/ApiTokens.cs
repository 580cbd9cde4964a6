using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Identity.Revocations;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>What an API token turned out to be.</summary>
/// <param name="Identity">Who it stands for; null when refused.</param>
/// <param name="Scopes">What it may be used for; null when refused.</param>
/// <param name="Refusal">A word of <see cref="Refusals"/>; null when it holds.</param>
internal readonly record struct ApiTokenUse(Contract.Identity? Identity, ApiTokenScopes? Scopes, string? Refusal);

/// <summary>A token just made: the only time it is shown.</summary>
/// <param name="Token">A secret.</param>
internal sealed record NewApiToken(Guid Id, string Token, DateTimeOffset ExpiresAt)
{
    /// <summary>Without the token.</summary>
    public override string ToString() => $"API token {Id}";
}

/// <summary>API tokens: made, listed, revoked and looked up. Only hashes of them are kept.</summary>
internal sealed class ApiTokens
{
    private const int MostPerSubject = 100;
    private const int LongestName = 128;
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    /// <summary>So long a token is not looked up again. Revoking does not wait for it: that is known at once.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(10);

    private readonly IStateStore _store;
    private readonly Identities _identities;
    private readonly Revocations.Revocations _revocations;
    private readonly LastUses _uses;
    private readonly string _broker;
    private readonly TimeProvider _time;
    private readonly Generations<string, Found> _found = new(4096);

    /// <param name="broker">The broker's address: it vouches for those that its tokens stand for.</param>
    public ApiTokens(IStateStore store, Identities identities, Revocations.Revocations revocations, LastUses uses, string broker, TimeProvider time)
    {
        _store = store;
        _identities = identities;
        _revocations = revocations;
        _uses = uses;
        _broker = broker;
        _time = time;
    }

    /// <summary>Makes a token.</summary>
    /// <param name="keep">Keeps the audit event that tells of it, before it is made.</param>
    /// <exception cref="ArgumentException">Something about it cannot be; the message says what.</exception>
    public async Task<NewApiToken> CreateAsync(
        string subject, string name, TimeSpan lifetime, IReadOnlyList<string> scopes, IReadOnlyList<string> sources, AuditActor? actor,
        Func<AuditEvent, ValueTask> keep, CancellationToken cancel)
    {
        if (name.Length is 0 or > LongestName || Claims.Printable(name) is null)
            throw new ArgumentException($"A token has a name of 1 to {LongestName} printable characters.");
        if (lifetime < Shortest || lifetime > Longest)
            throw new ArgumentException("A token lives between 1 minute and 366 days.");
        ApiTokenScopes parsed = ApiTokenScopes.Parse(scopes, sources);
        if (await _identities.OfBrokerAsync(subject, cancel).ConfigureAwait(false) is not { Known: true, Disabled: false } state)
            throw new ArgumentException("There is no such user or agent, or it is disabled.");

        // Where two persons are needed, one who could be any other person would be enough.
        if (actor is not null && actor.Subject != subject && state.AgentGroups is null && !parsed.AdminRoles.IsEmpty)
            throw new ArgumentException("Only they themselves make a token with which a person could use this API.");

        DateTimeOffset now = _time.GetUtcNow();
        string token = ApiTokenText.Create();
        var row = new ApiTokenRow
        {
            Id = Guid.CreateVersion7(now),
            Name = name,
            Subject = subject,
            Hash = ApiTokenText.Hash(token),
            Scopes = JsonSerializer.Serialize(scopes),
            Sources = JsonSerializer.Serialize(sources),
            CreatedAt = now,
            ExpiresAt = now + lifetime,
        };

        await keep(new AuditEvent(AuditTypes.ApiTokenCreated, actor)
        {
            Object = $"api-token:{row.Id}",
            Details = new Dictionary<string, string> { ["subject"] = subject, ["name"] = name, ["scopes"] = row.Scopes, ["sources"] = row.Sources },
        }).ConfigureAwait(false);
        await _store.WriteAsync(async (db, stop) =>
        {
            if (await db.ApiTokens.CountAsync(t => t.Subject == subject && t.RevokedAt == null && t.ExpiresAt > now, stop).ConfigureAwait(false) >= MostPerSubject)
                throw new ArgumentException($"{subject} has {MostPerSubject} tokens already: revoke one.");
            db.ApiTokens.Add(row);
            return await db.SaveChangesAsync(stop).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        return new NewApiToken(row.Id, token, row.ExpiresAt);
    }

    /// <summary>The tokens of a subject, of everybody when null; the latest first. Revoked and expired ones too.</summary>
    public Task<List<ApiTokenRow>> ListAsync(string? subject, int most, CancellationToken cancel) =>
        _store.ReadAsync((state, stop) => state.ApiTokens.Where(t => subject == null || t.Subject == subject).OrderByDescending(t => t.CreatedAt).Take(most).ToListAsync(stop), cancel);

    /// <summary>Revokes a token: from then on it lets nobody in, and who is in by it is out within a second.</summary>
    /// <param name="subject">Only if it is this subject's; null: whosever it is.</param>
    /// <param name="keep">Keeps the audit event that tells of it, before it is done.</param>
    /// <returns>False when there is none.</returns>
    public async Task<bool> RevokeAsync(Guid id, string? subject, string reason, AuditActor? actor, Func<AuditEvent, ValueTask> keep, CancellationToken cancel)
    {
        await keep(new AuditEvent(AuditTypes.TokenRevoked, actor) { Object = $"api-token:{id}", Reason = Revocations.OneLine.Of(reason) }).ConfigureAwait(false);
        DateTimeOffset now = _time.GetUtcNow();
        ApiTokenRow? revoked = await _store.WriteAsync(async (db, stop) =>
        {
            ApiTokenRow? row = await db.ApiTokens.FirstOrDefaultAsync(t => t.Id == id && (subject == null || t.Subject == subject), stop).ConfigureAwait(false);
            if (row is null)
                return null;
            row.RevokedAt ??= now;
            await db.SaveChangesAsync(stop).ConfigureAwait(false);
            return row;
        }, cancel).ConfigureAwait(false);
        if (revoked is null)
            return false;
        await _revocations.RevokeAsync(RevocationKinds.ApiToken, "", id.ToString(), reason, actor, cancel, revoked.ExpiresAt).ConfigureAwait(false);
        return true;
    }

    /// <summary>Whom a token stands for, now, when it is used from there.</summary>
    public async ValueTask<ApiTokenUse> UseAsync(string token, IPAddress source, CancellationToken cancel)
    {
        if (!ApiTokenText.IsWhole(token))
            return Refuse(Refusals.Credential);
        if (await FindAsync(token, cancel).ConfigureAwait(false) is not { } found)
            return Refuse(Refusals.Credential);
        DateTimeOffset now = _time.GetUtcNow();
        if (found.Revoked)
            return Refuse(Refusals.Revoked);
        if (now >= found.ExpiresAt)
            return Refuse(Refusals.Expired);
        if (!found.Scopes.AllowsSource(source))
            return Refuse(Refusals.Source);
        if (await _identities.OfBrokerAsync(found.Subject, cancel).ConfigureAwait(false) is not { } subject)
            return Refuse(Refusals.StoreUnavailable);
        if (!subject.Known || subject.Disabled)
            return Refuse(subject.Known ? Refusals.Disabled : Refusals.Unknown);

        _uses.ApiToken(found.Id, source.ToString());
        return new ApiTokenUse(
            new Contract.Identity
            {
                Subject = found.Subject,
                Groups = [.. subject.GroupsAt(now).Distinct()],
                Kind = subject.Kind,
                Issuer = _broker,
                TokenId = RevocationKinds.ApiTokenPrefix + found.Id,
                IssuedAt = found.CreatedAt,
                Targets = found.Scopes.Targets.Contains(ApiTokenScopes.AnyTarget) ? [] : found.Scopes.Targets,
                ExpiresAt = found.ExpiresAt,
            },
            found.Scopes,
            null);
    }

    private async ValueTask<Found?> FindAsync(string token, CancellationToken cancel)
    {
        byte[] hash = ApiTokenText.Hash(token);
        string key = Convert.ToBase64String(hash);
        DateTimeOffset now = _time.GetUtcNow();
        if (_found.TryFind(key, out Found? known) && now - known.ReadAt < Remembered)
            return known;
        ApiTokenRow? row = await _store.ReadAsync((state, stop) => state.ApiTokens.FirstOrDefaultAsync(t => t.Hash == hash, stop), cancel).ConfigureAwait(false);
        if (row is null)
            return null;
        var found = new Found(row.Id, row.Subject, ApiTokenScopes.Read(row.Scopes, row.Sources), row.CreatedAt, row.ExpiresAt, row.RevokedAt is not null, now);
        _found.Set(key, found);
        return found;
    }

    private static ApiTokenUse Refuse(string word) => new(null, null, word);

    private sealed record Found(Guid Id, string Subject, ApiTokenScopes Scopes, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, bool Revoked, DateTimeOffset ReadAt);
}
