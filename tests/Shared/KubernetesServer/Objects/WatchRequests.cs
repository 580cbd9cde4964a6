using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sallyport.Shared.KubernetesServer.Requests;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>Watches (Kubernetes API concepts, "Efficient detection of changes"): one JSON object per event, each sent as soon as it happens.</summary>
internal sealed class WatchRequests(ObjectStore store)
{
    // kube-apiserver sends a bookmark about once a minute; tests have less time.
    private static readonly TimeSpan BookmarkEvery = TimeSpan.FromSeconds(1);

    /// <summary>Answers until the client goes, the time it asked for is over, or the server stops.</summary>
    public async Task HandleAsync(HttpContext context, ApiRequest request, ResourceKind kind, AnswerForm form, string? alsoFields = null)
    {
        IQueryCollection query = context.Request.Query;
        string fields = string.Join(',', ((string?[])[query["fieldSelector"], alsoFields]).Where(f => !string.IsNullOrEmpty(f)));
        Func<JsonObject, bool> selects = Selectors.Parse(query["labelSelector"], fields);
        bool bookmarks = ApiRequest.IsTrue(query["allowWatchBookmarks"]);
        long from = long.TryParse(query["resourceVersion"], CultureInfo.InvariantCulture, out long asked) ? asked : 0;

        using var time = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        if (int.TryParse(query["timeoutSeconds"], CultureInfo.InvariantCulture, out int seconds) && seconds > 0)
            time.CancelAfter(TimeSpan.FromSeconds(seconds));

        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-cache, private";
        await context.Response.StartAsync(context.RequestAborted);
        // The head leaves at once, whether something has happened yet or not.
        await context.Response.Body.FlushAsync(context.RequestAborted);
        var sender = new Sender(context, kind, form, query["includeObject"]);
        try
        {
            if (from == 0)
            {
                // From nowhere in particular: all there is, then what happens.
                (IReadOnlyList<JsonObject> all, from) = store.List(kind.Key, request.Namespace);
                foreach (JsonObject value in all.Where(selects))
                    await sender.SendAsync("ADDED", value, time.Token);
                if (query["sendInitialEvents"] == "true" && bookmarks)
                    await sender.BookmarkAsync(from, initial: true, time.Token);
            }

            await FollowAsync(sender, request, kind, selects, bookmarks, from, time.Token);
        }
        catch (ApiException expired)
        {
            await sender.SendRawAsync("ERROR", expired.Status(), time.Token);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // The time the client gave the watch is over: the answer ends.
        }
    }

    private async Task FollowAsync(Sender sender, ApiRequest request, ResourceKind kind, Func<JsonObject, bool> selects, bool bookmarks, long from, CancellationToken cancellationToken)
    {
        long said = from;
        while (true)
        {
            Task changed = store.Changed;
            foreach (ObjectEvent happened in store.Since(from))
            {
                from = happened.Revision;
                if (happened.Kind != kind.Key || (request.Namespace is not null && request.Namespace != happened.Space))
                    continue;
                // What a selector no longer selects is gone, to its watcher.
                bool was = happened.Before is not null && selects(happened.Before);
                bool now = !happened.Deleted && selects(happened.After);
                string? type = (was, now) switch { (false, true) => "ADDED", (true, true) => "MODIFIED", (true, false) => "DELETED", _ => null };
                if (type is null)
                    continue;
                await sender.SendAsync(type, happened.After, cancellationToken);
                said = from;
            }

            try
            {
                await changed.WaitAsync(bookmarks && said < store.Revision ? BookmarkEvery : Timeout.InfiniteTimeSpan, cancellationToken);
            }
            catch (TimeoutException)
            {
                await sender.BookmarkAsync(from, initial: false, cancellationToken);
                said = store.Revision;
            }
        }
    }

    private sealed class Sender(HttpContext context, ResourceKind kind, AnswerForm form, string? include)
    {
        private bool _heads = true;

        public Task SendAsync(string type, JsonObject value, CancellationToken cancellationToken)
        {
            JsonObject shown = form.As switch
            {
                "Table" => TableColumns.Render(kind, [value], new JsonObject { ["resourceVersion"] = value.Text("metadata.resourceVersion") }, include, _heads),
                "PartialObjectMetadata" or "PartialObjectMetadataList" => TableColumns.Partial(value),
                _ => value,
            };
            _heads = false;
            return SendRawAsync(type, shown, cancellationToken);
        }

        public Task BookmarkAsync(long revision, bool initial, CancellationToken cancellationToken)
        {
            var metadata = new JsonObject { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture), ["creationTimestamp"] = null };
            if (initial)
                metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
            var mark = new JsonObject { ["kind"] = kind.Kind, ["apiVersion"] = kind.ApiVersion, ["metadata"] = metadata };
            return form.As == "Table" ? SendRawAsync("BOOKMARK", TableColumns.Render(kind, [mark], new JsonObject { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture) }, include, _heads), cancellationToken)
                : SendRawAsync("BOOKMARK", mark, cancellationToken);
        }

        public async Task SendRawAsync(string type, JsonObject value, CancellationToken cancellationToken)
        {
            var line = new JsonObject { ["type"] = type, ["object"] = value };
            await context.Response.Body.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(line, Bodies.Relaxed), (byte)'\n'], cancellationToken);
            await context.Response.Body.FlushAsync(cancellationToken);
        }
    }
}
