using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Identity;

/// <summary>Puts issuers together: rules from the configuration, keys from files (new with each reload) or fetched (kept over reloads).</summary>
internal sealed class IssuerDirectory : IDisposable
{
    private readonly DaemonConfig _config;
    private readonly KeyFetcher _fetcher = new();
    private readonly Dictionary<string, RemoteKeys> _remote = new(StringComparer.Ordinal);

    public IssuerDirectory(DaemonConfig config, TimeProvider time, Log log)
    {
        _config = config;
        foreach (IssuerConfig issuer in config.Issuers)
        {
            if (issuer.KeysAddress is { } address)
                _remote[issuer.Rules.Name] = new RemoteKeys(issuer.Rules.Name, Fetch(issuer, address), new RemoteKeysTimes(), time, log);
        }
    }

    /// <summary>All issuers, with these keys from files.</summary>
    public IReadOnlyList<Issuer> With(IReadOnlyDictionary<string, KeySet> files)
    {
        IEnumerable<IssuerRules> rules = _config.Issuers.Select(issuer => issuer.Rules);
        if (_config.Local is { } local)
            rules = rules.Append(local.Rules);
        return [.. rules.Select(rule => new Issuer(rule, _remote.TryGetValue(rule.Name, out RemoteKeys? remote) ? remote : new FixedKeys(files[rule.Name])))];
    }

    public void Dispose()
    {
        foreach (RemoteKeys keys in _remote.Values)
            keys.Dispose();
        _fetcher.Dispose();
    }

    private Func<CancellationToken, Task<KeySet>> Fetch(IssuerConfig issuer, Uri address) =>
        issuer.Discover
            ? cancel => _fetcher.DiscoverAsync(issuer.Rules.Issuer, address, cancel)
            : cancel => _fetcher.FetchAsync(address, cancel);
}
