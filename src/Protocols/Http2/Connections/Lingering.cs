using System.IO.Pipelines;
using System.Net.Sockets;
using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>
/// The end of a connection whose peer still sends: closed at once, the kernel answers what comes by a reset, and the peer may lose our last word with it. So what comes is
/// read and dropped for a while (RFC 9112 9.6).
/// </summary>
internal static class Lingering
{
    private const long MostDropped = 1 << 20;

    /// <summary>Until the peer has closed, too, or has had its time.</summary>
    public static async Task WaitAsync(IDuplex duplex, TimeSpan limit, TimeProvider time)
    {
        using ITimer cut = time.CreateTimer(static duplex => ((IDuplex)duplex!).Abort(), duplex, limit, Timeout.InfiniteTimeSpan);
        try
        {
            for (long left = MostDropped; left > 0;)
            {
                ReadResult read = await duplex.Input.ReadAsync().ConfigureAwait(false);
                left -= read.Buffer.Length;
                duplex.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // It is gone, which is what was waited for.
            duplex.Abort();
        }
    }
}
