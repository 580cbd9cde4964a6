using System.Net;
using System.Security.Cryptography;
using Sallyport.Contract;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>
/// Logins with issued passwords. Every user name of their form gets an exchange that looks the same: one that is none, or must wait, cannot be
/// proven.
/// </summary>
internal sealed class IssuedLogin
{
    private readonly IssuedPasswords _passwords;
    private readonly DecoySalt _decoy;
    private readonly LoginChecks _checks;
    private readonly LastUses _uses;
    private readonly FailureThrottle<ulong> _sources;
    private readonly FailureThrottle<string> _names;
    private readonly TimeProvider _time;
    private readonly Log _log;

    /// <param name="sources">Shared with the other ways to log in.</param>
    public IssuedLogin(IssuedPasswords passwords, DecoySalt decoy, LoginChecks checks, LastUses uses, FailureThrottle<ulong> sources, TimeProvider time, Log log)
    {
        _passwords = passwords;
        _decoy = decoy;
        _checks = checks;
        _uses = uses;
        _sources = sources;
        _names = new FailureThrottle<string>(time, free: 5);
        _time = time;
        _log = log;
    }

    /// <summary>What an exchange with this user needs; null: no such name is ever issued.</summary>
    public async ValueTask<ScramLogin?> FindAsync(string user, IPEndPoint source, CancellationToken cancel)
    {
        if (!IssuedPasswords.IsName(user))
            return null;
        IssuedPasswordRow? row = null;
        string refusal = Refusals.Credential;
        try
        {
            row = await _passwords.FindAsync(user, cancel).ConfigureAwait(false);
        }
        catch (StoreUnavailableException unavailable)
        {
            _log.Warning("issued-password-not-looked-up", new LogField("error", unavailable.Message));
            refusal = Refusals.StoreUnavailable;
        }

        if (_sources.IsBlocked(SourceKey.Of(source.Address)) || _names.IsBlocked(user))
            (row, refusal) = (null, Refusals.Throttled);
        return row is null ? Decoy(user, source, refusal) : new Exchange(this, row, user, source, refusal)
        {
            Salt = row.Salt,
            Iterations = row.Iterations,
            StoredKey = row.StoredKey,
            ServerKey = row.ServerKey,
        };
    }

    private Exchange Decoy(string user, IPEndPoint source, string refusal) => new(this, null, user, source, refusal)
    {
        Salt = _decoy.For(user),
        Iterations = IssuedPasswords.Iterations,
        StoredKey = RandomNumberGenerator.GetBytes(32),
        ServerKey = RandomNumberGenerator.GetBytes(32),
    };

    private async ValueTask<LoginResult> CompleteAsync(IssuedPasswordRow? row, string user, IPEndPoint source, string refusal, bool proven, CancellationToken cancel)
    {
        if (row is null || !proven)
        {
            if (refusal == Refusals.Credential)
            {
                _sources.Failed(SourceKey.Of(source.Address));
                _names.Failed(user);
            }

            return new LoginResult(null, refusal);
        }

        if (row.RevokedAt is not null)
            return new LoginResult(null, Refusals.Revoked);
        if (_time.GetUtcNow() >= row.ExpiresAt)
            return new LoginResult(null, Refusals.Expired);
        LoginResult result = await _checks.PassAsync(IssuedPasswords.IdentityOf(row), cancel).ConfigureAwait(false);
        if (result.Identity is not null)
            _uses.Issued(row.Id, source.Address.ToString());
        return result;
    }

    private sealed class Exchange(IssuedLogin login, IssuedPasswordRow? row, string user, IPEndPoint source, string refusal) : ScramLogin
    {
        private int _completed;

        public override async ValueTask<LoginResult> CompleteAsync(bool proven, CancellationToken cancel)
        {
            if (Interlocked.Exchange(ref _completed, 1) != 0)
                return new LoginResult(null, Refusals.Internal);
            try
            {
                return await login.CompleteAsync(row, user, source, refusal, proven, cancel).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // As with tokens: whatever goes wrong on our side, nobody is let in by it.
                login._log.Error("login-failed", new LogField("exception", failure.GetType().FullName));
                return new LoginResult(null, failure is StoreUnavailableException ? Refusals.StoreUnavailable : Refusals.Internal);
            }
        }
    }
}
