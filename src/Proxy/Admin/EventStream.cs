using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Sallyport.Proxy.Admin;

/// <summary>Server-sent events. The answer begins at once, so that a client knows that it was let in before anything happens.</summary>
internal sealed class EventStream<T>(IAsyncEnumerable<SseItem<T>> events) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        HttpResponse response = httpContext.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache,no-store";
        await response.Body.FlushAsync(httpContext.RequestAborted).ConfigureAwait(false);
        await SseFormatter.WriteAsync(
            events,
            response.Body,
            static (item, output) =>
            {
                using var json = new Utf8JsonWriter(output);
                JsonSerializer.Serialize(json, item.Data, item.Data?.GetType() ?? typeof(T), AdminJson.Options);
            },
            httpContext.RequestAborted).ConfigureAwait(false);
    }
}
