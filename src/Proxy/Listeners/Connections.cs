namespace Sallyport.Proxy.Listeners;

/// <summary>Counts connections from accept to their last log line, so that the daemon can wait for all of them.</summary>
internal sealed class Connections
{
    private readonly Lock _lock = new();
    private int _count;
    private TaskCompletionSource? _empty;

    public void Enter()
    {
        lock (_lock)
            _count++;
    }

    public void Leave()
    {
        lock (_lock)
        {
            _count--;
            if (_count == 0)
                _empty?.TrySetResult();
        }
    }

    /// <summary>Completes when there is none. No other may enter after the call.</summary>
    public Task WhenEmpty()
    {
        lock (_lock)
        {
            _empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_count == 0)
                _empty.TrySetResult();
            return _empty.Task;
        }
    }
}
