using System.Net;
using Sallyport.Contract;

namespace Sallyport.Proxy.Admin;

/// <summary>What a bearer token of the admin API stands for.</summary>
/// <param name="Identity">Who; null: refused.</param>
/// <param name="Scope">The roles it may be used for at most; null: all that the identity has.</param>
/// <param name="Refusal">A fixed word for the operator; the caller is told none of them.</param>
internal readonly record struct AdminLoginResult(Contract.Identity? Identity, AdminRoleSet? Scope, string? Refusal);

/// <summary>Turns a bearer token into an identity. Never throws for a bad one. Called for every request: revocation must count at once.</summary>
internal interface IAdminLogin
{
    ValueTask<AdminLoginResult> LoginAsync(string token, IPEndPoint source, CancellationToken cancel);
}

/// <summary>Access tokens, which have no scope of roles: groups alone decide.</summary>
/// <param name="login">Verifies tokens whose audience is the admin API, and no others.</param>
internal sealed class AccessTokenLogin(ILogin login) : IAdminLogin
{
    /// <inheritdoc/>
    public async ValueTask<AdminLoginResult> LoginAsync(string token, IPEndPoint source, CancellationToken cancel)
    {
        LoginResult result = await login.LoginAsync(new LoginProof(token, "", source), cancel).ConfigureAwait(false);
        return new AdminLoginResult(result.Identity, null, result.Refusal);
    }
}
