using System.Globalization;

namespace Sallyport.Shared.KubernetesServer.Nodes;

/// <summary>What a container has written, line by line, and what it writes while somebody follows.</summary>
public sealed class ContainerLog
{
    private readonly Lock _gate = new();
    private readonly List<(DateTimeOffset At, string Line)> _lines = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _ended;
    private int _followers;

    /// <summary>How many follow it now.</summary>
    public int Followers => Volatile.Read(ref _followers);

    /// <summary>The container writes a line.</summary>
    public void Write(string line)
    {
        lock (_gate)
            _lines.Add((TimeProvider.System.GetUtcNow(), line));
        Wake();
    }

    /// <summary>The container ends: so does every follower.</summary>
    public void End()
    {
        lock (_gate)
            _ended = true;
        Wake();
    }

    /// <summary>The lines from <paramref name="from"/> on; with <paramref name="follow"/>, also those that come, until the container ends.</summary>
    internal async IAsyncEnumerable<string> ReadAsync(int from, bool follow, bool timestamps, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _followers);
        try
        {
            while (true)
            {
                List<(DateTimeOffset At, string Line)> next;
                bool ended;
                Task changed;
                lock (_gate)
                {
                    next = from < _lines.Count ? _lines[from..] : [];
                    (ended, changed) = (_ended, _changed.Task);
                }

                foreach ((DateTimeOffset at, string line) in next)
                    yield return (timestamps ? at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z '", CultureInfo.InvariantCulture) : "") + line + "\n";
                from += next.Count;
                if (!follow || ended)
                    yield break;
                await changed.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _followers);
        }
    }

    /// <summary>Where the last <paramref name="tail"/> lines not older than <paramref name="since"/> begin.</summary>
    internal int Start(int? tail, DateTimeOffset? since)
    {
        lock (_gate)
        {
            int from = since is null ? 0 : _lines.FindIndex(l => l.At >= since) is var at and >= 0 ? at : _lines.Count;
            return tail is null ? from : Math.Max(from, _lines.Count - tail.Value);
        }
    }

    private void Wake()
    {
        TaskCompletionSource before;
        lock (_gate)
            (before, _changed) = (_changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        before.SetResult();
    }
}
