using System.Text.Json;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>What an OpenID provider says of itself (OpenID Connect Discovery 1.0, 3).</summary>
internal sealed record OidcMetadata(Uri Authorization, Uri Token, Uri? UserInfo, Uri Keys, bool NamesIssuerInResponse)
{
    /// <summary>Reads the metadata of the provider with this issuer identifier.</summary>
    /// <exception cref="FederationException">It is another's, or lacks what is needed.</exception>
    public static OidcMetadata Read(JsonElement json, string issuer)
    {
        // Discovery 1.0, 4.3: it MUST be identical, or one provider could send persons to another's endpoints.
        if (TokenParts.Text(json, "issuer") != issuer)
            throw new FederationException("metadata-issuer-wrong");
        if (json.TryGetProperty("code_challenge_methods_supported", out JsonElement methods) && !Lists(methods, "S256"))
            throw new FederationException("metadata-without-pkce");
        return new OidcMetadata(
            Address(json, "authorization_endpoint") ?? throw new FederationException("metadata-incomplete"),
            Address(json, "token_endpoint") ?? throw new FederationException("metadata-incomplete"),
            Address(json, "userinfo_endpoint"),
            Address(json, "jwks_uri") ?? throw new FederationException("metadata-incomplete"),
            json.TryGetProperty("authorization_response_iss_parameter_supported", out JsonElement names) && names.ValueKind == JsonValueKind.True);
    }

    private static bool Lists(JsonElement list, string word) =>
        list.ValueKind == JsonValueKind.Array && list.EnumerateArray().Any(item => TokenParts.StringOf(item) == word);

    private static Uri? Address(JsonElement json, string name)
    {
        if (TokenParts.Text(json, name) is not { } text)
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && KeyFetcher.IsAcceptable(address) ? address : throw new FederationException("metadata-address-refused");
    }
}
