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
        refusal = RefuseTimes(payload, rules, now, out DateTimeOffset expires, out DateTimeOffset? issued)
            ?? RefuseBinding(payload, rules) ?? RefuseRequired(payload, rules);
        if (refusal is not null)
            return null;

        refusal = Refusals.Claims;
        ImmutableArray<string>? groups = Names(payload, rules.Claims.Groups, MostGroups);
        if (!Who(payload, rules, out string subject, out ImmutableArray<string> actingFor) || groups is null || Kind(payload, rules) is not { } kind
            || !Date(payload, "auth_time", out DateTimeOffset? authenticated) || !Optional(payload, "sid", out string? login) || !Optional(payload, "acr", out string? context))
            return null;
        if (authenticated > now + rules.ClockSkew)
        {
            // Whoever asks for a fresh login must not take one that is yet to come for fresh.
            refusal = Refusals.NotYetValid;
            return null;
        }

        refusal = null;
        return new Contract.Identity
        {
            Subject = subject,
            Groups = rules.GroupsAlways.IsEmpty ? groups.Value : [.. groups.Value.Union(rules.GroupsAlways)],
            Kind = kind,
            ActingFor = actingFor,
            Issuer = rules.Issuer,
            TokenId = Name(payload, "jti"),
            LoginSession = login,
            AuthenticatedAt = authenticated,
            AuthenticationContext = context,
            IssuedAt = issued,
            ExpiresAt = expires,
        };
    }

    /// <summary>Who acts, and for whom. A token with both forms of delegation could be read in two ways.</summary>
    private static bool Who(JsonElement payload, IssuerRules rules, out string subject, out ImmutableArray<string> actingFor)
    {
        ClaimNames names = rules.Claims;
        string? named = Printable(names.SubjectTemplate is { } template ? template.Fill(payload) : Text(payload, names.Subject));
        ImmutableArray<string>? chain = Names(payload, names.ActingFor, LongestChain);
        subject = named ?? "";
        actingFor = chain ?? [];
        if (named is null || chain is null)
            return false;
        if (!payload.TryGetProperty("act", out JsonElement act))
            return true;
        if (!actingFor.IsEmpty || Delegation.Chain(act, named, rules.Issuer, LongestChain) is not { } delegated)
            return false;
        subject = delegated[0];
        actingFor = delegated[1..];
        return true;
    }

    /// <summary>RFC 7519 4.1.4-4.1.6. <c>exp</c> is demanded; <c>nbf</c> and <c>iat</c>, which many issuers leave out, hold when they are there.</summary>
    private static string? RefuseTimes(JsonElement payload, IssuerRules rules, DateTimeOffset now, out DateTimeOffset expires, out DateTimeOffset? issued)
    {
        expires = default;
        issued = null;
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
        issued = iat ?? nbf;
        DateTimeOffset start = issued ?? now;
        return exp - start > rules.LongestLifetime ? Refusals.LifetimeTooLong : null;
    }

    private static string? RefuseBinding(JsonElement payload, IssuerRules rules)
    {
        if (payload.TryGetProperty("cnf", out _))
            return Refusals.Bound;
        if (!rules.Delegation && payload.TryGetProperty("act", out _))
            return Refusals.Delegated;
        if (rules.Parties.IsEmpty)
            return null;
        string? party = Name(payload, "azp") ?? Name(payload, "client_id");
        return party is not null && rules.Parties.Contains(party) ? null : Refusals.Party;
    }

    private static string? RefuseRequired(JsonElement payload, IssuerRules rules)
    {
        foreach (RequiredClaim required in rules.Required)
        {
            if (!ClaimPath.TryFind(payload, required.Path, out JsonElement value))
                return Refusals.Required;
            bool fits = value.ValueKind == JsonValueKind.Array
                ? value.EnumerateArray().Any(item => ClaimPath.Scalar(item) is { } one && required.Values.Contains(one))
                : ClaimPath.Scalar(value) is { } single && required.Values.Contains(single);
            if (!fits)
                return Refusals.Required;
        }

        return null;
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
        if (rules.FixedKind is { } always)
            return always;
        if (!ClaimPath.TryFind(payload, rules.Claims.Kind, out JsonElement value))
        {
            // Who acts by delegation and does not say what it is, is no person.
            return payload.TryGetProperty("act", out _) ? IdentityKind.Agent : rules.DefaultKind;
        }

        return TokenParts.StringOf(value) switch
        {
            "human" => IdentityKind.Human,
            "agent" => IdentityKind.Agent,
            "service" => IdentityKind.Service,
            _ => null,
        };
    }

    private static string? Text(JsonElement payload, string claim) =>
        ClaimPath.TryFind(payload, claim, out JsonElement value) && TokenParts.StringOf(value) is { Length: > 0 and <= TokenParts.LongestName } text ? text : null;

    private static string? Name(JsonElement payload, string claim) => Printable(Text(payload, claim));

    /// <summary>False when it is there and no name.</summary>
    private static bool Optional(JsonElement payload, string claim, out string? name)
    {
        name = Name(payload, claim);
        return name is not null || !payload.TryGetProperty(claim, out _);
    }

    /// <summary>A claim that is one string or a list of them; empty when absent, null when it is neither.</summary>
    private static ImmutableArray<string>? Names(JsonElement payload, string claim, int most)
    {
        if (!ClaimPath.TryFind(payload, claim, out JsonElement value))
            return [];
        if (value.ValueKind == JsonValueKind.String)
            return Name(payload, claim) is { } single ? [single] : null;
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > most)
            return null;

        ImmutableArray<string>.Builder names = ImmutableArray.CreateBuilder<string>(value.GetArrayLength());
        foreach (JsonElement item in value.EnumerateArray())
        {
            string? name = Printable(TokenParts.StringOf(item));
            if (name is not { Length: > 0 and <= TokenParts.LongestName })
                return null;
            names.Add(name);
        }

        return names.DrainToImmutable();
    }

    /// <summary>Names end up in logs, on screens and in policy: none of them may hold what no screen shows.</summary>
    internal static string? Printable(string? name)
    {
        foreach (Rune rune in (name ?? "").EnumerateRunes())
        {
            if (Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                return null;
        }

        return name;
    }
}
