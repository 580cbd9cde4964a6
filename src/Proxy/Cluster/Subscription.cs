using System.Threading.Channels;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Cluster;

/// <summary>One handler and its events, one at a time.</summary>
internal sealed class Subscription : IDisposable
{
    /// <summary>Events waiting for a handler. When it is slower, it is told to look at everything again instead.</summary>
    private const int Longest = 4096;

    /// <summary>After a handler failed it looks at everything again: at first soon, …</summary>
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(250);

    /// <summary>… then this often at least.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private static readonly AsyncLocal<bool> Handling = new();

    private readonly Channel<Item> _items = Channel.CreateBounded<Item>(new BoundedChannelOptions(Longest) { SingleReader = true });
    private readonly Func<ClusterEvent?, CancellationToken, Task> _handle;
    private readonly Action<Subscription> _gone;
    private readonly Log _log;
    private readonly CancellationTokenSource _stop = new();
    private int _disposed;
    private bool _overflowed;

    public Subscription(string kind, Func<ClusterEvent?, CancellationToken, Task> handle, Action<Subscription> gone, Log log)
    {
        Kind = kind;
        _handle = handle;
        _gone = gone;
        _log = log;
        Done = Task.Run(RunAsync);
    }

    /// <summary>True where a handler is running: waiting there for handlers would be waiting for itself.</summary>
    public static bool InHandler => Handling.Value;

    public string Kind { get; }

    /// <summary>Completes after <see cref="Dispose"/>.</summary>
    public Task Done { get; }

    /// <summary>Queues an event. The caller sees to it that only one does so at a time.</summary>
    /// <returns>Completes when it has been handled.</returns>
    public Task Post(ClusterEvent? news)
    {
        var item = new Item(_overflowed ? null : news);
        if (_items.Writer.TryWrite(item))
        {
            // Everything is looked at again once there is room: what was dropped is in that.
            _overflowed = false;
            return item.Handled.Task;
        }

        _overflowed = true;
        return Task.CompletedTask;
    }

    /// <summary>No more events; the handler that runs is cancelled.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _gone(this);
        _items.Writer.TryComplete();
        _stop.Cancel();
    }

    private async Task RunAsync()
    {
        Handling.Value = true;
        await foreach (Item item in _items.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            await HandleAsync(item.News).ConfigureAwait(false);
            item.Handled.SetResult();
        }

        _stop.Dispose();
    }

    /// <summary>
    /// An event that could not be handled (a store that is busy for a moment is enough) must not be lost: it may be a revocation. The handler is told to
    /// look at everything instead, until it could. What comes meanwhile waits.
    /// </summary>
    private async Task HandleAsync(ClusterEvent? news)
    {
        for (TimeSpan wait = FirstWait; !await TryHandleAsync(news).ConfigureAwait(false); wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            news = null;
            await Task.Delay(wait, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>True: it was handled, or nobody wants it any more.</returns>
    private async Task<bool> TryHandleAsync(ClusterEvent? news)
    {
        if (_stop.IsCancellationRequested)
            return true;
        try
        {
            // A handler may end on a polling thread; the next begins on the pool.
            await Task.Yield();
            await _handle(news, _stop.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // The others must hear of theirs.
            _log.Error("cluster-event-failed", new("kind", Kind), new("error", failure.GetType().Name), new("detail", failure.Message));
            return false;
        }
    }

    private sealed record Item(ClusterEvent? News)
    {
        public TaskCompletionSource Handled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
