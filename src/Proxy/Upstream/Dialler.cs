using System.Net;
using System.Net.Sockets;

namespace Sallyport.Proxy.Upstream;

/// <summary>Connects to a host by TCP, trying each of its addresses in turn.</summary>
internal static class Dialler
{
    // A target that vanished without a word is noticed after 60 + 6 * 10 seconds, even when a session only waits.
    private const int KeepAliveTime = 60;
    private const int KeepAliveInterval = 10;
    private const int KeepAliveProbes = 6;
    private static readonly TimeSpan Unacknowledged = TimeSpan.FromMinutes(1);

    /// <summary>A connected socket.</summary>
    /// <param name="timeout">For all addresses together.</param>
    /// <exception cref="IOException">None of the addresses answered in time.</exception>
    public static async Task<Socket> ConnectAsync(string host, int port, TimeSpan timeout, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(timeout);
        try
        {
            IPAddress[] addresses = IPAddress.TryParse(host, out IPAddress? literal)
                ? [literal]
                : await Dns.GetHostAddressesAsync(host, deadline.Token).ConfigureAwait(false);
            return await FirstAsync(addresses, port, timeout, deadline.Token).ConfigureAwait(false);
        }
        catch (SocketException refused)
        {
            throw new IOException($"{host}:{port}: {refused.Message}", refused);
        }
        catch (OperationCanceledException late) when (!cancel.IsCancellationRequested)
        {
            throw new IOException($"{host}:{port}: no answer within {timeout.TotalSeconds:0.#} s", late);
        }
    }

    /// <summary>Sets what every connection of the daemon has, towards clients and targets alike.</summary>
    public static void Tune(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveTime);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveInterval);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
    }

    /// <summary>
    /// A target that acknowledges nothing of what it was sent is gone (RFC 5482; tcp(7), TCP_USER_TIMEOUT): keepalives are not sent meanwhile, and without this the kernel tries for a quarter of an hour.
    /// One that acknowledges and does not read is only slow (Linux 5.11 and later; earlier ones give it up, too).
    /// </summary>
    private static void GiveUpUnacknowledged(Socket socket)
    {
        const int tcp = 6, userTimeout = 18;
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption(tcp, userTimeout, BitConverter.GetBytes((int)Unacknowledged.TotalMilliseconds));
    }

    private static async Task<Socket> FirstAsync(IPAddress[] addresses, int port, TimeSpan timeout, CancellationToken cancel)
    {
        SocketException? last = null;
        for (int i = 0; i < addresses.Length; i++)
        {
            // An address that does not answer leaves the others their share of the time.
            using var share = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            share.CancelAfter(timeout / addresses.Length);
            var socket = new Socket(addresses[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                Tune(socket);
                GiveUpUnacknowledged(socket);
                await socket.ConnectAsync(addresses[i], port, share.Token).ConfigureAwait(false);
                return socket;
            }
            catch (SocketException refused)
            {
                socket.Dispose();
                last = refused;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested && i < addresses.Length - 1)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }
}
