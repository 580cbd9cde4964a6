using System.Net.Http.Headers;
using System.Text;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;

namespace Sallyport.Proxy.Approvals.Webhooks;

/// <summary>Sends one message. Time and answer are bounded, and no redirect is followed: messages go where the operator said, or nowhere.</summary>
internal sealed class WebhookSender : IDisposable
{
    /// <summary>From connecting to the end of the answer.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>An answer is read so far, bytes, so that the connection can be used again; what it says plays no role.</summary>
    private const int AnswerBytes = 4096;

    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;

    public WebhookSender(TimeProvider time, TimeSpan? timeout = null)
    {
        _time = time;
        _timeout = timeout ?? Timeout;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = 32,
            MaxResponseDrainSize = AnswerBytes,
        })
        { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends it.</summary>
    /// <returns>Null when it was taken; otherwise why not, without any secret.</returns>
    public async Task<string?> SendAsync(WebhookConfig webhook, string body, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        over.CancelAfter(_timeout);
        try
        {
            using HttpRequestMessage request = RequestOf(webhook, body);
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, over.Token).ConfigureAwait(false);
            int status = (int)response.StatusCode;
            return status switch
            {
                >= 200 and < 300 => null,
                >= 300 and < 400 => $"status {status}: redirects are not followed",
                _ => $"status {status}",
            };
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"no answer within {_timeout.TotalSeconds:0} seconds";
        }
        catch (HttpRequestException failure)
        {
            // The message of an exception may hold the address, which may be a secret.
            return $"cannot be reached: {failure.HttpRequestError}";
        }
        catch (IOException unreadable)
        {
            return unreadable.Message;
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage RequestOf(WebhookConfig webhook, string body)
    {
        Uri address = webhook.Url ?? AddressOf(webhook.SecretUrl!);
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(body, Encoding.UTF8) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("sallyport", null));
        if (webhook.Secret is { } secret)
            request.Headers.Add(WebhookSignature.Header, WebhookSignature.Of(secret.Read(), body, _time.GetUtcNow()));
        return request;
    }

    private static Uri AddressOf(SecretReference reference) =>
        Uri.TryCreate(reference.Read(), UriKind.Absolute, out Uri? address) && KeyFetcher.IsAcceptable(address)
            ? address
            : throw new IOException($"{reference} holds no address to send to: https, or http on loopback");
}
