using System.Collections.Concurrent;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Transport;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Ssh;

/// <summary>
/// The host keys of one listener, with the certificates that go with them: for the listener's own names, and, for connections through
/// <c>ssh -J</c>, for the target that is asked for. Those of our own authority live a day and are made anew at half of it.
/// </summary>
/// <param name="keys">With certificates made elsewhere, where there are.</param>
/// <param name="authority">Null: no certificates are made.</param>
internal sealed class GatewayKeys(IReadOnlyList<SshPrivateKey> keys, IReadOnlyList<string> names, SshAuthority? authority, TimeProvider time)
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(1);

    /// <summary>More targets than anybody has: names come from clients.</summary>
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<string, Minted> _minted = new(StringComparer.Ordinal);
    private readonly SshServerKeys _plain = new([.. keys]);

    /// <summary>The keys alone.</summary>
    public IReadOnlyList<SshPublicKey> PublicKeys => [.. keys.Select(key => key.PublicKey)];

    /// <summary>As this gateway.</summary>
    public SshServerKeys Own() => names.Count == 0 ? _plain : Of("", names);

    /// <summary>As the target of that name.</summary>
    public SshServerKeys OfTarget(string target) => ConfigReader.IsName(target) ? Of(target, [target]) : _plain;

    private SshServerKeys Of(string cached, IReadOnlyList<string> principals)
    {
        if (authority is null)
            return _plain;
        DateTimeOffset now = time.GetUtcNow();
        if (_minted.TryGetValue(cached, out Minted? minted) && now < minted.RenewAt)
            return minted.Keys;

        // Where somebody else has certified a key for the gateway, that counts; for a target only ours does.
        SshSigner[] certified = [.. keys.Select(key => cached.Length == 0 && !key.Certificate.IsEmpty
            ? key
            : key.WithCertificate(authority.MintHost(key.PublicKey, principals, Validity)))];
        var fresh = new Minted(new SshServerKeys(certified), now + (Validity / 2));
        if (_minted.Count < Most || _minted.ContainsKey(cached))
            _minted[cached] = fresh;
        return fresh.Keys;
    }

    private sealed record Minted(SshServerKeys Keys, DateTimeOffset RenewAt);
}
