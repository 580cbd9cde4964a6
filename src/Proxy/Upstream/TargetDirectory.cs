using System.Collections.Frozen;
using Sallyport.Contract;
using Sallyport.Protocols.Wire;

namespace Sallyport.Proxy.Upstream;

/// <summary>The configured targets, dialled directly. Replaced as a whole by a reload, which brings new TLS settings.</summary>
internal sealed class TargetDirectory : IUpstream
{
    private volatile FrozenDictionary<string, Target> _targets;

    public TargetDirectory(IEnumerable<Target> targets)
    {
        _targets = ByName(targets);
    }

    /// <summary>Takes up new settings. Sessions that are connected stay connected.</summary>
    public void Replace(IEnumerable<Target> targets) => _targets = ByName(targets);

    /// <inheritdoc/>
    public TargetInfo? Find(string target, string protocol) =>
        _targets.TryGetValue(target, out Target? found) && found.Info.Protocol == protocol ? found.Info : null;

    /// <inheritdoc/>
    public async ValueTask<IDuplex> ConnectAsync(TargetInfo target, CancellationToken cancel)
    {
        Target found = Get(target);
        return new SocketDuplex(await Dialler.ConnectAsync(found.Config.Host, found.Config.Port, found.Config.ConnectTimeout, cancel).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async ValueTask<TargetCredential> CredentialAsync(TargetInfo target, CancellationToken cancel)
    {
        // A small local file, read once per login: not worth an asynchronous read, which on Linux is a pool thread that blocks.
        Target found = Get(target);
        return new TargetCredential(found.Config.User, await found.Config.Password.ReadAsync(cancel).ConfigureAwait(false));
    }

    private Target Get(TargetInfo target) =>
        _targets.TryGetValue(target.Name, out Target? found) ? found : throw new IOException($"target {target.Name} is no longer configured");

    private static FrozenDictionary<string, Target> ByName(IEnumerable<Target> targets) =>
        targets.ToFrozenDictionary(target => target.Info.Name, StringComparer.Ordinal);
}
