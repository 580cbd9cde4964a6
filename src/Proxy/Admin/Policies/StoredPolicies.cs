using Microsoft.EntityFrameworkCore;
using Sallyport.Policy;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Admin.Policies;

/// <summary>
/// Puts the published policy of the store into force, together with the directory's, on this node: when asked (start, reload), whenever it
/// changes on any node, and when the store is back. While the store is away the policy in force stays.
/// </summary>
internal sealed class StoredPolicies(IStateStore store, ICluster cluster, PolicyStore policy, string directory, IAudit audit, Log log) : IDisposable
{
    public const string Draft = "draft";

    public const string Published = "published";

    public const string Superseded = "superseded";

    public const string Withdrawn = "withdrawn";

    private readonly SemaphoreSlim _loading = new(1, 1);
    private IDisposable? _subscription;

    /// <summary>Follows changes from now on.</summary>
    public void Start() => _subscription = cluster.Subscribe(ClusterEvents.Policy, async (_, cancel) => await ReloadAsync(cancel).ConfigureAwait(false));

    /// <summary>Reads directory and store, and puts both into force; when either has an error, nothing changes.</summary>
    /// <returns>Whether it was loaded, and what is wrong or doubtful.</returns>
    /// <exception cref="StoreUnavailableException">The store cannot be read.</exception>
    public async Task<(bool Loaded, IReadOnlyList<Diagnostic> Diagnostics)> ReloadAsync(CancellationToken cancel)
    {
        // One at a time: what was read last must be what is loaded last.
        await _loading.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            IReadOnlyList<StoredDocument> stored = await store.ReadAsync(InForceAsync, cancel).ConfigureAwait(false);
            string before = policy.Digest;
            bool loaded = policy.TryLoad(directory, stored, out IReadOnlyList<Diagnostic> diagnostics);
            if (!loaded)
                log.Error("policy-refused", new LogField("error", diagnostics.First(item => !item.IsWarning).ToString()));
            else if (policy.Digest != before)
                Tell(before);
            return (loaded, diagnostics);
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>What is published, at most one version of each name.</summary>
    public static async Task<IReadOnlyList<StoredDocument>> InForceAsync(StateContext db, CancellationToken cancel)
    {
        List<PolicyVersionRow> rows = await db.PolicyVersions.Where(row => row.Status == Published).OrderBy(row => row.Name).ToListAsync(cancel).ConfigureAwait(false);
        return [.. rows.Select(row => new StoredDocument(row.Name, row.Yaml))];
    }

    public void Dispose()
    {
        _subscription?.Dispose();
        _loading.Dispose();
    }

    private void Tell(string before)
    {
        log.Info("policy-loaded", new("digest", policy.Digest), new("documents", policy.DocumentCount));
        audit.Note(new AuditEvent(AuditTypes.PolicyReloaded, null) { Object = "policy", Changes = new Dictionary<string, AuditChange> { ["digest"] = new(before, policy.Digest) } });
    }
}
