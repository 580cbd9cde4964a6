using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.ServerSentEvents;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Sallyport.Proxy.Admin;

namespace Sallyport.Proxy.Cli.Admin;

/// <summary>The admin API refused, or could not be reached.</summary>
internal sealed class AdminClientException(string message, HttpStatusCode? status = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What the server answered; null: nothing.</summary>
    public HttpStatusCode? Status => status;
}

/// <summary>The command line's side of the admin API.</summary>
internal sealed class AdminClient : IDisposable
{
    private const int LargestProblem = 64 << 10;

    private readonly HttpClient _http;

    /// <param name="url">Where the admin API is; a token is sent to no other place, so redirects are not followed.</param>
    /// <param name="token">A secret; null: without one.</param>
    /// <param name="authorities">Roots to trust instead of the system's; null: the system's.</param>
    public AdminClient(Uri url, string? token, X509Certificate2Collection? authorities = null)
    {
        if (url.Scheme != Uri.UriSchemeHttps && !url.IsLoopback)
            throw new AdminClientException($"{url}: a token is not sent unencrypted to another machine: use https.");
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(15) };
        if (authorities is not null)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        _http = new HttpClient(handler) { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
        if (token is not null)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>A path with its values escaped: <c>Path($"/v1/sessions/{id}?reason={reason}")</c>.</summary>
    public static string Path(FormattableString path) =>
        string.Format(null, path.Format, [.. path.GetArguments().Select(value => Uri.EscapeDataString(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? ""))]);

    /// <summary>A path with those of the parameters that are not null.</summary>
    public static string Query(string path, params ReadOnlySpan<(string Name, object? Value)> query)
    {
        var text = new StringBuilder(path);
        foreach ((string name, object? value) in query)
        {
            if (value is not null)
                text.Append(path.Length == text.Length ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(Text(value)));
        }

        return text.ToString();
    }

    /// <summary>Gets something.</summary>
    /// <exception cref="AdminClientException">It is refused, or the server cannot be reached.</exception>
    public Task<T> GetAsync<T>(string path, CancellationToken cancel) => SendAsync<T>(HttpMethod.Get, path, null, cancel);

    /// <summary>Sends something and gets the answer.</summary>
    /// <exception cref="AdminClientException">It is refused, or the server cannot be reached.</exception>
    public async Task<T> SendAsync<T>(HttpMethod method, string path, object? body, CancellationToken cancel)
    {
        using HttpResponseMessage response = await RequestAsync(method, path, body, cancel).ConfigureAwait(false);
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(AdminJson.Lenient, cancel).ConfigureAwait(false)
                ?? throw new AdminClientException($"{path}: the answer is empty.");
        }
        catch (JsonException wrong)
        {
            throw new AdminClientException($"{path}: this is not an answer of the admin API ({wrong.Message}).", response.StatusCode, wrong);
        }
    }

    /// <summary>Every item of a list, page after page, but no more than <paramref name="most"/>.</summary>
    /// <param name="path">With its query, without <c>after</c>.</param>
    public async Task<List<T>> ListAsync<T>(string path, int most, CancellationToken cancel)
    {
        List<T> items = [];
        string next = "";
        while (true)
        {
            string separator = path.Contains('?', StringComparison.Ordinal) ? "&" : "?";
            Page<T> page = await GetAsync<Page<T>>(next.Length == 0 ? path : $"{path}{separator}after={Uri.EscapeDataString(next)}", cancel).ConfigureAwait(false);
            items.AddRange(page.Items.Take(most - items.Count));
            if (page.Next is null || items.Count >= most)
                return items;
            next = page.Next;
        }
    }

    /// <summary>Listens to server-sent events until the server ends them.</summary>
    public async IAsyncEnumerable<SseItem<string>> FollowAsync(string path, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        using HttpResponseMessage response = await RequestAsync(HttpMethod.Get, path, null, cancel).ConfigureAwait(false);
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync(cancel).ConfigureAwait(false))
            yield return item;
    }

    /// <summary>Copies an answer to a stream as it comes.</summary>
    public async Task DownloadAsync(string path, Stream output, CancellationToken cancel)
    {
        using HttpResponseMessage response = await RequestAsync(HttpMethod.Get, path, null, cancel).ConfigureAwait(false);
        await response.Content.CopyToAsync(output, cancel).ConfigureAwait(false);
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> RequestAsync(HttpMethod method, string path, object? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = JsonContent.Create(body, body.GetType(), options: AdminJson.Options);
        try
        {
            HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
                return response;
            using (response)
                throw await RefusedAsync(response, cancel).ConfigureAwait(false);
        }
        catch (HttpRequestException unreachable)
        {
            throw new AdminClientException($"{_http.BaseAddress}: {unreachable.InnerException?.Message ?? unreachable.Message}", null, unreachable);
        }
    }

    private static async Task<AdminClientException> RefusedAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json" || response.Content.Headers.ContentLength > LargestProblem)
            return new AdminClientException($"the server answered {(int)response.StatusCode} {response.ReasonPhrase}", response.StatusCode);
        AdminProblemJson? problem = await response.Content.ReadFromJsonAsync<AdminProblemJson>(AdminJson.Lenient, cancel).ConfigureAwait(false);
        string more = string.Concat((problem?.More ?? []).Select(pair => $"\n  {pair.Key}: {pair.Value}"));
        return new AdminClientException($"{problem?.Detail}{(problem?.Next is { } next ? " " + next : "")}{more}", response.StatusCode);
    }

    private static string Text(object value) => value switch
    {
        DateTimeOffset time => time.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? "",
    };
}
