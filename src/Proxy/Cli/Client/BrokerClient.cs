using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;

namespace Sallyport.Proxy.Cli.Client;

/// <summary>Where a broker's endpoints are (OpenID Connect Discovery 1.0, RFC 8414).</summary>
internal sealed record BrokerMetadata(string Issuer, Uri Token, Uri? Authorization, Uri? Device, Uri? Revocation, bool NamesItself);

/// <summary>What the token endpoint answered.</summary>
/// <param name="Error">A word of RFC 6749 5.2 or RFC 8628 3.5; null: none.</param>
internal sealed record TokenAnswer(string? AccessToken, TimeSpan Lifetime, string? RefreshToken, string? IdToken, string? Error, string? Description)
{
    /// <summary>Without the tokens.</summary>
    public override string ToString() => Error is null ? "tokens" : $"{Error}: {Description}";
}

/// <summary>The client's side of the broker: HTTP with bounds, no redirects, and no belief in what it did not ask for.</summary>
internal sealed class BrokerClient : IDisposable
{
    /// <summary>The command line, as the broker knows it: a public client (RFC 8252 8.4), so it has no secret.</summary>
    public const string ClientId = "sallyport-cli";

    private const int LargestAnswer = 256 * 1024;
    private const string WellKnown = "/.well-known/openid-configuration";

    private readonly HttpClient _http;

    /// <param name="authorities">Roots to trust instead of the system's; null: the system's.</param>
    public BrokerClient(X509Certificate2Collection? authorities)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(15), MaxResponseHeadersLength = 64 };
        if (authorities is not null)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        _http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30), MaxResponseContentBufferSize = LargestAnswer };
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
    }

    /// <summary>The issuer that people mean who name the broker by its address alone: the issuer is at a path of it.</summary>
    public static string IssuerAt(Uri broker) => (broker.AbsolutePath == "/" ? new Uri(broker, BrokerConfig.IssuerPath) : broker).AbsoluteUri;

    /// <summary>Finds out where things are.</summary>
    /// <exception cref="ClientException">It cannot be reached, or is no broker.</exception>
    public async Task<BrokerMetadata> DiscoverAsync(Uri broker, CancellationToken cancel)
    {
        if (!KeyFetcher.IsAcceptable(broker))
            throw new ClientException($"{broker}: a login is not sent unencrypted to another machine: use https.");

        string address = IssuerAt(broker);
        using JsonDocument json = await SendAsync(new HttpRequestMessage(HttpMethod.Get, address + WellKnown), cancel).ConfigureAwait(false);
        JsonElement root = json.RootElement;
        string issuer = TokenParts.Text(root, "issuer") ?? "";

        // Discovery 4.3: whoever is asked must be whoever answers.
        if (issuer != address)
            throw new ClientException($"{broker} says that it is \"{Safe(issuer)}\": is the address right?");
        return new BrokerMetadata(
            issuer,
            Endpoint(root, "token_endpoint") ?? throw new ClientException($"{broker} names no token endpoint."),
            Endpoint(root, "authorization_endpoint"),
            Endpoint(root, "device_authorization_endpoint"),
            Endpoint(root, "revocation_endpoint"),
            root.TryGetProperty("authorization_response_iss_parameter_supported", out JsonElement names) && names.ValueKind == JsonValueKind.True);
    }

    /// <summary>Asks the token endpoint. A refusal is an answer.</summary>
    /// <exception cref="ClientException">It cannot be reached, or makes no sense.</exception>
    public async Task<TokenAnswer> TokenAsync(BrokerMetadata broker, IEnumerable<KeyValuePair<string, string>> form, CancellationToken cancel)
    {
        using JsonDocument json = await PostAsync(broker.Token, form, cancel).ConfigureAwait(false);
        JsonElement root = json.RootElement;
        string? error = TokenParts.Text(root, "error");
        string? access = LongText(root, "access_token");
        if (error is null && (access is null || !string.Equals(TokenParts.Text(root, "token_type"), "Bearer", StringComparison.OrdinalIgnoreCase)))
            throw new ClientException($"{broker.Token} answered neither a token nor a refusal.");
        double seconds = root.TryGetProperty("expires_in", out JsonElement expires) && expires.ValueKind == JsonValueKind.Number && expires.TryGetDouble(out double value) ? value : 60;
        return new TokenAnswer(
            access, TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 86_400)), LongText(root, "refresh_token"), LongText(root, "id_token"),
            error, TokenParts.Text(root, "error_description") is { } description ? Safe(description) : null);
    }

    /// <summary>Posts a form and returns the JSON answer, whatever its status.</summary>
    /// <exception cref="ClientException">It cannot be reached, or the answer is no JSON object.</exception>
    public Task<JsonDocument> PostAsync(Uri address, IEnumerable<KeyValuePair<string, string>> form, CancellationToken cancel) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, address) { Content = new FormUrlEncodedContent(form.Append(new("client_id", ClientId))) }, cancel);

    /// <summary>Tells the broker that a refresh token is not needed any more (RFC 7009).</summary>
    /// <exception cref="ClientException">It cannot be reached, or refuses.</exception>
    public async Task RevokeAsync(Uri address, string refreshToken, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new FormUrlEncodedContent([new("token", refreshToken), new("token_type_hint", "refresh_token"), new("client_id", ClientId)]),
        };
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, cancel).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                throw new ClientException($"{address} answered {(int)response.StatusCode}.");
        }
        catch (HttpRequestException unreachable)
        {
            throw new ClientException($"{address} cannot be reached: {unreachable.Message}", unreachable);
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>What a server wrote, for a terminal.</summary>
    public static string Safe(string text) => Admin.AdminOutput.Safe(text);

    private async Task<JsonDocument> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        using (request)
        {
            try
            {
                using HttpResponseMessage response = await _http.SendAsync(request, cancel).ConfigureAwait(false);
                if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
                    throw new ClientException($"{request.RequestUri} answered {(int)response.StatusCode}.");
                var json = JsonDocument.Parse(
                    await response.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false), new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 32 });
                if (json.RootElement.ValueKind == JsonValueKind.Object)
                    return json;
                json.Dispose();
                throw new ClientException($"{request.RequestUri} did not answer with a JSON object: is it a broker?");
            }
            catch (JsonException wrong)
            {
                throw new ClientException($"{request.RequestUri} did not answer with JSON: is it a broker?", wrong);
            }
            catch (HttpRequestException unreachable)
            {
                throw new ClientException($"{request.RequestUri} cannot be reached: {unreachable.InnerException?.Message ?? unreachable.Message}", unreachable);
            }
            catch (TaskCanceledException late) when (!cancel.IsCancellationRequested)
            {
                throw new ClientException($"{request.RequestUri} does not answer.", late);
            }
        }
    }

    private static Uri? Endpoint(JsonElement root, string name)
    {
        if (LongText(root, name) is not { } text)
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && KeyFetcher.IsAcceptable(address)
            ? address
            : throw new ClientException($"The broker's {name} is not https: \"{Safe(text)}\".");
    }

    /// <summary>Tokens are longer than names.</summary>
    private static string? LongText(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && TokenParts.StringOf(value) is { Length: > 0 and <= TokenParts.LongestToken } text ? text : null;
}
