using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Http2;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Admin.Routes;

/// <summary>
/// Whether the secret of a target stays when its settings change. Whoever may change targets need not know their secrets, and must not come to know one by
/// leading it to a server of their own.
/// </summary>
internal static class KeptSecret
{
    /// <summary>True when the secret goes where it went, or is never shown to the other side.</summary>
    public static bool MayStay(TargetRow before, StoredTargetConfig now)
    {
        if (before.Password.Length == 0 || StoredTargetSection.Read(before.Name, before.Settings, new DiagnosticBag()) is not { } was || Kind(was.Config) != Kind(now.Config))
            return false;
        return IsShown(now.Config) ? IsShown(was.Config) && IsSameServer(was, now) : !IsShown(was.Config) || IsSameServer(was, now);
    }

    /// <summary>What the secret is, and in which field of which protocol it is sent.</summary>
    private static (string Protocol, bool IsKubernetes, HttpCredentialKind Http, string? Field, bool IsPassword, bool IsKey) Kind(TargetConfig target) =>
        (target.Protocol, target.Http?.IsKubernetes == true, target.Http?.Credential ?? HttpCredentialKind.None, target.Http?.CredentialHeader,
            target.Ssh?.Credential.IsPassword == true, target.Ssh?.Credential.IsKey == true);

    /// <summary>
    /// True when the target gets the secret itself, or what the secret is soon found by: the answer of md5 is one hash of it. SCRAM (RFC 5802) and signatures
    /// (RFC 4252 7) prove it without showing it.
    /// </summary>
    private static bool IsShown(TargetConfig target) => target.Http is not null || target.Ssh?.Credential.IsPassword == true || !target.WeakLogins.IsEmpty;

    private static bool IsSameServer(StoredTargetConfig was, StoredTargetConfig now)
    {
        (TargetConfig old, TargetConfig @new) = (was.Config, now.Config);
        return (old.Host, old.Port, old.TlsMode, old.ServerName) == (@new.Host, @new.Port, @new.TlsMode, @new.ServerName)
            && Authorities(was).SequenceEqual(Authorities(now))
            && HostKeys(old).SetEquals(HostKeys(@new));
    }

    private static IEnumerable<string> Authorities(StoredTargetConfig target) => (target.Authorities ?? []).Select(authority => authority.Thumbprint);

    private static HashSet<string> HostKeys(TargetConfig target) =>
        target.Ssh is { HostKeys: var keys } ? [.. keys.Pinned.Select(key => "key " + key), .. keys.AuthorityKeys.Select(key => "authority " + key)] : [];
}
