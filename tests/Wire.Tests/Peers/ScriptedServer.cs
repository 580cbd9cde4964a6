using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>Accepts what the engine dials: connections that want the catalog are answered by <see cref="Catalog"/>, all others are for the test.</summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Channel<ServerPeer> _accepted = Channel.CreateUnbounded<ServerPeer>();
    private readonly List<ServerPeer> _all = [];
    private readonly Task _accepting;

    public ScriptedServer()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndPoint!;

    public FakeCatalog Catalog { get; } = new();

    /// <summary>True when somebody has dialled whom the test has not taken yet.</summary>
    public bool HasVisitor => _accepted.Reader.Count > 0;

    /// <summary>The next connection that is not the catalog's.</summary>
    public async Task<ServerPeer> NextAsync()
    {
        using var timeout = new CancellationTokenSource(Peer.Patience);
        return await _accepted.Reader.ReadAsync(timeout.Token);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (ServerPeer peer in _all)
            await peer.DisposeAsync();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        while (true)
        {
            try
            {
                Socket socket = await _listener.AcceptAsync();
                socket.NoDelay = true;
                var peer = new ServerPeer(socket);
                _all.Add(peer);
                serving.Add(SortAsync(peer));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The test is over.
                break;
            }
        }

        foreach (ServerPeer peer in _all)
            peer.Vanish();
        await Task.WhenAll(serving);
    }

    private async Task SortAsync(ServerPeer peer)
    {
        try
        {
            PgMessage? first = await peer.PeekStartupAsync();
            if (first is { } message && Encoding.UTF8.GetString(message.Body).Contains("sallyport catalog", StringComparison.Ordinal))
                await Catalog.ServeAsync(peer);
            else if (first is not null)
                _accepted.Writer.TryWrite(peer);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidDataException)
        {
            // The engine has hung up, or the test is over.
            return;
        }
    }
}
