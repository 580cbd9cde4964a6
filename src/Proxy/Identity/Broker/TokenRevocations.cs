using System.Text.Json;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>Tells everyone who verifies the broker's tokens offline that some are no longer good.</summary>
internal sealed class TokenRevocations(IStateStore store, ICluster cluster, TimeProvider time)
{
    /// <summary>Kinds of <see cref="RevocationRow"/>.</summary>
    public const string Token = "token";
    public const string Login = "login";
    public const string Subject = "subject";

    /// <summary>Writes them and tells every node.</summary>
    /// <param name="items">Kind, value, and when nothing it concerns can still be good.</param>
    public async Task RevokeAsync(IReadOnlyCollection<(string Kind, string Value, DateTimeOffset ExpiresAt)> items, string reason, CancellationToken cancel)
    {
        if (items.Count == 0)
            return;
        DateTimeOffset now = time.GetUtcNow();
        List<RevocationRow> rows = [.. items.Select(item => new RevocationRow
        {
            Id = Guid.CreateVersion7(now),
            Kind = item.Kind,
            Value = item.Value,
            At = now,
            ExpiresAt = item.ExpiresAt,
            Reason = reason,
        })];
        await store.WriteAsync(
            (state, _) =>
            {
                state.Revocations.AddRange(rows.Select(row => new RevocationRow { Id = row.Id, Kind = row.Kind, Value = row.Value, At = row.At, ExpiresAt = row.ExpiresAt, Reason = row.Reason }));
                return Task.FromResult(true);
            },
            cancel).ConfigureAwait(false);
        foreach (RevocationRow row in rows)
            await cluster.PublishAsync(ClusterEvents.Revoked, JsonSerializer.Serialize(new { id = row.Id }), cancel).ConfigureAwait(false);
    }
}
