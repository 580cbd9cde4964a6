using System.Net;
using System.Text;
using System.Text.Json;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;

namespace Sallyport.Proxy.Admin.SignIn;

/// <summary>What a provider's discovery document says (OpenID Connect Discovery 1.0, 3).</summary>
internal sealed record OpenIdMetadata(string Issuer, Uri Authorization, Uri Token);

/// <summary>The provider has no good answer. The message is for the log.</summary>
internal sealed class OpenIdException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>
/// An OpenID Provider, as a client that uses the authorization code flow with PKCE sees it (RFC 6749 4.1, RFC 7636). Answers are bounded,
/// redirects are not followed.
/// </summary>
internal sealed class OpenIdProvider(AdminSignInConfig config, TimeProvider time, System.Net.Security.RemoteCertificateValidationCallback? trust = null) : IDisposable
{
    private const int LargestAnswer = 256 << 10;

    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        SslOptions = new System.Net.Security.SslClientAuthenticationOptions { RemoteCertificateValidationCallback = trust },
    })
    {
        Timeout = TimeSpan.FromSeconds(10),
        MaxResponseContentBufferSize = LargestAnswer,
    };

    private volatile Known? _known;

    /// <summary>The issuer, as its tokens name it.</summary>
    public string Issuer => config.Issuer.OriginalString;

    public string Client => config.Client;

    /// <exception cref="OpenIdException">It cannot be had, or is not this issuer's.</exception>
    public async Task<OpenIdMetadata> MetadataAsync(CancellationToken cancel)
    {
        if (_known is { } known && time.GetUtcNow() < known.Until)
            return known.Metadata;
        using JsonDocument document = await ReadAsync(new HttpRequestMessage(HttpMethod.Get, Issuer.TrimEnd('/') + "/.well-known/openid-configuration"), cancel).ConfigureAwait(false);

        // OpenID Connect Discovery 1.0, 4.3: the issuer MUST be identical.
        if (Text(document, "issuer") != Issuer)
            throw new OpenIdException("the discovery document names another issuer");
        var metadata = new OpenIdMetadata(Issuer, Address(document, "authorization_endpoint"), Address(document, "token_endpoint"));
        _known = new Known(metadata, time.GetUtcNow() + Fresh);
        return metadata;
    }

    /// <summary>Turns a code into tokens (RFC 6749 4.1.3).</summary>
    /// <exception cref="OpenIdException">The provider refuses it.</exception>
    public async Task<(string AccessToken, string IdToken)> ExchangeAsync(string code, string redirect, string verifier, CancellationToken cancel)
    {
        OpenIdMetadata metadata = await MetadataAsync(cancel).ConfigureAwait(false);
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = redirect,
            ["client_id"] = config.Client,
            ["code_verifier"] = verifier,
        };
        if (config.Secret is { } secret)
            form["client_secret"] = secret.Read();
        using JsonDocument answer = await ReadAsync(new HttpRequestMessage(HttpMethod.Post, metadata.Token) { Content = new FormUrlEncodedContent(form) }, cancel).ConfigureAwait(false);
        return Text(answer, "access_token") is { } access && Text(answer, "id_token") is { } id ? (access, id) : throw new OpenIdException("the provider sent no tokens");
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonDocument> ReadAsync(HttpRequestMessage message, CancellationToken cancel)
    {
        using HttpRequestMessage request = message;
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, cancel).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new OpenIdException($"the provider answered {(int)response.StatusCode}");
            string text = await response.Content.ReadAsStringAsync(cancel).ConfigureAwait(false);
            return JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 16 });
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException || (failure is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            throw new OpenIdException("the provider cannot be reached, or does not speak JSON", failure);
        }
    }

    private static Uri Address(JsonDocument document, string name) =>
        Uri.TryCreate(Text(document, name), UriKind.Absolute, out Uri? address) && KeyFetcher.IsAcceptable(address) ? address : throw new OpenIdException($"the discovery document has no good {name}");

    private static string? Text(JsonDocument document, string name) =>
        document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private sealed record Known(OpenIdMetadata Metadata, DateTimeOffset Until);
}
