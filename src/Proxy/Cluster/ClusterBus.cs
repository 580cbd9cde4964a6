using System.Text;
using System.Threading.Channels;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Cluster;

/// <summary>
/// Events by way of the store. One loop reads what is new, each second and whenever somebody says there is something (<see cref="Wake"/>: PostgreSQL's
/// notifications, and this node's own events), so a notification that is lost costs a second and no event. One node and many go the same way.
/// </summary>
internal sealed class ClusterBus : ICluster, IAsyncDisposable
{
    /// <summary>Longest payload, UTF-8 bytes.</summary>
    private const int LongestPayload = 4096;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long events stay. Whoever was away longer looks at everything again.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    /// <summary>How long a publisher waits for this node's handlers.</summary>
    private static readonly TimeSpan HearingTime = TimeSpan.FromSeconds(5);

    private readonly EventLog _events;
    private readonly IStateStore _store;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly EventWindow _window = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<long, TaskCompletionSource<Task>> _awaited = [];
    private readonly List<Subscription> _subscriptions = [];
    private DateTimeOffset _read;
    private DateTimeOffset _trimmed;
    private bool _missed;
    private Task _reading = Task.CompletedTask;

    private ClusterBus(string node, IStateStore store, TimeProvider time, Log log)
    {
        Node = node;
        _store = store;
        _events = new EventLog(store);
        _time = time;
        _log = log;
        _read = _trimmed = time.GetUtcNow();
    }

    public string Node { get; }

    /// <summary>Begins to listen: what is published from now on is heard.</summary>
    public static async Task<ClusterBus> OpenAsync(string node, IStateStore store, TimeProvider time, Log log, CancellationToken cancel)
    {
        var bus = new ClusterBus(node, store, time, log);
        bus._window.Begin(await bus._events.RecentAsync(cancel).ConfigureAwait(false), time.GetUtcNow());
        bus._reading = Task.Run(bus.ReadAsync, CancellationToken.None);
        return bus;
    }

    /// <summary>There may be something new.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    public async Task PublishAsync(string kind, string payload, CancellationToken cancel)
    {
        if (Encoding.UTF8.GetByteCount(payload) > LongestPayload)
            throw new ArgumentException($"A payload has at most {LongestPayload} bytes.", nameof(payload));
        var news = new ClusterEvent(kind, payload, Node);
        List<long> written = [];
        try
        {
            Task<Task> heard = await _store.WriteAsync(
                async (db, token) =>
                {
                    ClusterEventRow row = await EventLog.AppendAsync(db, news, _time.GetUtcNow(), token).ConfigureAwait(false);
                    written.Add(row.Sequence);
                    return Expect(row.Sequence);
                },
                cancel).ConfigureAwait(false);
            Wake();
            if (!Subscription.InHandler)
                await HeardAsync(heard, cancel).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
                written.ForEach(sequence => _awaited.Remove(sequence));
        }
    }

    public IDisposable Subscribe(string kind, Func<ClusterEvent?, CancellationToken, Task> handle)
    {
        var subscription = new Subscription(kind, handle, Remove, _log);
        lock (_gate)
            _subscriptions.Add(subscription);
        return subscription;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
        Subscription[] left;
        lock (_gate)
            left = [.. _subscriptions];
        foreach (Subscription subscription in left)
        {
            subscription.Dispose();
            await subscription.Done.ConfigureAwait(false);
        }

        _stop.Dispose();
    }

    private void Remove(Subscription subscription)
    {
        lock (_gate)
            _subscriptions.Remove(subscription);
    }

    /// <summary>Called before the event can be read by anybody, so that it cannot be missed.</summary>
    private Task<Task> Expect(long sequence)
    {
        lock (_gate)
            return (_awaited[sequence] = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
    }

    /// <summary>Waits until this node's handlers are through with an event. If they take too long it is published all the same.</summary>
    private async Task HeardAsync(Task<Task> heard, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel, _stop.Token);
        over.CancelAfter(HearingTime);
        await heard.Unwrap().WaitAsync(over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancel.ThrowIfCancellationRequested();
    }

    private async Task ReadAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ReadNewAsync().ConfigureAwait(false);
                await TrimAsync().ConfigureAwait(false);
            }
            catch (StoreUnavailableException)
            {
                // The store's own log line says why. Afterwards nobody knows what was missed.
                _missed = true;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                // Whatever it is: a node that hears nothing any more would let in whom the others have revoked.
                _missed = true;
                _log.Error("cluster-not-read", new("error", failure.GetType().Name), new("detail", failure.Message));
            }

            using var tick = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            tick.CancelAfter(Interval);
            await ((Task)_wake.Reader.WaitToReadAsync(tick.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _wake.Reader.TryRead(out _);
        }
    }

    private async Task ReadNewAsync()
    {
        int count;
        do
        {
            List<ClusterEventRow> rows = await _events.AfterAsync(_window.Last, _window.Missing, _stop.Token).ConfigureAwait(false);
            DateTimeOffset now = _time.GetUtcNow();

            // Also after the process itself was away (a suspended machine): what it slept through may be gone.
            if (_missed || now - _read > Kept / 2)
                LookAgain();
            _missed = false;
            _read = now;
            foreach (ClusterEventRow row in rows)
            {
                if (_window.Take(row.Sequence, now))
                    Deliver(row);
            }

            _window.Forget(now);
            count = rows.Count;
        }
        while (count == EventLog.Page);
    }

    private void Deliver(ClusterEventRow row)
    {
        var news = new ClusterEvent(row.Kind, row.Payload, row.Node);
        lock (_gate)
        {
            Task handled = Task.WhenAll(_subscriptions.Where(s => s.Kind == row.Kind).Select(s => s.Post(news)));
            if (_awaited.TryGetValue(row.Sequence, out TaskCompletionSource<Task>? heard))
                heard.TrySetResult(handled);
        }
    }

    private void LookAgain()
    {
        lock (_gate)
            _subscriptions.ForEach(s => s.Post(null));
    }

    private async Task TrimAsync()
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (now - _trimmed < Kept / 10)
            return;
        _trimmed = now;
        await _events.TrimAsync(now - Kept, _stop.Token).ConfigureAwait(false);
    }
}
