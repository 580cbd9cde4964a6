using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>Speaks to providers: bounded in size and time, and no redirect is followed. Answers come back on the thread pool, not on the thread that polls sockets.</summary>
internal sealed class ProviderHttp : IDisposable
{
    /// <summary>Largest answer, bytes: metadata, tokens and claims are far below.</summary>
    private const int LargestAnswer = 512 * 1024;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    private readonly HttpClient _http;

    /// <param name="trust">Accepts certificates that the system does not know; null: only those it knows.</param>
    public ProviderHttp(System.Net.Security.RemoteCertificateValidationCallback? trust = null)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = 32,
        };
        if (trust is not null)
            handler.SslOptions.RemoteCertificateValidationCallback = trust;
        _http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = LargestAnswer };
    }

    /// <summary>A JSON object by GET.</summary>
    public Task<JsonElement> GetAsync(Uri address, string? bearer, CancellationToken cancel)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (bearer is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return SendAsync(request, HttpStatusCode.OK, cancel);
    }

    /// <summary>A JSON object by POST of a form, with the client's own authentication (RFC 6749 2.3.1) when it has a secret.</summary>
    public Task<JsonElement> PostAsync(Uri address, IEnumerable<KeyValuePair<string, string>> form, string clientId, string? secret, CancellationToken cancel)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, address);
        if (secret is not null)
        {
            string pair = $"{FormEncode(clientId)}:{FormEncode(secret)}";
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(pair)));
        }
        else
        {
            form = form.Append(new("client_id", clientId));
        }

        request.Content = new FormUrlEncodedContent(form);
        return SendAsync(request, HttpStatusCode.OK, cancel);
    }

    public void Dispose() => _http.Dispose();

    private static string FormEncode(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);

    private async Task<JsonElement> SendAsync(HttpRequestMessage request, HttpStatusCode good, CancellationToken cancel)
    {
        try
        {
            using HttpRequestMessage sent = request;
            sent.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            using HttpResponseMessage response = await _http.SendAsync(sent, cancel).ConfigureAwait(false);
            byte[] body = await response.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);

            // What follows may block: it must not do so on the thread that polls sockets.
            await Task.Yield();
            using JsonDocument json = response.StatusCode == good ? JsonDocument.Parse(body, Strict) : throw Refused(response.StatusCode, body);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone() : throw new FederationException("provider-malformed");
        }
        catch (JsonException malformed)
        {
            throw new FederationException("provider-malformed", malformed);
        }
        catch (HttpRequestException unreachable)
        {
            throw new FederationException("provider-unreachable", unreachable);
        }
        catch (TaskCanceledException late) when (!cancel.IsCancellationRequested)
        {
            throw new FederationException("provider-unreachable", late);
        }
    }

    /// <summary>RFC 6749 5.2: <c>invalid_grant</c> means that what was presented is no longer good, which is an answer; all else is a failure.</summary>
    private static FederationException Refused(HttpStatusCode status, byte[] body)
    {
        if (status is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized && body.AsSpan().IndexOf("\"invalid_grant\""u8) >= 0)
            return new FederationException("grant-refused");
        return new FederationException(status == HttpStatusCode.Unauthorized ? "provider-unauthorized" : $"provider-status-{(int)status}");
    }
}
