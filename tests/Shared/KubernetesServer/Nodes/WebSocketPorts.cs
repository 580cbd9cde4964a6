using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;

namespace Sallyport.Shared.KubernetesServer.Nodes;

/// <summary>
/// Port-forwarding over WebSocket channels (v4.channel.k8s.io, what python clients speak): port n of the query has channel 2n for data and 2n+1 for
/// errors; the first message on each says the port's number (kubelet, portforward/websocket.go).
/// </summary>
internal sealed class WebSocketPorts(TestNode node, WebSocket socket, string space, string pod) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1, 1);

    /// <summary>Forwards until the client goes.</summary>
    public async Task RunAsync(int[] ports, CancellationToken cancellationToken)
    {
        Pipe[] inputs = [.. ports.Select(_ => new Pipe(new PipeOptions(pauseWriterThreshold: 0)))];
        List<Task> forwarding = [];
        for (int i = 0; i < ports.Length; i++)
        {
            byte[] number = new byte[2];
            BinaryPrimitives.WriteUInt16LittleEndian(number, (ushort)ports[i]);
            await WriteAsync(2 * i, number);
            await WriteAsync((2 * i) + 1, number);
            forwarding.Add(ForwardAsync(i, ports[i], inputs[i].Reader));
        }

        byte[] buffer = new byte[128 * 1024];
        try
        {
            while (true)
            {
                int length = 0;
                ValueWebSocketReceiveResult part;
                do
                {
                    part = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
                    length += part.Count;
                }
                while (!part.EndOfMessage);
                if (part.MessageType == WebSocketMessageType.Close)
                    break;
                if (length > 1 && buffer[0] % 2 == 0 && buffer[0] / 2 < inputs.Length)
                    await inputs[buffer[0] / 2].Writer.WriteAsync(buffer.AsMemory(1, length - 1), cancellationToken);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The client is gone: that ends its connections.
        }

        foreach (Pipe input in inputs)
            await input.Writer.CompleteAsync();
        await Task.WhenAll(forwarding);
    }

    public void Dispose() => _writing.Dispose();

    private async Task ForwardAsync(int index, int port, PipeReader input)
    {
        try
        {
            using TcpClient to = await PortTargets.ConnectAsync(node, space, pod, port);
            await PortTargets.CopyAsync(to, input, d => WriteAsync(2 * index, d), () => Task.CompletedTask);
        }
        catch (WebSocketException)
        {
            // The client is gone.
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidOperationException)
        {
            await WriteAsync((2 * index) + 1, Encoding.UTF8.GetBytes($"error forwarding port {port} to pod {pod}, uid : {e.Message}"));
        }
    }

    private async Task WriteAsync(int channel, ReadOnlyMemory<byte> data)
    {
        await _writing.WaitAsync();
        try
        {
            await socket.SendAsync((byte[])[(byte)channel, .. data.Span], WebSocketMessageType.Binary, true, CancellationToken.None);
        }
        finally
        {
            _writing.Release();
        }
    }
}
