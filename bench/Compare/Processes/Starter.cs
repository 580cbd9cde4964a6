using System.Collections.Concurrent;
using System.Diagnostics;

namespace Sallyport.Compare.Processes;

/// <summary>
/// One thread that starts every server. PR_SET_PDEATHSIG counts the death of the *thread* that forked (prctl(2)): a pool thread that
/// retires would take its servers with it.
/// </summary>
internal static class Starter
{
    private static readonly BlockingCollection<Action> Queue = [];

    static Starter() => new Thread(() =>
    {
        foreach (Action start in Queue.GetConsumingEnumerable())
            start();
    })
    { IsBackground = true, Name = "starts servers" }.Start();

    /// <summary>Starts a process on that thread.</summary>
    public static Task<Process> StartAsync(ProcessStartInfo info)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Queue.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(info)!);
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }
}
