using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>
/// Verifies what a provider signs: ID tokens (OpenID Connect Core 1.0, 3.1.3.7) and logout tokens (Back-Channel Logout 1.0, 2.6). They have the form
/// of access tokens and must never be taken for one another: <c>typ</c>, <c>nonce</c> and <c>events</c> tell them apart.
/// </summary>
internal sealed class IdToken(OidcSettings settings, TimeProvider time)
{
    private const string LogoutEvent = "http://schemas.openid.net/event/backchannel-logout";

    /// <summary>Longest time from issue to use of an ID token: it is fetched and used at once.</summary>
    private static readonly TimeSpan LongestAge = TimeSpan.FromMinutes(10);

    private static readonly JsonWebTokenHandler Handler = new() { MaximumTokenSizeInBytes = TokenParts.LongestToken, MapInboundClaims = false };

    /// <summary>The verified claims of an ID token.</summary>
    /// <param name="nonce">What the login was begun with; null: there was none (a refresh).</param>
    /// <exception cref="FederationException">It is not good.</exception>
    public async Task<JsonElement> VerifyAsync(string token, string? nonce, IKeySource keys, CancellationToken cancel)
    {
        JsonElement claims = await VerifySignedAsync(token, "JWT", keys, cancel).ConfigureAwait(false);
        if (claims.TryGetProperty("events", out _))
            throw new FederationException("id-token-type");
        if (nonce is not null && TokenParts.Text(claims, "nonce") != nonce)
            throw new FederationException("id-token-nonce");
        RequireTimes(claims);
        return claims;
    }

    /// <summary>Whose login has ended: subject, or the provider's session, or both.</summary>
    /// <exception cref="FederationException">It is not good.</exception>
    public async Task<(string? Subject, string? Session, string TokenId, DateTimeOffset Expires)> VerifyLogoutAsync(string token, IKeySource keys, CancellationToken cancel)
    {
        JsonElement claims = await VerifySignedAsync(token, "LOGOUT+JWT", keys, cancel).ConfigureAwait(false);
        bool isLogout = claims.TryGetProperty("events", out JsonElement events) && events.ValueKind == JsonValueKind.Object
            && events.TryGetProperty(LogoutEvent, out JsonElement body) && body.ValueKind == JsonValueKind.Object;

        // 2.6 (5): a nonce is how an ID token would be passed off as a logout token.
        if (!isLogout || claims.TryGetProperty("nonce", out _))
            throw new FederationException("logout-token-type");
        RequireTimes(claims);
        string? subject = TokenParts.Text(claims, "sub"), session = TokenParts.Text(claims, "sid");
        if (subject is null && session is null)
            throw new FederationException("logout-token-claims");
        return (subject, session, TokenParts.Text(claims, "jti") ?? throw new FederationException("logout-token-claims"), Date(claims, "exp")!.Value + settings.ClockSkew);
    }

    /// <summary>Names in a claim that is one string or a list of them; anything else in it is refused.</summary>
    public static ImmutableArray<string> Names(JsonElement claims, string name, int most)
    {
        if (!claims.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return [];
        if (value.ValueKind == JsonValueKind.String)
            return Text(value) is { } single ? [single] : throw new FederationException("claims-refused");
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > most)
            throw new FederationException("claims-refused");
        return [.. value.EnumerateArray().Select(item => Text(item) ?? throw new FederationException("claims-refused"))];
    }

    /// <summary>A NumericDate (RFC 7519 2); null: not there.</summary>
    public static DateTimeOffset? Date(JsonElement claims, string name)
    {
        if (!claims.TryGetProperty(name, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double seconds) && seconds is >= 0 and <= 253_402_300_799
            ? DateTimeOffset.UnixEpoch.AddSeconds(Math.Floor(seconds))
            : throw new FederationException("claims-refused");
    }

    /// <summary>A name that can be shown: no control or format characters, bounded.</summary>
    private static string? Text(JsonElement value)
    {
        string? text = TokenParts.StringOf(value);
        return text is { Length: > 0 and <= TokenParts.LongestName } && !text.EnumerateRunes().Any(Hidden) ? text : null;
    }

    private static bool Hidden(System.Text.Rune rune) =>
        System.Text.Rune.IsControl(rune) || System.Text.Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private async Task<JsonElement> VerifySignedAsync(string token, string type, IKeySource source, CancellationToken cancel)
    {
        if (TokenParts.Read(token, out string? refusal, type) is not { } parts)
            throw new FederationException(refusal!);
        if (parts.Issuer != settings.Issuer)
            throw new FederationException(Refusals.Issuer);
        if (!settings.Algorithms.Contains(parts.Algorithm))
            throw new FederationException(Refusals.Algorithm);
        KeySet? keys = await source.GetAsync(cancel).ConfigureAwait(false);
        IReadOnlyList<SecurityKey> candidates = keys?.Find(parts.KeyId, parts.Algorithm) ?? [];
        if (candidates.Count == 0)
            candidates = (await source.LookAgainAsync(cancel).ConfigureAwait(false))?.Find(parts.KeyId, parts.Algorithm) ?? [];
        if (candidates.Count == 0)
            throw new FederationException(Refusals.KeyUnknown);
        TokenValidationResult result = await Handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            ValidAlgorithms = settings.Algorithms,
            IssuerSigningKeys = candidates,
            TryAllIssuerSigningKeys = true,
            ValidIssuer = settings.Issuer,
            ValidAudience = settings.ClientId,
            ValidateLifetime = false,
        }).ConfigureAwait(false);
        if (!result.IsValid)
            throw new FederationException(result.Exception is SecurityTokenInvalidAudienceException ? Refusals.Audience : Refusals.Signature);
        RequireParty(parts.Payload);
        return parts.Payload;
    }

    /// <summary>Core 3.1.3.7 (3)-(5): with other audiences beside us, the token must say that it was issued to us; and if it says to whom, it must be us.</summary>
    private void RequireParty(JsonElement claims)
    {
        string? party = TokenParts.Text(claims, "azp");
        bool several = claims.TryGetProperty("aud", out JsonElement audience) && audience.ValueKind == JsonValueKind.Array && audience.GetArrayLength() > 1;
        if (party is null ? several : party != settings.ClientId)
            throw new FederationException(Refusals.Party);
    }

    private void RequireTimes(JsonElement claims)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (Date(claims, "exp") is not { } expires || Date(claims, "iat") is not { } issued)
            throw new FederationException(Refusals.NoExpiry);
        if (now >= expires + settings.ClockSkew || now - issued > LongestAge + settings.ClockSkew)
            throw new FederationException(Refusals.Expired);
        if (issued > now + settings.ClockSkew || Date(claims, "nbf") > now + settings.ClockSkew)
            throw new FederationException(Refusals.NotYetValid);
    }
}
