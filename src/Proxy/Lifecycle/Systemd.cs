using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Sallyport.Proxy.Lifecycle;

/// <summary>
/// Tells systemd how the daemon is, over the datagram socket named by <c>$NOTIFY_SOCKET</c> (sd_notify(3)). Does nothing when there is none.
/// </summary>
internal sealed class Systemd : IDisposable
{
    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _endPoint;
    private long _failures;

    /// <param name="notifySocket"><c>$NOTIFY_SOCKET</c>: a path, or <c>@name</c> for the abstract namespace.</param>
    public Systemd(string? notifySocket)
    {
        if (string.IsNullOrEmpty(notifySocket) || notifySocket[0] is not ('/' or '@'))
            return;
        _endPoint = new UnixDomainSocketEndPoint(notifySocket[0] == '@' ? "\0" + notifySocket[1..] : notifySocket);

        // Non-blocking: a service manager that does not read must not stop the daemon.
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
    }

    /// <summary>Messages that the service manager did not take.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>From this process's environment.</summary>
    public static Systemd FromEnvironment() => new(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));

    /// <summary>Start-up or a reload is done.</summary>
    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    /// <summary>A reload begins. Type=notify-reload needs the time, in microseconds of CLOCK_MONOTONIC, to tell this reload from an earlier one.</summary>
    public void Reloading() =>
        Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={MonotonicMicroseconds()}\nSTATUS=reloading"));

    /// <summary>The daemon drains and ends.</summary>
    public void Stopping(string status) => Send($"STOPPING=1\nSTATUS={status}");

    /// <summary>The daemon needs this much longer to stop than the unit's TimeoutStopSec says.</summary>
    public void ExtendTimeout(TimeSpan time) =>
        Send(string.Create(CultureInfo.InvariantCulture, $"EXTEND_TIMEOUT_USEC={(long)time.TotalMicroseconds}"));

    /// <summary>One line for <c>systemctl status</c>.</summary>
    public void Status(string status) => Send($"STATUS={status}");

    /// <summary>The daemon is alive.</summary>
    public void Watchdog() => Send("WATCHDOG=1");

    /// <summary>How often systemd wants to hear <see cref="Watchdog"/>; null: never (sd_watchdog_enabled(3)).</summary>
    public static TimeSpan? WatchdogInterval(string? usec, string? pid, int self)
    {
        bool ours = string.IsNullOrEmpty(pid) || (int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out int named) && named == self);
        return ours && long.TryParse(usec, NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
    }

    public void Dispose() => _socket?.Dispose();

    /// <summary>CLOCK_MONOTONIC: on Linux, <see cref="Stopwatch"/> reads that clock.</summary>
    private static long MonotonicMicroseconds() => (long)Stopwatch.GetElapsedTime(0).TotalMicroseconds;

    private void Send(string message)
    {
        if (_socket is null)
            return;
        try
        {
            _socket.SendTo(Encoding.UTF8.GetBytes(message), _endPoint!);
        }
        catch (SocketException)
        {
            // Not worth ending sessions for; if it matters, systemd notices the silence by its own watchdog.
            Interlocked.Increment(ref _failures);
        }
    }
}
