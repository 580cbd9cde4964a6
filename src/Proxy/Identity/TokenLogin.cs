using System.Collections.Frozen;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Sallyport.Contract;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Identity;

/// <summary>
/// Verifies bearer tokens (JWS, RFC 7519) against the configured issuers. The order is: bound the size; read the outer form and refuse
/// what no issuer may send; choose the issuer by <c>iss</c>; verify signature, algorithm, issuer and audience with
/// Microsoft.IdentityModel; only then look at times and claims.
/// <para>
/// The issuers and the cache are one immutable pair, replaced as a whole by a reload. Nothing of a token's content is ever logged.
/// </para>
/// </summary>
internal sealed class TokenLogin : ILogin
{
    private static readonly JsonWebTokenHandler Handler = new() { MaximumTokenSizeInBytes = TokenParts.LongestToken, MapInboundClaims = false };

    private readonly TimeProvider _time;
    private readonly Log _log;
    private volatile State _state;

    public TokenLogin(IEnumerable<Issuer> issuers, TimeProvider time, Log log)
    {
        _time = time;
        _log = log;
        _state = State.Of(issuers);
    }

    /// <summary>Takes up new issuers and forgets every verified token. Sessions that are in stay in.</summary>
    public void Replace(IEnumerable<Issuer> issuers) => _state = State.Of(issuers);

    /// <summary>True for a token that was verified before: whoever has one is no stranger who guesses.</summary>
    public bool Remembers(string token) => token.Length <= TokenParts.LongestToken && _state.Cache.Find(LoginCache.KeyOf(token)) is not null;

    /// <inheritdoc/>
    public async ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel)
    {
        try
        {
            return await VerifyAsync(_state, proof.Token, cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception failure)
        {
            // The one place: whatever a token makes our own code or a library do, it is not let in. The type only, as a message may quote it.
            _log.Error("login-failed", new LogField("exception", failure.GetType().FullName));
            return new LoginResult(null, Refusals.Internal);
        }
    }

    private async ValueTask<LoginResult> VerifyAsync(State state, string token, CancellationToken cancel)
    {
        if (token.Length > TokenParts.LongestToken)
            return Refuse(Refusals.TooLarge);
        string cacheKey = LoginCache.KeyOf(token);
        if (await RememberedAsync(state, cacheKey, cancel).ConfigureAwait(false) is { } known)
            return new LoginResult(known, null);

        if (TokenParts.Read(token, out string? refusal) is not { } parts)
            return Refuse(refusal!);
        if (!state.Issuers.TryGetValue(parts.Issuer, out Issuer? issuer))
            return Refuse(Refusals.Issuer);
        if (!issuer.Rules.Algorithms.Contains(parts.Algorithm))
            return Refuse(Refusals.Algorithm);
        if (issuer.Rules.AccessTokensOnly && !parts.IsAccessToken)
            return Refuse(Refusals.Type);

        KeySet? keys = await issuer.Keys.GetAsync(cancel).ConfigureAwait(false);
        IReadOnlyList<SecurityKey> candidates = keys?.Find(parts.KeyId, parts.Algorithm) ?? [];
        if (keys is not null && candidates.Count == 0)
        {
            keys = await issuer.Keys.LookAgainAsync(cancel).ConfigureAwait(false);
            candidates = keys?.Find(parts.KeyId, parts.Algorithm) ?? [];
        }

        if (keys is null || candidates.Count == 0)
            return Refuse(keys is null ? Refusals.KeysUnavailable : Refusals.KeyUnknown);
        if (await RefuseSignatureAsync(token, issuer.Rules, candidates).ConfigureAwait(false) is { } word)
            return Refuse(word);
        if (Claims.Read(parts.Payload, issuer.Rules, _time.GetUtcNow(), out refusal) is not { } identity)
            return Refuse(refusal!);

        state.Cache.Add(cacheKey, new LoginCache.Entry(identity, issuer, keys));
        return new LoginResult(identity, null);
    }

    private async ValueTask<Contract.Identity?> RememberedAsync(State state, string cacheKey, CancellationToken cancel)
    {
        if (state.Cache.Find(cacheKey) is not { } entry || _time.GetUtcNow() >= entry.Identity.ExpiresAt)
            return null;
        KeySet? keys = await entry.Issuer.Keys.GetAsync(cancel).ConfigureAwait(false);
        return ReferenceEquals(keys, entry.Keys) ? entry.Identity : null;
    }

    /// <summary>Null when the signature is the issuer's, and issuer and audience are right.</summary>
    private static async ValueTask<string?> RefuseSignatureAsync(string token, IssuerRules rules, IReadOnlyList<SecurityKey> keys)
    {
        TokenValidationResult result = await Handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            ValidAlgorithms = rules.Algorithms,
            IssuerSigningKeys = keys,
            TryAllIssuerSigningKeys = true,
            ValidIssuer = rules.Issuer,
            ValidAudiences = rules.Audiences,

            // Claims.Read judges the times, right after this: by our clock, with a word for each refusal.
            ValidateLifetime = false,
        }).ConfigureAwait(false);
        return result.IsValid ? null : result.Exception switch
        {
            SecurityTokenInvalidAudienceException => Refusals.Audience,
            SecurityTokenInvalidIssuerException => Refusals.Issuer,
            SecurityTokenInvalidAlgorithmException => Refusals.Algorithm,
            SecurityTokenInvalidSignatureException or SecurityTokenSignatureKeyNotFoundException => Refusals.Signature,
            _ => Refusals.Malformed,
        };
    }

    private static LoginResult Refuse(string word) => new(null, word);

    private sealed record State(FrozenDictionary<string, Issuer> Issuers, LoginCache Cache)
    {
        public static State Of(IEnumerable<Issuer> issuers) =>
            new(issuers.ToFrozenDictionary(issuer => issuer.Rules.Issuer, StringComparer.Ordinal), new LoginCache());
    }
}
