using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenIddict.Abstractions;
using OpenIddict.Core;
using OpenIddict.EntityFrameworkCore.Models;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>
/// OpenIddict's keeping of tokens, which in addition tells those who verify tokens offline whenever a token, or all that came of one login
/// at a client, is revoked: by the client, by a code or refresh token that was used twice, or by us.
/// </summary>
internal sealed class BrokerTokenManager(
    IOpenIddictTokenCache<OpenIddictEntityFrameworkCoreToken> cache,
    ILogger<OpenIddictTokenManager<OpenIddictEntityFrameworkCoreToken>> logger,
    IOptionsMonitor<OpenIddictCoreOptions> options,
    IOpenIddictTokenStore<OpenIddictEntityFrameworkCoreToken> store,
    TokenRevocations revocations,
    TimeProvider time) : OpenIddictTokenManager<OpenIddictEntityFrameworkCoreToken>(cache, logger, options, store)
{
    /// <inheritdoc/>
    public override async ValueTask<long> RevokeByAuthorizationIdAsync(string identifier, CancellationToken cancellationToken = default)
    {
        List<OpenIddictEntityFrameworkCoreToken> tokens = [];
        await foreach (OpenIddictEntityFrameworkCoreToken token in FindByAuthorizationIdAsync(identifier, cancellationToken).ConfigureAwait(false))
            tokens.Add(token);
        long count = await base.RevokeByAuthorizationIdAsync(identifier, cancellationToken).ConfigureAwait(false);
        await TellAsync(tokens, cancellationToken).ConfigureAwait(false);
        return count;
    }

    /// <summary>RFC 7009 2.1: with a refresh token all that came of it goes.</summary>
    public override async ValueTask<bool> TryRevokeAsync(OpenIddictEntityFrameworkCoreToken token, CancellationToken cancellationToken = default)
    {
        string? type = await GetTypeAsync(token, cancellationToken).ConfigureAwait(false);
        string? authorization = await GetAuthorizationIdAsync(token, cancellationToken).ConfigureAwait(false);
        bool revoked = await base.TryRevokeAsync(token, cancellationToken).ConfigureAwait(false);
        if (type == TokenTypeIdentifiers.RefreshToken && authorization is not null)
            await RevokeByAuthorizationIdAsync(authorization, cancellationToken).ConfigureAwait(false);
        else
            await TellAsync([token], cancellationToken).ConfigureAwait(false);
        return revoked;
    }

    private async Task TellAsync(IEnumerable<OpenIddictEntityFrameworkCoreToken> tokens, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        List<(string, string, DateTimeOffset)> items = [];
        foreach (OpenIddictEntityFrameworkCoreToken token in tokens)
        {
            string? type = await GetTypeAsync(token, cancel).ConfigureAwait(false);
            DateTimeOffset? expires = await GetExpirationDateAsync(token, cancel).ConfigureAwait(false);
            if (type == TokenTypeIdentifiers.AccessToken && expires > now && token.Id is { } id)
                items.Add((TokenRevocations.Token, id, expires.Value + TimeSpan.FromMinutes(5)));
        }

        await revocations.RevokeAsync(items, "token-revoked", cancel).ConfigureAwait(false);
    }
}
