using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Sallyport.Shared.KubernetesServer.Streams;

namespace Sallyport.Shared.KubernetesServer.Nodes;

/// <summary>
/// Port-forwarding over SPDY/3.1 (portforward.k8s.io): for each connection the client opens two streams of one <c>requestid</c>, one for errors
/// and one for data.
/// </summary>
internal sealed class SpdyPorts(TestNode node, string space, string pod)
{
    private readonly ConcurrentDictionary<string, SpdyStream> _halves = new();
    private readonly ConcurrentBag<Task> _forwarding = [];

    /// <summary>Forwards until the client goes.</summary>
    public async Task RunAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var connection = new SpdyConnection(stream);
        await connection.RunAsync(Opened, cancellationToken);
        await Task.WhenAll(_forwarding);
    }

    private void Opened(SpdyStream stream)
    {
        string request = stream.Headers.GetValueOrDefault("requestid", "");
        if (!_halves.TryRemove(request, out SpdyStream? other))
        {
            _halves[request] = stream;
            return;
        }

        bool data = stream.Headers.GetValueOrDefault("streamtype") == "data";
        _forwarding.Add(ForwardAsync(data ? stream : other, data ? other : stream));
    }

    private async Task ForwardAsync(SpdyStream data, SpdyStream error)
    {
        int port = int.Parse(data.Headers.GetValueOrDefault("port", "0"), CultureInfo.InvariantCulture);
        try
        {
            using TcpClient to = await PortTargets.ConnectAsync(node, space, pod, port);
            await PortTargets.CopyAsync(to, data.Input, d => data.WriteAsync(d), data.CloseAsync);
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidOperationException)
        {
            await RefuseAsync(data, error, $"error forwarding port {port} to pod {pod}, uid : {e.Message}");
            return;
        }

        await CloseAsync(error);
    }

    private static async Task RefuseAsync(SpdyStream data, SpdyStream error, string message)
    {
        try
        {
            await error.WriteAsync(Encoding.UTF8.GetBytes(message));
            await error.CloseAsync();
            await data.CloseAsync();
        }
        catch (IOException)
        {
            // The client is gone: nobody is left to be told.
        }
    }

    private static async Task CloseAsync(SpdyStream stream)
    {
        try
        {
            await stream.CloseAsync();
        }
        catch (IOException)
        {
            // The client is gone: nothing is left to be closed.
        }
    }
}

/// <summary>The local side of a forwarded port.</summary>
internal static class PortTargets
{
    /// <exception cref="SocketException">Nothing listens there.</exception>
    public static async Task<TcpClient> ConnectAsync(TestNode node, string space, string pod, int port)
    {
        if (await node.PortAsync(space, pod, port) is not { } local)
            throw new InvalidOperationException($"failed to connect to localhost:{port} inside namespace \"{pod}\", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused");
        var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", local);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Both ways, each until its end.</summary>
    public static async Task CopyAsync(TcpClient to, PipeReader input, Func<ReadOnlyMemory<byte>, Task> write, Func<Task> close)
    {
        NetworkStream target = to.GetStream();
        Task sending = SendAsync();
        byte[] buffer = new byte[32 * 1024];
        int read;
        while ((read = await target.ReadAsync(buffer)) > 0)
            await write(buffer.AsMemory(0, read));
        await close();
        to.Close();
        await sending;

        async Task SendAsync()
        {
            try
            {
                await input.CopyToAsync(target);
                to.Client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
            {
                // The target has closed: what comes after is nobody's.
            }
        }
    }
}
