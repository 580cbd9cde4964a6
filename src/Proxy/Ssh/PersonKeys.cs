using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Revocations;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Ssh;

/// <summary>A registered key, as logins need it.</summary>
internal sealed record PersonKey(Guid Id, string Subject, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

/// <summary>
/// The public keys that people have registered. All of them are in memory: agents offer many keys, and strangers can offer as many as they like, so
/// that asking the store for each would let them keep it busy.
/// </summary>
internal sealed class PersonKeys(
    IStateStore store, ICluster cluster, Identities identities, Revocations revocations, string broker, TimeProvider time, Log log) : IDisposable
{
    /// <summary>About 300 bytes each in memory.</summary>
    private const int Most = 200_000;

    private const int MostPerSubject = 100;

    private const int LongestName = 128;

    /// <summary>Longest line, characters: RSA of 16384 bits has about 2800.</summary>
    private const int LongestLine = 8192;

    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);

    /// <summary>No session that a key has let in lives longer (<c>ssh.login-lifetime</c>).</summary>
    private static readonly TimeSpan LongestSession = TimeSpan.FromDays(8);

    private IDisposable? _subscription;
    private volatile FrozenDictionary<string, PersonKey> _keys = FrozenDictionary<string, PersonKey>.Empty;

    /// <summary>Reads them, and hears of changes. Without the store there are none until it is back.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        _subscription = cluster.Subscribe(ClusterEvents.PersonKey, (_, token) => LoadAsync(token));
        try
        {
            await LoadAsync(cancel).ConfigureAwait(false);
        }
        catch (StoreUnavailableException away)
        {
            log.Warning("person-keys-unknown", new LogField("error", away.Message));
        }
    }

    public void Dispose() => _subscription?.Dispose();

    /// <summary>Whose key this is; null: nobody's.</summary>
    public PersonKey? Find(SshPublicKey key) => _keys.GetValueOrDefault(key.Fingerprint);

    /// <summary>Registers a key.</summary>
    /// <param name="line">As in a <c>.pub</c> file.</param>
    /// <param name="name">What its owner calls it; null: its comment.</param>
    /// <param name="keep">Keeps the audit event that tells of it, before it is done.</param>
    /// <exception cref="ArgumentException">It cannot be; the message says why.</exception>
    public async Task<PersonKeyRow> AddAsync(
        string subject, string line, string? name, TimeSpan? lifetime, AuditActor actor, Func<AuditEvent, ValueTask> keep, CancellationToken cancel)
    {
        if (line.Length > LongestLine || !SshPublicKey.TryParseLine(line, out SshPublicKey? key, out string comment))
            throw new ArgumentException("This is no public key: one line such as \"ssh-ed25519 AAAA… comment\" of a .pub file; RSA keys have 2048 bits or more, and certificates are not registered.");
        string called = name ?? (Claims.Printable(comment) is { Length: > 0 and <= LongestName } said ? said : key.Type);
        if (called.Length is 0 or > LongestName || Claims.Printable(called) is null)
            throw new ArgumentException($"A key has a name of 1 to {LongestName} printable characters.");
        if (lifetime < Shortest)
            throw new ArgumentException("A key lives for a minute or more.");
        if (await identities.OfBrokerAsync(subject, cancel).ConfigureAwait(false) is not { Known: true, Disabled: false })
            throw new ArgumentException("There is no such user or agent, or it is disabled.");
        DateTimeOffset now = time.GetUtcNow();
        var row = new PersonKeyRow
        {
            Id = Guid.CreateVersion7(now),
            Subject = subject,
            Fingerprint = key.Fingerprint,
            Key = key.ToString(),
            Name = called,
            CreatedAt = now,
            CreatedBy = actor.Subject,
            ExpiresAt = lifetime is null ? null : now + lifetime,
        };
        await keep(new AuditEvent(AuditTypes.KeyRegistered, actor)
        {
            Object = $"key:{row.Id}",
            Details = new Dictionary<string, string> { ["subject"] = subject, ["fingerprint"] = key.Fingerprint, ["name"] = called },
        }).ConfigureAwait(false);
        await store.WriteAsync((db, stop) => InsertAsync(db, row, stop), cancel).ConfigureAwait(false);
        await TellAsync(row.Id, cancel).ConfigureAwait(false);
        return row;
    }

    /// <summary>The keys of a subject, of everybody when null; the latest first.</summary>
    public Task<List<PersonKeyRow>> ListAsync(string? subject, int most, CancellationToken cancel) =>
        store.ReadAsync((db, stop) => db.PersonKeys.Where(key => subject == null || key.Subject == subject).OrderByDescending(key => key.CreatedAt).Take(most).ToListAsync(stop), cancel);

    /// <summary>Removes a key: nobody gets in by it, and who is in by it is out within a second.</summary>
    /// <param name="subject">Only if it is this subject's; null: whosever it is.</param>
    /// <param name="keep">Keeps the audit event that tells of it, before it is done.</param>
    /// <returns>False when there is none.</returns>
    public async Task<bool> RemoveAsync(Guid id, string? subject, string reason, AuditActor actor, Func<AuditEvent, ValueTask> keep, CancellationToken cancel)
    {
        await keep(new AuditEvent(AuditTypes.KeyRemoved, actor) { Object = $"key:{id}", Reason = OneLine.Of(reason) }).ConfigureAwait(false);
        int removed = await store.WriteAsync(
            (db, stop) => db.PersonKeys.Where(key => key.Id == id && (subject == null || key.Subject == subject)).ExecuteDeleteAsync(stop), cancel).ConfigureAwait(false);
        if (removed == 0)
            return false;
        await revocations.RevokeAsync(RevocationKinds.Key, broker, id.ToString(), reason, actor, cancel, time.GetUtcNow() + LongestSession).ConfigureAwait(false);
        await TellAsync(id, cancel).ConfigureAwait(false);
        return true;
    }

    private static async Task<int> InsertAsync(StateContext db, PersonKeyRow row, CancellationToken cancel)
    {
        // Whose it is is not said: whoever asks may be a stranger to them.
        if (await db.PersonKeys.AnyAsync(key => key.Fingerprint == row.Fingerprint, cancel).ConfigureAwait(false))
            throw new ArgumentException("This key is registered already: a key is one person's.");
        if (await db.PersonKeys.CountAsync(key => key.Subject == row.Subject, cancel).ConfigureAwait(false) >= MostPerSubject)
            throw new ArgumentException($"{row.Subject} has {MostPerSubject} keys already: remove one.");
        if (await db.PersonKeys.CountAsync(cancel).ConfigureAwait(false) >= Most)
            throw new ArgumentException($"There are {Most} keys already.");
        db.PersonKeys.Add(row);
        return await db.SaveChangesAsync(cancel).ConfigureAwait(false);
    }

    private Task TellAsync(Guid id, CancellationToken cancel) => cluster.PublishAsync(ClusterEvents.PersonKey, JsonSerializer.Serialize(new { id }), cancel);

    private async Task LoadAsync(CancellationToken cancel)
    {
        var rows = await store.ReadAsync(
            (db, stop) => db.PersonKeys.OrderBy(key => key.CreatedAt).Take(Most).Select(key => new { key.Id, key.Subject, key.Fingerprint, key.CreatedAt, key.ExpiresAt }).ToListAsync(stop),
            cancel).ConfigureAwait(false);
        _keys = rows.ToFrozenDictionary(row => row.Fingerprint, row => new PersonKey(row.Id, row.Subject, row.CreatedAt, row.ExpiresAt), StringComparer.Ordinal);
    }
}
