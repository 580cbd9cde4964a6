using System.Collections.Frozen;
using Sallyport.Contract;
using Sallyport.Protocols.Http2;
using Sallyport.Protocols.Wire;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Ssh;

namespace Sallyport.Proxy.Upstream;

/// <summary>
/// The targets, dialled directly: those of the configuration, replaced as a whole by a reload, which brings new TLS settings; and those of the
/// store, replaced whenever one changes. Where both have a name, the configuration's is meant.
/// </summary>
internal sealed class TargetDirectory : IUpstream, IHttpTargets
{
    private volatile FrozenDictionary<string, Target> _targets;
    private volatile FrozenDictionary<string, Target> _stored = FrozenDictionary<string, Target>.Empty;

    private readonly Lock _replacing = new();
    private volatile HttpRoutes _routes;
    private readonly HostKeyBoard? _hosts;
    private readonly SshCredentials? _credentials;

    /// <param name="hosts">Host keys of SSH targets; null: there are no SSH targets.</param>
    /// <param name="credentials">How they are logged in at; null: there are none.</param>
    public TargetDirectory(IEnumerable<Target> targets, HostKeyBoard? hosts = null, SshCredentials? credentials = null)
    {
        _hosts = hosts;
        _credentials = credentials;
        lock (_replacing)
        {
            _targets = ByName(targets);
            _routes = Routes();
        }
    }

    /// <summary>Takes up new settings. Sessions that are connected stay connected.</summary>
    public void Replace(IEnumerable<Target> targets)
    {
        lock (_replacing)
        {
            _targets = ByName(targets);
            _routes = Routes();
        }
    }

    /// <summary>Takes up the store's targets as they are now. Sessions that are connected stay connected.</summary>
    public void ReplaceStored(IEnumerable<Target> targets)
    {
        lock (_replacing)
        {
            _stored = ByName(targets);
            _routes = Routes();
        }
    }

    /// <inheritdoc/>
    public HttpTarget? Route(ReadOnlySpan<byte> authority, ReadOnlySpan<byte> path, out int prefix) => _routes.Route(authority, path, out prefix);

    /// <inheritdoc cref="HttpRoutes.Taken"/>
    public (string What, string Owner)? Taken(TargetConfig target) => _routes.Taken(target);

    /// <summary>True when the configuration has a target of that name.</summary>
    public bool IsConfigured(string name) => _targets.ContainsKey(name);

    /// <summary>The targets of the configuration, by name.</summary>
    public IEnumerable<Target> Configured => _targets.Values.OrderBy(target => target.Info.Name, StringComparer.Ordinal);

    /// <inheritdoc/>
    public TargetInfo? Find(string target, string protocol) =>
        Lookup(target) is { } found && found.Info.Protocol == protocol ? found.Info : null;

    /// <inheritdoc/>
    public IReadOnlyList<string> Names(string protocol) =>
        [.. _targets.Values.Concat(_stored.Values.Where(stored => !IsConfigured(stored.Info.Name))).Where(target => target.Info.Protocol == protocol)
            .Select(target => target.Info.Name).Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public async ValueTask<IDuplex> ConnectAsync(TargetInfo target, CancellationToken cancel)
    {
        Target found = Get(target);
        return new SocketDuplex(await Dialler.ConnectAsync(found.Config.Host, found.Config.Port, found.Config.ConnectTimeout, cancel).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async ValueTask<TargetCredential> CredentialAsync(TargetInfo target, CancellationToken cancel)
    {
        Target found = Get(target);
        string? password = found.StoredPassword?.Invoke();
        if (password is null && found.Config.Password is { } reference)
            password = await reference.ReadAsync(cancel).ConfigureAwait(false);
        return new TargetCredential(found.Config.User, password ?? throw new IOException($"target {target.Name} has no password"));
    }

    /// <inheritdoc/>
    public ValueTask<TargetCredential> CredentialAsync(TargetInfo target, SessionFacts session, CancellationToken cancel)
    {
        Target found = Get(target);
        return found.Config.Ssh is not null && _credentials is { } ssh ? ssh.ForAsync(found, session, cancel) : CredentialAsync(target, cancel);
    }

    /// <summary>The target of that name, whatever its protocol; null: there is none.</summary>
    public Target? FindAny(string name) => Lookup(name);

    private HttpRoutes Routes() => new(_targets.Values, _stored.Values.Where(stored => !IsConfigured(stored.Info.Name)));

    private Target Get(TargetInfo target) => Lookup(target.Name) ?? throw new IOException($"target {target.Name} is no longer configured");

    private Target? Lookup(string name) => _targets.TryGetValue(name, out Target? found) || _stored.TryGetValue(name, out found) ? found : null;

    private FrozenDictionary<string, Target> ByName(IEnumerable<Target> targets) =>
        targets.Select(WithHostKeys).ToFrozenDictionary(target => target.Info.Name, StringComparer.Ordinal);

    private Target WithHostKeys(Target target) =>
        target.Known is not null && _hosts is { } hosts ? target with { Info = target.Info with { HostKeys = hosts.Of(target) } } : target;
}
