using Sallyport.Contract;
using Sallyport.Proxy.Identity.Revocations;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>What every proof must pass after it has been verified: nothing has revoked it, and the store does not know better.</summary>
internal sealed class LoginChecks
{
    private readonly IStateStore _store;
    private readonly Revocations.Revocations _revocations;
    private readonly Identities _identities;
    private readonly TimeSpan _grace;
    private readonly TimeProvider _time;

    /// <param name="grace">So long after the store was lost the last known revocations are believed.</param>
    public LoginChecks(IStateStore store, Revocations.Revocations revocations, Identities identities, TimeSpan grace, TimeProvider time)
    {
        _store = store;
        _revocations = revocations;
        _identities = identities;
        _grace = grace;
        _time = time;
    }

    /// <summary>True while what is known of revocations is recent enough.</summary>
    public bool IsCurrent => _revocations.IsLoaded && (_store.LostAt is not { } lost || _time.GetUtcNow() - lost < _grace);

    /// <summary>The identity as it is now, or a refusal.</summary>
    public async ValueTask<LoginResult> PassAsync(Contract.Identity proven, CancellationToken cancel)
    {
        if (!IsCurrent)
            return new LoginResult(null, Refusals.StoreUnavailable);
        if (_revocations.Find(proven) is not null)
            return new LoginResult(null, Refusals.Revoked);
        CurrentIdentity current = await _identities.CurrentAsync(proven, cancel).ConfigureAwait(false);
        return new LoginResult(current.Identity, current.Refusal);
    }
}
