using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals.Webhooks;

/// <summary>
/// Messages on their way. One is written in the same transaction as what it tells of, so that none is told of what did not happen and none is lost
/// with a node. Every node delivers: whoever takes a row first, by moving its next time, sends it. Each webhook has a loop of its own, so that a slow
/// receiver delays nobody else.
/// </summary>
internal sealed class WebhookQueue(
    IReadOnlyList<WebhookConfig> webhooks, IStateStore store, WebhookSender sender, Func<Guid, string?> linkOf, TimeProvider time, Log log, bool sends = true) : IAsyncDisposable
{
    /// <summary>Most messages that wait for one receiver. When it has been away for so long, more are not kept.</summary>
    public const int MostWaiting = 10_000;

    /// <summary>How often a message is sent before it is given up: with <see cref="Wait"/>, for about a day.</summary>
    public const int Attempts = 32;

    /// <summary>Whoever takes a message has so long to send it, before another node takes it: longer than a send can take.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(5);

    /// <summary>How long it can be seen afterwards that a message was sent.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, SemaphoreSlim> _news = webhooks.ToDictionary(w => w.Name, _ => new SemaphoreSlim(0, 1), StringComparer.Ordinal);
    private Task _loops = Task.CompletedTask;

    /// <summary>Nobody is told.</summary>
    public static WebhookQueue None => new([], null!, null!, _ => null, TimeProvider.System, null!);

    /// <summary>How long after the nth attempt the next one comes.</summary>
    public static TimeSpan Wait(int attempts) =>
        attempts > 10 ? LongestWait : TimeSpan.FromTicks(Math.Min(FirstWait.Ticks << (attempts - 1), LongestWait.Ticks));

    /// <summary>Queues a message for everyone who wants it, in the caller's transaction.</summary>
    public async Task AddAsync(StateContext db, Announcement what, DateTimeOffset now, CancellationToken cancel)
    {
        foreach (WebhookConfig webhook in webhooks.Where(w => w.Wants(what.Event)))
        {
            if (await db.Deliveries.CountAsync(d => d.Webhook == webhook.Name && d.DoneAt == null, cancel).ConfigureAwait(false) >= MostWaiting)
            {
                log.Warning("webhook-full", new("webhook", webhook.Name), new("approval", what.Row.Id.ToString()), new("event", what.Event));
                continue;
            }

            var id = Guid.CreateVersion7(now);
            db.Deliveries.Add(new DeliveryRow
            {
                Id = id,
                Webhook = webhook.Name,
                Body = WebhookBodies.Write(webhook.Format, WebhookMessage.Of(webhook, what, linkOf(what.Row.Id), id, now)),
                NextAt = now,
                CreatedAt = now,
            });
        }
    }

    /// <summary>There may be something to send.</summary>
    public void Wake()
    {
        foreach (SemaphoreSlim news in _news.Values)
        {
            lock (news)
            {
                if (news.CurrentCount == 0)
                    news.Release();
            }
        }
    }

    /// <summary>Begins to send, unless others do that.</summary>
    public void Start() => _loops = sends ? Task.WhenAll(webhooks.Select(webhook => Task.Run(() => RunAsync(webhook)))) : Task.CompletedTask;

    /// <summary>Sends what is due for one webhook.</summary>
    /// <returns>How many messages were tried.</returns>
    public async Task<int> DeliverDueAsync(WebhookConfig webhook, CancellationToken cancel)
    {
        int tried = 0;
        while (await TakeAsync(webhook, cancel).ConfigureAwait(false) is { } delivery)
        {
            tried++;
            string? error = await sender.SendAsync(webhook, delivery.Body, cancel).ConfigureAwait(false);

            // What an HTTP client gives back may come on a thread that polls sockets.
            await Task.Yield();
            await SettleAsync(delivery, error, cancel).ConfigureAwait(false);
        }

        return tried;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loops.ConfigureAwait(false);
        _stop.Dispose();
        foreach (SemaphoreSlim news in _news.Values)
            news.Dispose();
        sender?.Dispose();
    }

    private async Task RunAsync(WebhookConfig webhook)
    {
        DateTimeOffset forgot = DateTimeOffset.UnixEpoch;
        try
        {
            while (true)
            {
                try
                {
                    await DeliverDueAsync(webhook, _stop.Token).ConfigureAwait(false);
                    if (time.GetUtcNow() - forgot > LongestWait)
                    {
                        await ForgetAsync(webhook, _stop.Token).ConfigureAwait(false);
                        forgot = time.GetUtcNow();
                    }
                }
                catch (StoreUnavailableException away)
                {
                    log.Warning("webhook-store-away", new("webhook", webhook.Name), new("error", away.Message));
                }
                catch (Exception failure) when (failure is not OutOfMemoryException && !_stop.IsCancellationRequested)
                {
                    // An alarm that nobody hears any more would be worse than a round that failed.
                    log.Error("webhook-round-failed", new("webhook", webhook.Name), new("error", failure.GetType().FullName));
                }

                await _news[webhook.Name].WaitAsync(Poll, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped: what is left is sent when some node runs again.
        }
    }

    /// <summary>Takes the next message that is due; null: none is.</summary>
    private async Task<DeliveryRow?> TakeAsync(WebhookConfig webhook, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset until = now + Lease;
        while (true)
        {
            DeliveryRow? due = await store.ReadAsync(
                (db, stop) => db.Deliveries.AsNoTracking().Where(d => d.Webhook == webhook.Name && d.DoneAt == null && d.NextAt <= now)
                    .OrderBy(d => d.NextAt).FirstOrDefaultAsync(stop),
                cancel).ConfigureAwait(false);
            if (due is null)
                return null;
            int taken = await store.WriteAsync(
                (db, stop) => db.Deliveries.Where(d => d.Id == due.Id && d.DoneAt == null && d.NextAt == due.NextAt && d.Attempts == due.Attempts)
                    .ExecuteUpdateAsync(set => set.SetProperty(d => d.NextAt, until).SetProperty(d => d.Attempts, due.Attempts + 1), stop),
                cancel).ConfigureAwait(false);
            if (taken == 0)
                continue;
            due.Attempts++;
            return due;
        }
    }

    private async Task SettleAsync(DeliveryRow delivery, string? error, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        bool done = error is null || delivery.Attempts >= Attempts;
        DateTimeOffset? doneAt = done ? now : null;
        DateTimeOffset next = now + Wait(delivery.Attempts);
        await store.WriteAsync(
            (db, stop) => db.Deliveries.Where(d => d.Id == delivery.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(d => d.DoneAt, doneAt).SetProperty(d => d.NextAt, next).SetProperty(d => d.LastError, error), stop),
            cancel).ConfigureAwait(false);
        if (error is not null)
            log.Warning(done ? "webhook-given-up" : "webhook-failed", new("webhook", delivery.Webhook), new("delivery", delivery.Id.ToString()), new("attempts", delivery.Attempts), new("error", error));
    }

    private Task<int> ForgetAsync(WebhookConfig webhook, CancellationToken cancel)
    {
        DateTimeOffset before = time.GetUtcNow() - Kept;
        return store.WriteAsync((db, stop) => db.Deliveries.Where(d => d.Webhook == webhook.Name && d.DoneAt < before).ExecuteDeleteAsync(stop), cancel);
    }
}
