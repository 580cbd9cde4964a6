using System.Net;
using System.Net.Sockets;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>
/// A TCP relay on loopback that keeps every byte before it passes it on: what it has kept is at least what the client has been shown.
/// Use it with plaintext on both sides, or it keeps TLS records.
/// </summary>
public sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly int _to;
    private readonly List<RelayedConnection> _connections = [];
    private readonly List<Task> _pumps = [];
    private readonly Task _accepting;

    /// <param name="to">The loopback port of the server.</param>
    /// <param name="port">The port to listen on; 0: any.</param>
    public Relay(int to, int port = 0)
    {
        _to = to;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>The port to connect to.</summary>
    public int Port { get; }

    /// <summary>The connections made so far, in order.</summary>
    public IReadOnlyList<RelayedConnection> Connections
    {
        get
        {
            lock (_connections)
                return [.. _connections];
        }
    }

    /// <summary>All that any client was sent.</summary>
    public byte[] ToClients => [.. Connections.SelectMany(connection => connection.ToClient)];

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (RelayedConnection connection in Connections)
            connection.Dispose();
        await Task.WhenAll(_pumps);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync();
                var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(IPAddress.Loopback, _to);
                var connection = new RelayedConnection(client, server);
                lock (_connections)
                    _connections.Add(connection);
                _pumps.Add(connection.RunAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
            return;
        }
    }
}

/// <summary>One connection through a <see cref="Relay"/>.</summary>
public sealed class RelayedConnection : IDisposable
{
    private readonly Socket _client;
    private readonly Socket _server;
    private readonly MemoryStream _fromClient = new();
    private readonly MemoryStream _toClient = new();

    internal RelayedConnection(Socket client, Socket server)
    {
        (_client, _server) = (client, server);
        _client.NoDelay = _server.NoDelay = true;
    }

    /// <summary>What the client has sent so far.</summary>
    public byte[] FromClient => Copy(_fromClient);

    /// <summary>What the client was sent so far.</summary>
    public byte[] ToClient => Copy(_toClient);

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    internal Task RunAsync() => Task.WhenAll(PumpAsync(_client, _server, _fromClient), PumpAsync(_server, _client, _toClient));

    private static byte[] Copy(MemoryStream kept)
    {
        lock (kept)
            return kept.ToArray();
    }

    private static async Task PumpAsync(Socket from, Socket to, MemoryStream kept)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                int count = await from.ReceiveAsync(buffer);
                if (count == 0)
                    break;
                lock (kept)
                    kept.Write(buffer, 0, count);
                await to.SendAsync(buffer.AsMemory(0, count));
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One side is gone; the other is to notice.
            to.Dispose();
        }
    }
}
