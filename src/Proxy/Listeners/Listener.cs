using System.Net;
using System.Net.Sockets;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Listeners;

/// <summary>
/// One listening socket and its accept loop. The loop takes a slot and hands the connection to the thread pool; it never reads, writes or
/// waits for a client, so that no client can hold up another's connection.
/// </summary>
internal sealed class Listener : IDisposable
{
    /// <summary>Connections the kernel completes while the loop is busy. The kernel lowers it to net.core.somaxconn.</summary>
    private const int Backlog = 4096;

    /// <summary>After an error of the machine (no file descriptors, no memory) the loop waits, longer each time, up to a second.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>A loop that takes longer to hand over one connection hangs.</summary>
    private const long HangsAfter = 10_000;

    private readonly ListenerConfig _config;
    private readonly Action<Socket, UnauthenticatedSlots.Slot> _start;
    private readonly UnauthenticatedSlots _slots;
    private readonly Log _log;
    private readonly Socket _socket;
    private readonly CancellationTokenSource _stop = new();
    private readonly RefusalTally _refused;
    private Task _loop = Task.CompletedTask;

    /// <summary>When the loop began to handle a connection, in ticks of <see cref="Environment.TickCount64"/>; 0 while it waits for one.</summary>
    private long _busySince;

    /// <summary>Binds and listens; <see cref="Start"/> accepts.</summary>
    /// <param name="start">Starts a connection elsewhere; must not block, and must give the slot back in the end.</param>
    /// <exception cref="SocketException">The address cannot be had.</exception>
    public Listener(ListenerConfig config, UnauthenticatedSlots slots, Action<Socket, UnauthenticatedSlots.Slot> start, Log log)
    {
        _config = config;
        _slots = slots;
        _start = start;
        _log = log;
        _refused = new RefusalTally(log, config.Name);
        _socket = new Socket(config.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // [::] takes IPv4 too, as it does for other servers on Linux; any other IPv6 address is just that address.
            if (config.Address.AddressFamily == AddressFamily.InterNetworkV6)
                _socket.DualMode = config.Address.Address.Equals(IPAddress.IPv6Any);
            _socket.Bind(config.Address);
            _socket.Listen(Backlog);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>Where it really listens: the port is the system's choice when the configuration says 0.</summary>
    public IPEndPoint LocalEndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>Begins to accept.</summary>
    public void Start() => _loop = Task.Run(AcceptLoopAsync);

    /// <summary>True while the loop runs and does not hang.</summary>
    /// <param name="tick"><see cref="Environment.TickCount64"/>.</param>
    public bool IsAlive(long tick)
    {
        long since = Volatile.Read(ref _busySince);
        return !_loop.IsCompleted && (since == 0 || tick - since < HangsAfter);
    }

    /// <summary>Stops accepting and gives the address back. Connections that are in stay in.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _socket.Dispose();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _socket.Dispose();
    }

    private async Task AcceptLoopAsync()
    {
        TimeSpan pause = FirstPause;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Socket client = await _socket.AcceptAsync(_stop.Token).ConfigureAwait(false);
                Volatile.Write(ref _busySince, Environment.TickCount64);
                Admit(client);
                pause = FirstPause;
            }
            catch (Exception closed) when (closed is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException aborted) when (aborted.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset)
            {
                // The client went away before it was accepted: nobody to tell, and nothing wrong here.
            }
            catch (SocketException failure)
            {
                // EMFILE, ENFILE, ENOBUFS: the connection stays in the kernel's queue, so trying again at once would spin.
                _log.Error("accept-failed", new("listener", _config.Name), new("error", failure.SocketErrorCode.ToString()));
                if (!await PauseAsync(pause).ConfigureAwait(false))
                    return;
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            finally
            {
                Volatile.Write(ref _busySince, 0);
            }
        }
    }

    private void Admit(Socket client)
    {
        IPAddress? source = Source(client);
        UnauthenticatedSlots.Slot? slot = source is null ? null : _slots.TryTake(source);
        if (slot is null)
        {
            client.Close(0); // A reset: nothing lingers for a connection that was never let in.
            _refused.Add(source);
            return;
        }

        try
        {
            _start(client, slot);
        }
        catch
        {
            slot.Release();
            client.Dispose();
            throw;
        }
    }

    private static IPAddress? Source(Socket client)
    {
        try
        {
            return (client.RemoteEndPoint as IPEndPoint)?.Address;
        }
        catch (SocketException)
        {
            return null; // ENOTCONN: it is gone already.
        }
    }

    private async Task<bool> PauseAsync(TimeSpan pause)
    {
        await Task.Delay(pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !_stop.IsCancellationRequested;
    }
}
