using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>The receiving end of sd_notify(3): a Unix datagram socket whose path the daemon is given in NOTIFY_SOCKET.</summary>
public sealed class NotifySocket : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly List<string> _seen = [];
    private readonly Task _reading;

    public NotifySocket(string path)
    {
        Path = path;
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        _reading = ReadAsync();
    }

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>Every line received so far that was waited past.</summary>
    public IReadOnlyList<string> Seen => _seen;

    /// <summary>Waits for the next line that is <paramref name="state"/> (<c>READY=1</c>, <c>RELOADING=1</c>, <c>STOPPING=1</c>); one waiter at a time.</summary>
    /// <exception cref="TimeoutException">It did not come within <paramref name="limit"/> (30 s when not given).</exception>
    public async Task WaitForAsync(string state, TimeSpan? limit = null)
    {
        using var deadline = new CancellationTokenSource(limit ?? TimeSpan.FromSeconds(30));
        try
        {
            while (true)
            {
                string line = await _lines.Reader.ReadAsync(deadline.Token);
                _seen.Add(line);
                if (line == state)
                    return;
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"No {state}; received: {string.Join(' ', _seen)}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _reading;
    }

    private async Task ReadAsync()
    {
        byte[] datagram = new byte[4096];
        try
        {
            while (true)
            {
                int length = await _socket.ReceiveAsync(datagram);
                foreach (string line in Encoding.UTF8.GetString(datagram, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                    _lines.Writer.TryWrite(line);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            _lines.Writer.TryComplete();
        }
    }
}
