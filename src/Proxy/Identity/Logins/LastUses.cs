using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>When credentials were last used, written in batches: a login waits for no write.</summary>
internal sealed class LastUses : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    /// <summary>Most credentials noted between two writes; one more is not.</summary>
    private const int Most = 64 * 1024;

    private readonly IStateStore _store;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<(Guid Id, UsedKind Kind), Use> _uses = new();
    private Task _loop = Task.CompletedTask;

    public LastUses(IStateStore store, TimeProvider time, Log log)
    {
        _store = store;
        _time = time;
        _log = log;
    }

    public void Start() => _loop = RunAsync();

    /// <summary>An API token was used.</summary>
    public void ApiToken(Guid id, string source) => Note((id, UsedKind.ApiToken), source);

    /// <summary>An issued password was used.</summary>
    public void Issued(Guid id, string source) => Note((id, UsedKind.Issued), source);

    /// <summary>A registered key was used.</summary>
    public void Key(Guid id, string source) => Note((id, UsedKind.Key), source);

    /// <summary>Writes what was noted.</summary>
    public async Task FlushAsync(CancellationToken cancel)
    {
        KeyValuePair<(Guid Id, UsedKind Kind), Use>[] uses = [.. _uses];
        if (uses.Length == 0)
            return;
        await _store.WriteAsync(async (state, stop) =>
        {
            foreach (((Guid id, UsedKind kind), Use use) in uses)
            {
                if (kind == UsedKind.Issued)
                    await state.IssuedPasswords.Where(p => p.Id == id).ExecuteUpdateAsync(p => p.SetProperty(x => x.LastUsedAt, use.At), stop).ConfigureAwait(false);
                else if (kind == UsedKind.Key)
                    await state.PersonKeys.Where(k => k.Id == id)
                        .ExecuteUpdateAsync(k => k.SetProperty(x => x.LastUsedAt, use.At).SetProperty(x => x.LastUsedFrom, use.Source), stop).ConfigureAwait(false);
                else
                    await state.ApiTokens.Where(t => t.Id == id)
                        .ExecuteUpdateAsync(t => t.SetProperty(x => x.LastUsedAt, use.At).SetProperty(x => x.LastUsedFrom, use.Source), stop).ConfigureAwait(false);
            }

            return uses.Length;
        }, cancel).ConfigureAwait(false);
        foreach (KeyValuePair<(Guid, UsedKind), Use> written in uses)
            _uses.TryRemove(written);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.None);
        await TryFlushAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private void Note((Guid Id, UsedKind Kind) key, string source)
    {
        if (_uses.Count < Most || _uses.ContainsKey(key))
            _uses[key] = new Use(_time.GetUtcNow(), source);
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
                await TryFlushAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task TryFlushAsync()
    {
        try
        {
            await FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreUnavailableException unavailable)
        {
            // They stay noted for the next time.
            _log.Warning("last-uses-not-written", new LogField("error", unavailable.Message));
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            _log.Error("last-uses-not-written", new LogField("error", failure.GetType().FullName));
        }
    }

    private enum UsedKind : byte
    {
        ApiToken,
        Issued,
        Key,
    }

    private sealed record Use(DateTimeOffset At, string Source);
}
