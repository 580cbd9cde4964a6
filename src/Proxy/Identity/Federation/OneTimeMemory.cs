using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Identity.Saml;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>What was sent to providers, and what has been seen from them, remembered by all nodes together.</summary>
internal sealed class OneTimeMemory(IStateStore store, TimeProvider time) : ISamlRequests, ISamlReplays
{
    /// <inheritdoc/>
    public async ValueTask AddAsync(SamlPendingRequest request, CancellationToken cancel)
    {
        var row = new OneTimeRow
        {
            Key = Key("saml-request", request.Id),
            Payload = JsonSerializer.SerializeToUtf8Bytes(Kept.Of(request)),
            CreatedAt = request.IssuedAt,
            ExpiresAt = request.ExpiresAt,
        };
        await store.WriteAsync(
            (db, _) =>
            {
                db.OneTimes.Add(row);
                return Task.FromResult(true);
            },
            cancel).ConfigureAwait(false);
    }

    /// <summary>Remembers which request a state was begun with.</summary>
    public Task LinkAsync(string state, string request, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        var row = new OneTimeRow { Key = Key("saml-state", state), Payload = Encoding.UTF8.GetBytes(request), CreatedAt = now, ExpiresAt = now + SamlLimits.RequestLifetime };
        return store.WriteAsync(
            (db, _) =>
            {
                db.OneTimes.Add(row);
                return Task.FromResult(true);
            },
            cancel);
    }

    /// <summary>The request that a state was begun with; null: there is none.</summary>
    public async ValueTask<string?> RequestOfAsync(string state, CancellationToken cancel)
    {
        string key = Key("saml-state", state);
        DateTimeOffset now = time.GetUtcNow();
        byte[]? request = await store.ReadAsync(
            (db, stop) => db.OneTimes.Where(o => o.Key == key && o.ExpiresAt > now).Select(o => o.Payload).SingleOrDefaultAsync(stop), cancel).ConfigureAwait(false);
        return request is null ? null : Encoding.UTF8.GetString(request);
    }

    /// <inheritdoc/>
    public async ValueTask<SamlPendingRequest?> TakeAsync(string id, CancellationToken cancel)
    {
        string key = Key("saml-request", id);
        byte[]? payload = await store.WriteAsync(
            async (db, stop) =>
            {
                OneTimeRow? row = await db.OneTimes.AsTracking().SingleOrDefaultAsync(o => o.Key == key, stop).ConfigureAwait(false);
                if (row is not null)
                    db.OneTimes.Remove(row);
                return row?.Payload;
            },
            cancel).ConfigureAwait(false);
        return payload is null ? null : JsonSerializer.Deserialize<Kept>(payload)?.ToRequest();
    }

    /// <inheritdoc/>
    public async ValueTask<bool> TryAddAsync(string issuer, string id, DateTimeOffset until, CancellationToken cancel)
    {
        string key = Key("seen", $"{issuer}\n{id}");
        DateTimeOffset now = time.GetUtcNow();
        return await store.WriteAsync(
            async (db, stop) =>
            {
                if (await db.OneTimes.AnyAsync(o => o.Key == key, stop).ConfigureAwait(false))
                    return false;
                db.OneTimes.Add(new OneTimeRow { Key = key, CreatedAt = now, ExpiresAt = until });
                return true;
            },
            cancel).ConfigureAwait(false);
    }

    private static string Key(string use, string value) => $"{use}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)))}";

    /// <summary>A request, as it is written down.</summary>
    private sealed record Kept(string Id, string Provider, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, bool ForceAuthn, string[] AuthnContexts)
    {
        public static Kept Of(SamlPendingRequest request) =>
            new(request.Id, request.Provider, request.IssuedAt, request.ExpiresAt, request.ForceAuthn, [.. request.AuthnContexts]);

        public SamlPendingRequest ToRequest() => new()
        {
            Id = Id,
            Provider = Provider,
            IssuedAt = IssuedAt,
            ExpiresAt = ExpiresAt,
            ForceAuthn = ForceAuthn,
            AuthnContexts = [.. AuthnContexts.ToImmutableArray()],
        };
    }
}
