using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>What is to be done now and then: keys whose time has come, and rows whose time is over.</summary>
internal sealed class BrokerUpkeep(IServiceScopeFactory scopes, SigningKeys keys, IStateStore store, TimeProvider time, Log log) : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    /// <summary>OpenIddict's rows are kept this long after they have expired, so that a code used twice is still known.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    private static readonly TimeSpan PrunePeriod = TimeSpan.FromHours(1);

    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private bool _disposed;

    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>One round.</summary>
    public async Task RunOnceAsync(bool prune, CancellationToken cancel)
    {
        await keys.MaintainAsync(cancel).ConfigureAwait(false);
        DateTimeOffset now = time.GetUtcNow();

        // Whatever it was for: strangers make many of them (each begun login at a provider), and nothing that has expired is good for anything.
        await store.WriteAsync((state, token) => state.OneTimes.Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(token), cancel).ConfigureAwait(false);
        if (!prune)
            return;
        await store.WriteAsync((state, token) => state.LogoutSubscriptions.Where(row => state.LoginSessions.Any(login => login.Id == row.LoginSessionId && login.ExpiresAt < now)).ExecuteDeleteAsync(token), cancel).ConfigureAwait(false);
        await store.WriteAsync((state, token) => state.LoginSessions.Where(row => row.ExpiresAt < now - Kept).ExecuteDeleteAsync(token), cancel).ConfigureAwait(false);
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IOpenIddictTokenManager>().PruneAsync(now - Kept, cancel).ConfigureAwait(false);
        await scope.ServiceProvider.GetRequiredService<IOpenIddictAuthorizationManager>().PruneAsync(now - Kept, cancel).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        DateTimeOffset pruned = time.GetUtcNow();
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
        {
            bool prune = time.GetUtcNow() - pruned > PrunePeriod;
            try
            {
                await RunOnceAsync(prune, _stop.Token).ConfigureAwait(false);
                if (prune)
                    pruned = time.GetUtcNow();
            }
            catch (Exception failure) when (!_stop.IsCancellationRequested)
            {
                // The next round tries again; what it should have done is late, and somebody should know.
                log.Warning("broker-upkeep-failed", new LogField("exception", failure.GetType().FullName));
            }
        }
    }
}
