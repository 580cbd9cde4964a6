using System.Net;
using Sallyport.Contract;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Upstream;

namespace Sallyport.Proxy.Ssh;

/// <summary>What a person's SSH client must know of this gateway: <c>sallyport ssh-config</c> asks.</summary>
internal sealed class SshClientRoutes(string node, IReadOnlyList<ListenerConfig> listeners, Func<SshMaterials> materials, TargetDirectory targets, IPolicy policy, TimeProvider time) : IAdminRoutes
{
    public void Map(AdminRouteMap map) =>
        map.Get("/v1/ssh", AdminRole.SignedIn, Get).Says("What an SSH client must know: the gateway's listeners, host keys and host authority, and the targets that policy lets the caller log in at.");

    private Task<SshClientJson> Get(AdminCall call)
    {
        SshMaterials now = materials();
        List<SshListenerJson> entries = [.. listeners.Where(listener => listener.Ssh is not null).Select(listener => new SshListenerJson(
            listener.Name, listener.Address.Port, [.. listener.Ssh!.HostNames], [.. now.HostKeys[listener.Name].PublicKeys.Select(key => key.ToString())]))];
        List<SshTargetJson> allowed = [.. targets.Names("ssh").Select(name => targets.Find(name, "ssh")).OfType<TargetInfo>().Where(target => MayEnter(call, target))
            .Select(target => new SshTargetJson(target.Name, target.DefaultResource.Length > 0 ? target.DefaultResource : null, target.Resources))];
        return Task.FromResult(new SshClientJson(now.HostAuthority?.PublicKey.ToString(), entries, allowed));
    }

    /// <summary>As at a login; which account is only known then, so the target's own is asked about, or the first.</summary>
    private bool MayEnter(AdminCall call, TargetInfo target)
    {
        string[] accounts = [.. new[] { target.DefaultResource }.Concat(target.Resources).Where(account => account.Length > 0).DefaultIfEmpty("")];
        return accounts.Any(account => policy.Open(new SessionFacts
        {
            SessionId = Guid.Empty,
            Node = node,
            Listener = listeners.FirstOrDefault(listener => listener.Ssh is not null)?.Name ?? "",
            Protocol = "ssh",
            Identity = call.Identity,
            Target = target.Name,
            Resource = account,
            Source = new IPEndPoint(call.Caller.Source, 0),
            StartedAt = time.GetUtcNow(),
            ClientTls = true,
        }).Judge(new ActionView { Kind = ActionKind.Login, Verb = Verb.Login }).Kind == VerdictKind.Allow);
    }
}

/// <param name="HostAuthority">A public key; null: there is none, and host keys stand alone.</param>
internal sealed record SshClientJson(string? HostAuthority, IReadOnlyList<SshListenerJson> Listeners, IReadOnlyList<SshTargetJson> Targets);

internal sealed record SshListenerJson(string Name, int Port, IReadOnlyList<string> HostNames, IReadOnlyList<string> HostKeys);

/// <param name="Account">When none is named.</param>
/// <param name="Accounts">That may be asked for; empty: any.</param>
internal sealed record SshTargetJson(string Name, string? Account, IReadOnlyList<string> Accounts);
