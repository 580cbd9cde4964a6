using System.Net;
using Sallyport.Proxy.Admin;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>The admin API's bearers: the same proofs, held against the same revocations. An API token may be used for the roles of its scopes at most.</summary>
internal sealed class DaemonAdminLogin(DaemonLogin login) : IAdminLogin
{
    /// <inheritdoc/>
    public async ValueTask<AdminLoginResult> LoginAsync(string token, IPEndPoint source, CancellationToken cancel)
    {
        ApiTokenUse use = await login.LoginBearerAsync(token, source.Address, cancel).ConfigureAwait(false);
        AdminRoleSet? most = use.Scopes is { } scopes
            ? scopes.AdminRoles.Aggregate(AdminRoleSet.Empty, (roles, role) => roles.With(AdminRoles.ByName[role]))
            : null;
        return new AdminLoginResult(use.Identity, most, use.Refusal);
    }
}
