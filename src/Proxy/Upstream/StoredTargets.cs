using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Ssh;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Upstream;

/// <summary>Keeps the directory's targets of the store as they are there: at the start, whenever one changes on any node, and when the store is back.</summary>
internal sealed class StoredTargets(IStateStore store, ISealer sealer, ICluster cluster, TargetDirectory directory, Log log) : IDisposable
{
    /// <summary>More than anybody has, so that a list is bounded.</summary>
    public const int Most = 10_000;

    private readonly List<IDisposable> _subscriptions = [];

    /// <summary>Takes them up, and whatever changes from now on. Without the store there are none until it is back.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        _subscriptions.Add(cluster.Subscribe(ClusterEvents.Target, (_, token) => LoadAsync(token)));

        // After a change of keys the passwords are sealed anew, and what was read before opens no more.
        _subscriptions.Add(cluster.Subscribe(ClusterEvents.Keys, (_, token) => LoadAsync(token)));
        try
        {
            await LoadAsync(cancel).ConfigureAwait(false);
        }
        catch (StoreUnavailableException away)
        {
            log.Warning("stored-targets-unknown", new LogField("error", away.Message));
        }
    }

    public void Dispose()
    {
        foreach (IDisposable subscription in _subscriptions)
            subscription.Dispose();
    }

    private async Task LoadAsync(CancellationToken cancel)
    {
        List<TargetRow> rows = await store.ReadAsync((db, token) => db.Targets.OrderBy(row => row.Name).Take(Most).ToListAsync(token), cancel).ConfigureAwait(false);
        List<Target> targets = [];
        foreach (TargetRow row in rows)
        {
            if (directory.IsConfigured(row.Name))
                log.Warning("stored-target-hidden", new("target", row.Name), new("by", "the configuration has a target of this name"));
            else if (Target(row) is { } target)
                targets.Add(target);
        }

        directory.ReplaceStored(targets);
        foreach (Target target in targets)
        {
            if (directory.Taken(target.Config) is { } taken)
                log.Warning("stored-target-hidden", new("target", target.Info.Name), new("by", $"{taken.What} leads to {taken.Owner}"));
        }
    }

    /// <summary>One that cannot be read is left out: it must not take the others along.</summary>
    private Target? Target(TargetRow row)
    {
        var bag = new DiagnosticBag();
        if (StoredTargetSection.Read(row.Name, row.Settings, bag) is not { } stored)
        {
            log.Error("stored-target-unfit", new("target", row.Name), new("error", bag.Items[0].ToString()));
            return null;
        }

        TargetConfig config = stored.Config;
        byte[] password = row.Password;
        Target target = Upstream.Target.Of(config, config.Ssh is null ? TargetTls.Options(config.TlsMode, config.ServerName, stored.Authorities) : null) with
        {
            StoredPassword = password.Length == 0 ? null : () => Open(config.Name, password),
        };
        if (config.Ssh is null)
            return target;
        string host = config.Host.ToLowerInvariant();
        (KnownHost known, IReadOnlyList<string> fingerprints) = HostKeyText.With(new KnownHost(host, [], [], KeyRevocationList.Empty), host, config.Ssh.HostKeys);
        return target with { Known = known, Fingerprints = fingerprints };
    }

    private string Open(string name, byte[] password)
    {
        try
        {
            return Encoding.UTF8.GetString(sealer.Open(SealPurposes.TargetPassword(name), password));
        }
        catch (CryptographicException unsealable)
        {
            throw new IOException($"target {name}: the store's password does not open", unsealable);
        }
    }
}
