using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using OidcClaims = OpenIddict.Abstractions.OpenIddictConstants.Claims;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>Takes what clients sign to prove themselves (RFC 7523 3) once, on whatever node: one that was overheard is worth nothing.</summary>
internal sealed class ClientAssertions(IStateStore store, TimeProvider time)
{
    /// <summary>The longest life of one: it is remembered for as long.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>After OpenIddict has verified it.</summary>
    public async ValueTask TakeAsync(ProcessAuthenticationContext context)
    {
        if (context.ClientAssertionPrincipal is not { } assertion)
            return;
        DateTimeOffset now = time.GetUtcNow();
        string? id = assertion.GetClaim(OidcClaims.JwtId);
        if (string.IsNullOrEmpty(id) || assertion.GetExpirationDate() is not { } expires || expires > now + Longest)
        {
            context.Reject(Errors.InvalidClient, "A client assertion needs a jti, and must expire within ten minutes.");
            return;
        }

        string key = "assertion:" + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{assertion.GetClaim(OidcClaims.Subject)}|{id}")));
        bool first = await store.WriteAsync(
            async (state, token) =>
            {
                if (await state.OneTimes.AnyAsync(row => row.Key == key, token).ConfigureAwait(false))
                    return false;
                state.OneTimes.Add(new OneTimeRow { Key = key, CreatedAt = now, ExpiresAt = expires + Longest });
                return true;
            },
            context.CancellationToken).ConfigureAwait(false);
        if (!first)
            context.Reject(Errors.InvalidClient, "This client assertion has been used.");
    }
}
