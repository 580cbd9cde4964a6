using System.Net;
using System.Text.Json;

namespace Sallyport.Proxy.Identity;

/// <summary>
/// Fetches an issuer's keys over HTTPS, by OpenID Connect Discovery 1.0 or directly. The answer's size and time are bounded and
/// no redirect is followed: an issuer's keys are where the operator said, or nowhere.
/// </summary>
internal sealed class KeyFetcher : IDisposable
{
    private const string WellKnown = "/.well-known/openid-configuration";

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxResponseHeadersLength = 32,
    })
    {
        Timeout = TimeSpan.FromSeconds(10),
        MaxResponseContentBufferSize = KeySet.LargestDocument,
    };

    /// <summary>True for https anywhere and for http on this machine: whoever can change the keys on the way can be anyone.</summary>
    public static bool IsAcceptable(Uri address) =>
        address.IsAbsoluteUri && address.UserInfo.Length == 0
        && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && IsLoopback(address)));

    /// <summary>Fetches the issuer's metadata, then the keys it points to.</summary>
    /// <param name="issuer">The issuer exactly as its tokens name it.</param>
    /// <param name="metadata">Its base address, or its metadata document's.</param>
    public async Task<KeySet> DiscoverAsync(string issuer, Uri metadata, CancellationToken cancel)
    {
        string address = metadata.AbsoluteUri;
        if (!address.EndsWith(WellKnown, StringComparison.Ordinal))
            address = address.TrimEnd('/') + WellKnown;
        (string? named, string? keys) = Read(await GetAsync(new Uri(address), cancel).ConfigureAwait(false));

        // OpenID Connect Discovery 1.0, 4.3: the issuer MUST be identical, or one issuer could serve keys for another's tokens.
        if (named != issuer)
            throw new FormatException("the metadata names another issuer");
        if (!Uri.TryCreate(keys, UriKind.Absolute, out Uri? found) || !IsAcceptable(found))
            throw new FormatException("the metadata has no acceptable jwks_uri (https, or http on loopback)");
        return await FetchAsync(found, cancel).ConfigureAwait(false);
    }

    /// <summary>Fetches the keys.</summary>
    public async Task<KeySet> FetchAsync(Uri keys, CancellationToken cancel) =>
        KeySet.Parse(await GetAsync(keys, cancel).ConfigureAwait(false));

    public void Dispose() => _http.Dispose();

    private static bool IsLoopback(Uri address) =>
        address.Host == "localhost" || (IPAddress.TryParse(address.IdnHost, out IPAddress? ip) && IPAddress.IsLoopback(ip));

    private async Task<string> GetAsync(Uri address, CancellationToken cancel)
    {
        using HttpResponseMessage response = await _http.GetAsync(address, cancel).ConfigureAwait(false);
        return response.StatusCode == HttpStatusCode.OK
            ? await response.Content.ReadAsStringAsync(cancel).ConfigureAwait(false)
            : throw new HttpRequestException($"status {(int)response.StatusCode}", null, response.StatusCode);
    }

    private static (string? Issuer, string? Keys) Read(string metadata)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(metadata, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? (TokenParts.Text(json.RootElement, "issuer"), TokenParts.Text(json.RootElement, "jwks_uri"))
                : (null, null);
        }
        catch (JsonException malformed)
        {
            throw new FormatException("the metadata is not JSON", malformed);
        }
    }
}
