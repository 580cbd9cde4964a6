using System.Net;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Listeners;

/// <summary>Says at most once a second that connections are turned away, and how many: a flood must not flood the log. For one accept loop.</summary>
internal sealed class RefusalTally(Log log, string listener)
{
    private const long Interval = 1000;

    private long _count;
    private long _lastLogged = long.MinValue / 2;

    public void Add(IPAddress? source)
    {
        _count++;
        long tick = Environment.TickCount64;
        if (tick - _lastLogged < Interval)
            return;
        log.Warning("connections-refused", new("reason", "unauthenticated-limit"), new("listener", listener), new("count", _count), new("last-source", source?.ToString()));
        _count = 0;
        _lastLogged = tick;
    }
}
