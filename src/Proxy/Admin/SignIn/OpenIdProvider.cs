using System.Text.Json;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Federation;

namespace Sallyport.Proxy.Admin.SignIn;

/// <summary>The OpenID Provider that browsers sign in at, as a client that uses the authorization code flow with PKCE sees it (RFC 6749 4.1, RFC 7636).</summary>
/// <param name="trust">Accepts certificates that the system does not know; null: only those it knows.</param>
internal sealed class OpenIdProvider(AdminSignInConfig config, TimeProvider time, System.Net.Security.RemoteCertificateValidationCallback? trust = null) : IDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    private readonly ProviderHttp _http = new(trust);

    private volatile Known? _known;

    /// <summary>The issuer, as its tokens name it.</summary>
    public string Issuer => config.Issuer.OriginalString;

    public string Client => config.Client;

    /// <summary>The scopes that are asked for.</summary>
    public string Scope => $"openid {config.Scope}";

    /// <exception cref="FederationException">It cannot be had, or is not this issuer's.</exception>
    public async Task<OidcMetadata> MetadataAsync(CancellationToken cancel)
    {
        if (_known is { } known && time.GetUtcNow() < known.Until)
            return known.Metadata;
        var address = new Uri(Issuer.TrimEnd('/') + "/.well-known/openid-configuration");
        OidcMetadata metadata = OidcMetadata.Read(await _http.GetAsync(address, bearer: null, cancel).ConfigureAwait(false), Issuer);
        _known = new Known(metadata, time.GetUtcNow() + Fresh);
        return metadata;
    }

    /// <summary>Turns a code into tokens (RFC 6749 4.1.3).</summary>
    /// <exception cref="FederationException">The provider refuses it.</exception>
    public async Task<(string AccessToken, string IdToken)> ExchangeAsync(string code, string redirect, string verifier, CancellationToken cancel)
    {
        OidcMetadata metadata = await MetadataAsync(cancel).ConfigureAwait(false);
        JsonElement answer = await _http.PostAsync(
            metadata.Token,
            [new("grant_type", "authorization_code"), new("code", code), new("redirect_uri", redirect), new("code_verifier", verifier)],
            config.Client, config.Secret?.Read(), cancel).ConfigureAwait(false);
        return Text(answer, "access_token") is { } access && Text(answer, "id_token") is { } id ? (access, id) : throw new FederationException("tokens-missing");
    }

    public void Dispose() => _http.Dispose();

    private static string? Text(JsonElement answer, string name) =>
        answer.TryGetProperty(name, out JsonElement value) && TokenParts.StringOf(value) is { Length: > 0 and <= TokenParts.LongestToken } text ? text : null;

    private sealed record Known(OidcMetadata Metadata, DateTimeOffset Until);
}
