using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Administration;

/// <summary>Complete recordings of a daemon, once they are there.</summary>
internal static class SessionRecording
{
    /// <summary>Waits for the complete recording of somebody's only session that got in.</summary>
    /// <exception cref="TimeoutException">There was none within 30 s.</exception>
    public static async Task<Recorded> OfAsync(SallyportDaemon daemon, string subject, Func<Recorded, bool>? which = null)
    {
        long deadline = Environment.TickCount64 + 30_000;
        while (Environment.TickCount64 < deadline)
        {
            Recorded? found = Recorded.In(daemon.Recordings).SingleOrDefault(recording =>
                recording.Facts?.Identity.Subject == subject && recording.Decisions.Count > 0 && which?.Invoke(recording) != false);
            if (found is not null)
                return found;
            await Task.Delay(20);
        }

        throw new TimeoutException($"No complete recording of {subject}.");
    }
}
