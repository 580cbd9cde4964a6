using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Cluster;

/// <summary>An event may be a revocation: none is lost because something failed for a moment.</summary>
public sealed class AdversaryLostEventTests
{
    [Fact]
    public async Task A_handler_that_failed_looks_at_everything_again_until_it_could()
    {
        using var logs = new Logs();
        var again = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int calls = 0;
        using var subscription = new Subscription(ClusterEvents.Revoked, (news, _) =>
        {
            if (Interlocked.Increment(ref calls) <= 2)
                throw new StoreUnavailableException("busy for a moment");
            if (news is null)
                again.TrySetResult();
            return Task.CompletedTask;
        }, _ => { }, logs.Log);
        Task handled = subscription.Post(new ClusterEvent(ClusterEvents.Revoked, "{}", "b"));
        await again.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await handled.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task What_is_no_longer_wanted_is_not_tried_for_ever()
    {
        using var logs = new Logs();
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var subscription = new Subscription(ClusterEvents.Revoked, (_, _) =>
        {
            failed.TrySetResult();
            throw new StoreUnavailableException("gone for good");
        }, _ => { }, logs.Log);
        Task handled = subscription.Post(new ClusterEvent(ClusterEvents.Revoked, "{}", "b"));
        await failed.Task.WaitAsync(TimeSpan.FromSeconds(30));
        subscription.Dispose();
        await handled.WaitAsync(TimeSpan.FromSeconds(30));
        await subscription.Done.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_node_goes_on_to_hear_whatever_its_store_once_said()
    {
        using var logs = new Logs();
        await using TestState state = await TestState.OpenAsync();
        var store = new OddStore(state.Store);
        await using ClusterBus bus = await ClusterBus.OpenAsync("a", store, TimeProvider.System, logs.Log, default);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable subscription = bus.Subscribe("test", (news, _) =>
        {
            if (news is { Payload: "{\"late\":1}" })
                told.TrySetResult();
            return Task.CompletedTask;
        });
        store.Odd = true;
        bus.Wake();
        await store.Failed.Task.WaitAsync(TimeSpan.FromSeconds(30));
        store.Odd = false;
        await bus.PublishAsync("test", "{\"late\":1}", default);
        await told.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Fails in a way that nobody has thought of.</summary>
    private sealed class OddStore(IStateStore inner) : IStateStore
    {
        private volatile bool _odd;

        public bool Odd
        {
            get => _odd;
            set => _odd = value;
        }

        public TaskCompletionSource Failed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public DateTimeOffset? LostAt => inner.LostAt;

        public bool IsReachable => inner.IsReachable;

        public Task<T> ReadAsync<T>(Func<StateContext, CancellationToken, Task<T>> read, CancellationToken cancel)
        {
            if (!Odd)
                return inner.ReadAsync(read, cancel);
            Failed.TrySetResult();
            throw new InvalidOperationException("a database said something new");
        }

        public Task<T> WriteAsync<T>(Func<StateContext, CancellationToken, Task<T>> write, CancellationToken cancel) => inner.WriteAsync(write, cancel);
    }
}
