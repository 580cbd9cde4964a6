using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Sallyport.Proxy.Lifecycle;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Lifecycle;

public sealed class SystemdTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_message_reaches_the_socket_as_systemd_reads_it(bool isAbstract)
    {
        string name = isAbstract ? $"@sallyport-test-{Guid.NewGuid():N}" : _directory["notify"];
        using Socket manager = Manager(name);
        using var systemd = new Systemd(name);

        systemd.Ready("3 sessions");
        Assert.Equal("READY=1\nSTATUS=3 sessions", Receive(manager));
        systemd.Reloading();
        string reloading = Receive(manager);
        Assert.StartsWith("RELOADING=1\nMONOTONIC_USEC=", reloading, StringComparison.Ordinal);
        long told = long.Parse(reloading.Split('\n')[1]["MONOTONIC_USEC=".Length..], CultureInfo.InvariantCulture);
        Assert.InRange(told, 1, MonotonicMicroseconds());
        systemd.Stopping("draining");
        Assert.Equal("STOPPING=1\nSTATUS=draining", Receive(manager));
        systemd.Watchdog();
        Assert.Equal("WATCHDOG=1", Receive(manager));
        systemd.ExtendTimeout(TimeSpan.FromSeconds(90));
        Assert.Equal("EXTEND_TIMEOUT_USEC=90000000", Receive(manager));
        systemd.Status("ok");
        Assert.Equal("STATUS=ok", Receive(manager));
        Assert.Equal(0, systemd.Failures);
    }

    [Fact]
    public void A_manager_that_is_gone_or_does_not_read_stops_nothing()
    {
        using var gone = new Systemd(_directory["nobody"]);
        gone.Ready("x");
        Assert.Equal(1, gone.Failures);

        using Socket manager = Manager(_directory["deaf"]);
        using var deaf = new Systemd(_directory["deaf"]);
        for (int i = 0; i < 10_000 && deaf.Failures == 0; i++)
            deaf.Watchdog();
        Assert.NotEqual(0, deaf.Failures);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("vsock:2:1234")]
    public void Without_a_socket_nothing_is_sent(string? name)
    {
        using var systemd = new Systemd(name);
        systemd.Ready("x");
        Assert.Equal(0, systemd.Failures);
    }

    [Theory]
    [InlineData("30000000", null, 30.0)]
    [InlineData("30000000", "42", 30.0)]
    [InlineData("30000000", "43", null)]
    [InlineData("30000000", "x", null)]
    [InlineData("0", null, null)]
    [InlineData("-5", null, null)]
    [InlineData(null, null, null)]
    public void The_watchdog_is_ours_only_when_systemd_says_so(string? usec, string? pid, double? seconds) =>
        Assert.Equal(seconds, Systemd.WatchdogInterval(usec, pid, self: 42)?.TotalSeconds);

    [Fact]
    public void The_watchdog_hears_nothing_while_something_hangs()
    {
        using Socket manager = Manager(_directory["notify"]);
        using var systemd = new Systemd(_directory["notify"]);
        using var logs = new Logs();
        string? stuck = "accept-loop";
        var heartbeat = new Heartbeat(systemd, () => stuck, () => "1 session", TimeSpan.FromSeconds(10), TimeProvider.System, logs.Log);
        Assert.False(heartbeat.Beat());
        stuck = null;
        Assert.True(heartbeat.Beat());
        Assert.Equal("WATCHDOG=1", Receive(manager));
        Assert.Equal("STATUS=1 session", Receive(manager));
        Assert.True(heartbeat.Beat());
        Assert.Equal("WATCHDOG=1", Receive(manager));
        Assert.Equal(0, manager.Available);
        Assert.Contains("watchdog-withheld stuck=accept-loop", logs.Text(), StringComparison.Ordinal);
    }

    private static Socket Manager(string name)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(name[0] == '@' ? "\0" + name[1..] : name));
        socket.ReceiveTimeout = 30_000;
        return socket;
    }

    private static string Receive(Socket manager)
    {
        byte[] buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, manager.Receive(buffer));
    }

    /// <summary>CLOCK_MONOTONIC as the kernel tells it: the first number of /proc/uptime is CLOCK_BOOTTIME, which is never behind it.</summary>
    private static long MonotonicMicroseconds()
    {
        string uptime = File.ReadAllText("/proc/uptime").Split(' ')[0];
        return (long)((double.Parse(uptime, CultureInfo.InvariantCulture) + 1) * 1_000_000);
    }
}
