using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>The recordings of an <see cref="SshDaemon"/>.</summary>
public static class SshRecordings
{
    /// <summary>Waits until there are so many that are complete.</summary>
    public static async Task<IReadOnlyList<Recorded>> CompleteAsync(SshDaemon daemon, int count = 1)
    {
        for (int attempt = 0; ; attempt++)
        {
            IReadOnlyList<Recorded> complete = Directory.Exists(daemon.Recordings) ? Recorded.In(daemon.Recordings) : [];
            if (complete.Count >= count)
                return complete;
            if (attempt == 1000)
                throw new TimeoutException($"{complete.Count} complete recordings instead of {count}: {daemon.Log}");
            await Task.Delay(20);
        }
    }
}
