using System.Net;
using System.Net.Sockets;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>Loopback ports that nobody listens on.</summary>
public static class FreePort
{
    private static readonly HashSet<int> Given = [];

    /// <summary>A port the kernel calls free, never the same twice in a run.</summary>
    public static int Next()
    {
        lock (Given)
        {
            while (true)
            {
                using var probe = new TcpListener(IPAddress.Loopback, 0);
                probe.Start();
                int port = ((IPEndPoint)probe.LocalEndpoint).Port;
                if (Given.Add(port))
                    return port;
            }
        }
    }
}
