using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sallyport.Contract;

namespace Sallyport.Proxy.Identity;

/// <summary>Makes an identity of the claims of a token whose signature, issuer and audience have been verified.</summary>
internal static class Claims
{
    /// <summary>Most groups taken. Entra stops at 200, Keycloak at what fits the token.</summary>
    private const int MostGroups = 1024;

    /// <summary>Longest chain of delegation.</summary>
    private const int LongestChain = 8;

    /// <summary>The largest NumericDate taken: the end of year 9999, beyond which <see cref="DateTimeOffset"/> has no values.</summary>
    private const double LargestDate = 253_402_300_799;

    /// <summary>The identity, or null with the word for why not.</summary>
    public static Contract.Identity? Read(JsonElement payload, IssuerRules rules, DateTimeOffset now, out string? refusal)
    {
        refusal = RefuseTimes(payload, rules, now, out DateTimeOffset expires) ?? RefuseBinding(payload, rules);
        if (refusal is not null)
            return null;

        refusal = Refusals.Claims;
        string? subject = Name(payload, rules.Claims.Subject);
        ImmutableArray<string>? groups = Names(payload, rules.Claims.Groups, MostGroups);
        ImmutableArray<string>? actingFor = Names(payload, rules.Claims.ActingFor, LongestChain);
        IdentityKind? kind = Kind(payload, rules);
        if (subject is null || groups is null || actingFor is null || kind is null)
            return null;
        refusal = null;
        return new Contract.Identity
        {
            Subject = subject,
            Groups = groups.Value,
            Kind = kind.Value,
            ActingFor = actingFor.Value,
            Issuer = rules.Issuer,
            TokenId = Name(payload, "jti"),
            ExpiresAt = expires,
        };
    }

    /// <summary>RFC 7519 4.1.4-4.1.6. <c>exp</c> is demanded; <c>nbf</c> and <c>iat</c>, which many issuers leave out, hold when they are there.</summary>
    private static string? RefuseTimes(JsonElement payload, IssuerRules rules, DateTimeOffset now, out DateTimeOffset expires)
    {
        expires = default;
        if (!Date(payload, "exp", out DateTimeOffset? exp) || !Date(payload, "nbf", out DateTimeOffset? nbf) || !Date(payload, "iat", out DateTimeOffset? iat))
            return Refusals.Claims;
        if (exp is null)
            return Refusals.NoExpiry;

        expires = exp > DateTimeOffset.MaxValue - rules.ClockSkew ? DateTimeOffset.MaxValue : exp.Value + rules.ClockSkew;
        if (now >= expires)
            return Refusals.Expired;
        if (nbf > now + rules.ClockSkew || iat > now + rules.ClockSkew)
            return Refusals.NotYetValid;

        // A token that does not say when it was issued counts from now: it cannot live longer than that from here on.
        DateTimeOffset start = iat ?? nbf ?? now;
        return exp - start > rules.LongestLifetime ? Refusals.LifetimeTooLong : null;
    }

    private static string? RefuseBinding(JsonElement payload, IssuerRules rules)
    {
        if (payload.TryGetProperty("cnf", out _))
            return Refusals.Bound;
        if (payload.TryGetProperty("act", out _))
            return Refusals.Delegated;
        if (rules.Parties.IsEmpty)
            return null;
        string? party = Name(payload, "azp") ?? Name(payload, "client_id");
        return party is not null && rules.Parties.Contains(party) ? null : Refusals.Party;
    }

    /// <summary>False when it is there and no NumericDate.</summary>
    private static bool Date(JsonElement payload, string claim, out DateTimeOffset? date)
    {
        date = null;
        if (!payload.TryGetProperty(claim, out JsonElement value))
            return true;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double seconds) || seconds is not (>= 0 and <= LargestDate))
            return false;
        date = DateTimeOffset.UnixEpoch.AddSeconds(Math.Floor(seconds));
        return true;
    }

    private static IdentityKind? Kind(JsonElement payload, IssuerRules rules)
    {
        if (!payload.TryGetProperty(rules.Claims.Kind, out JsonElement value))
            return rules.DefaultKind;
        return TokenParts.StringOf(value) switch
        {
            "human" => IdentityKind.Human,
            "agent" => IdentityKind.Agent,
            "service" => IdentityKind.Service,
            _ => null,
        };
    }

    private static string? Name(JsonElement payload, string claim) => Checked(TokenParts.Text(payload, claim));

    /// <summary>A claim that is one string or a list of them; empty when absent, null when it is neither.</summary>
    private static ImmutableArray<string>? Names(JsonElement payload, string claim, int most)
    {
        if (!payload.TryGetProperty(claim, out JsonElement value))
            return [];
        if (value.ValueKind == JsonValueKind.String)
            return Name(payload, claim) is { } single ? [single] : null;
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > most)
            return null;

        ImmutableArray<string>.Builder names = ImmutableArray.CreateBuilder<string>(value.GetArrayLength());
        foreach (JsonElement item in value.EnumerateArray())
        {
            string? name = Checked(TokenParts.StringOf(item));
            if (name is not { Length: > 0 and <= TokenParts.LongestName })
                return null;
            names.Add(name);
        }

        return names.DrainToImmutable();
    }

    /// <summary>Names end up in logs, on screens and in policy: none of them may hold what no screen shows.</summary>
    private static string? Checked(string? name)
    {
        foreach (Rune rune in (name ?? "").EnumerateRunes())
        {
            if (Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                return null;
        }

        return name;
    }
}
