namespace Sallyport.Shared.KubernetesServer.Requests;

/// <summary>What the API has seen, in order. Safe to read while it goes on.</summary>
public sealed class SeenRequests
{
    private readonly Lock _gate = new();
    private readonly List<SeenRequest> _all = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>All so far.</summary>
    public IReadOnlyList<SeenRequest> All
    {
        get
        {
            lock (_gate)
                return [.. _all];
        }
    }

    /// <summary>How many so far: what comes later has a greater <see cref="SeenRequest.Number"/>.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _all.Count;
        }
    }

    /// <summary>Those after a number.</summary>
    public IReadOnlyList<SeenRequest> After(int number) => [.. All.Where(r => r.Number > number)];

    /// <summary>Waits for the first request that is like that, seen before or not; judged again whenever any request begins, is answered or ends.</summary>
    /// <exception cref="TimeoutException">None within <paramref name="limit"/> (10 s when not given).</exception>
    public async Task<SeenRequest> WaitForAsync(Func<SeenRequest, bool> like, TimeSpan? limit = null)
    {
        using var deadline = new CancellationTokenSource(limit ?? TimeSpan.FromSeconds(10));
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_all.FirstOrDefault(like) is { } found)
                    return found;
                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException("No such request was seen, only:\n" + string.Join('\n', All));
            }
        }
    }

    internal SeenRequest Add(Func<int, SeenRequest> make)
    {
        SeenRequest made;
        lock (_gate)
        {
            made = make(_all.Count + 1);
            _all.Add(made);
        }

        Changed();
        return made;
    }

    internal void Changed()
    {
        TaskCompletionSource before;
        lock (_gate)
            (before, _changed) = (_changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        before.SetResult();
    }
}
