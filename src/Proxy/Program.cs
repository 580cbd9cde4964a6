using System.Globalization;
using Sallyport.Proxy.Cli;

namespace Sallyport.Proxy;

internal static class Program
{
    private const string PollingThreads = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";

    public static Task<int> Main(string[] args)
    {
        // Before the first socket: completions then run on the thread that polls the sockets, which saves a hand-over to the thread pool
        // for each message. The price is that whatever follows an await on a socket must not block, which holds for the engines: they wait
        // only by await. What may take long at a connection's start (handshakes) is queued to the thread pool by the listener.
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

        // One polling thread for two cores: a session's two sockets then more often share one, and the other cores are left to what polling
        // wakes (./eng/bench postgres shows it).
        if (Environment.GetEnvironmentVariable(PollingThreads) is null)
            Environment.SetEnvironmentVariable(PollingThreads, Math.Max(1, Environment.ProcessorCount / 2).ToString(CultureInfo.InvariantCulture));
        return CommandLine.RunAsync(args);
    }
}
