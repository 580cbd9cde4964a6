using System.Collections.Immutable;
using System.Text.Json;

namespace Sallyport.Proxy.Identity;

/// <summary>
/// Reads <c>act</c> (RFC 8693 4.1): the outermost actor is who acts now, nested ones acted before it, and the token's own subject is the party
/// they all act for. <c>sub: P, act: {sub: A, act: {sub: B}}</c> is A, acting for B, acting for P.
/// </summary>
internal static class Delegation
{
    /// <summary>The chain, who acts now first and the token's subject last; null when it is not one of this issuer's making, or too long.</summary>
    /// <param name="act">The claim.</param>
    /// <param name="subject">The token's subject.</param>
    /// <param name="issuer">The token's issuer: an actor of another could not be told from one of its own by name.</param>
    /// <param name="longest">Most actors.</param>
    public static ImmutableArray<string>? Chain(JsonElement act, string subject, string issuer, int longest)
    {
        ImmutableArray<string>.Builder chain = ImmutableArray.CreateBuilder<string>();
        while (true)
        {
            if (act.ValueKind != JsonValueKind.Object || Claims.Printable(TokenParts.Text(act, "sub")) is not { } actor || chain.Count == longest)
                return null;
            if (act.TryGetProperty("iss", out JsonElement named) && TokenParts.StringOf(named) != issuer)
                return null;
            chain.Add(actor);
            if (!act.TryGetProperty("act", out JsonElement earlier))
                break;
            act = earlier;
        }

        chain.Add(subject);
        return chain.ToImmutable();
    }
}
