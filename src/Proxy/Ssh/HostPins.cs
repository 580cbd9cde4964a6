using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Ssh;

/// <summary>The pins of the store: kept on the board as they are there, whichever node changed them.</summary>
internal sealed class HostPins(IStateStore store, ICluster cluster, HostKeyBoard board, Log log) : IDisposable
{
    private const int Most = 100_000;

    private IDisposable? _subscription;

    /// <summary>Takes them up, and whatever changes from now on. Without the store there are none until it is back.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        _subscription = cluster.Subscribe(ClusterEvents.HostPin, (_, token) => LoadAsync(token));
        try
        {
            await LoadAsync(cancel).ConfigureAwait(false);
        }
        catch (StoreUnavailableException away)
        {
            log.Warning("host-pins-unknown", new LogField("error", away.Message));
        }
    }

    public void Dispose() => _subscription?.Dispose();

    /// <summary>The pins of a place, of all when null.</summary>
    public Task<List<HostPinRow>> ListAsync(HostPlace? place, CancellationToken cancel) => store.ReadAsync(
        (db, token) => db.HostPins.Where(pin => place == null || (pin.Hop == place.Value.Hop && pin.Address == place.Value.Address))
            .OrderBy(pin => pin.Address).ThenBy(pin => pin.PinnedAt).Take(Most).ToListAsync(token), cancel);

    /// <summary>Pins a key. One that is pinned there already stays as it was.</summary>
    public async Task<HostPinRow> AddAsync(HostPlace place, SshPublicKey key, string by, string reason, DateTimeOffset now, CancellationToken cancel)
    {
        var row = new HostPinRow
        {
            Id = Guid.CreateVersion7(now),
            Hop = place.Hop,
            Address = place.Address,
            Fingerprint = key.Fingerprint,
            Key = key.ToString(),
            PinnedBy = by,
            PinnedAt = now,
            Reason = reason,
        };
        HostPinRow kept = await store.WriteAsync(async (db, token) =>
        {
            HostPinRow? before = await db.HostPins.FirstOrDefaultAsync(pin => pin.Hop == row.Hop && pin.Address == row.Address && pin.Fingerprint == row.Fingerprint, token).ConfigureAwait(false);
            if (before is null)
                db.HostPins.Add(row);
            return before ?? row;
        }, cancel).ConfigureAwait(false);
        await TellAsync(place, cancel).ConfigureAwait(false);
        return kept;
    }

    /// <returns>How many there were: none of that fingerprint, or one; all of the place without one.</returns>
    public async Task<int> RemoveAsync(HostPlace place, string? fingerprint, CancellationToken cancel)
    {
        int removed = await store.WriteAsync(
            (db, token) => db.HostPins.Where(pin => pin.Hop == place.Hop && pin.Address == place.Address && (fingerprint == null || pin.Fingerprint == fingerprint)).ExecuteDeleteAsync(token),
            cancel).ConfigureAwait(false);
        await TellAsync(place, cancel).ConfigureAwait(false);
        return removed;
    }

    private Task TellAsync(HostPlace place, CancellationToken cancel) =>
        cluster.PublishAsync(ClusterEvents.HostPin, JsonSerializer.Serialize(new { address = place.Address }), cancel);

    private async Task LoadAsync(CancellationToken cancel)
    {
        var pins = new List<(HostPlace, SshPublicKey)>();
        foreach (HostPinRow row in await ListAsync(null, cancel).ConfigureAwait(false))
        {
            if (SshPublicKey.TryParseLine(row.Key, out SshPublicKey? key, out _))
                pins.Add((new HostPlace(row.Hop, row.Address), key));
            else
                log.Error("host-pin-unfit", new("address", row.Address), new("fingerprint", row.Fingerprint));
        }

        board.Replace(pins);
    }
}
