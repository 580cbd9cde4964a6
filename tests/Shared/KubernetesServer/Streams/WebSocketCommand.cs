using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Sallyport.Shared.KubernetesServer.Streams;

/// <summary>
/// exec and attach over a WebSocket: binary messages whose first byte is the channel: 0 stdin, 1 stdout, 2 stderr, 3 the outcome, 4 resizes;
/// in v5, 255 and a channel close that channel (KEP-4006).
/// </summary>
internal sealed class WebSocketCommand : RemoteCommand
{
    private const byte Stdin = 0, Outcome = 3, Resize = 4, Close = 255;

    private readonly WebSocket _socket;
    private readonly bool _v5;
    private readonly Pipe _input = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly CancellationTokenSource _gone;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Task _receiving;

    public WebSocketCommand(WebSocket socket, bool v5, CancellationToken aborted)
    {
        (_socket, _v5) = (socket, v5);
        _gone = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        _receiving = ReceiveAsync();
    }

    public override PipeReader Input => _input.Reader;

    public override CancellationToken Gone => _gone.Token;

    /// <summary>An empty message on the first channel written tells that all is there (kubelet, createWebSocketStreams).</summary>
    public override Task ReadyAsync() => WriteAsync(Output, default);

    public override async Task WriteAsync(byte channel, ReadOnlyMemory<byte> data)
    {
        await _writing.WaitAsync(Gone);
        try
        {
            await _socket.SendAsync((byte[])[channel, .. data.Span], WebSocketMessageType.Binary, true, Gone);
        }
        finally
        {
            _writing.Release();
        }
    }

    public override async Task EndAsync(JsonObject status)
    {
        await WriteAsync(Outcome, Encoding.UTF8.GetBytes(status.ToJsonString()));
        await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Gone);
        // The client answers with its own close; it may also just go.
        await Task.WhenAny(_receiving, Task.Delay(TimeSpan.FromSeconds(2)));
    }

    public override async ValueTask DisposeAsync()
    {
        await _gone.CancelAsync();
        await _receiving;
        _gone.Dispose();
        _writing.Dispose();
    }

    private async Task ReceiveAsync()
    {
        byte[] buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                ValueWebSocketReceiveResult part = await _socket.ReceiveAsync(buffer.AsMemory(), Gone);
                if (part.MessageType == WebSocketMessageType.Close)
                    break;
                message.Write(buffer, 0, part.Count);
                if (!part.EndOfMessage)
                    continue;
                await TakeAsync(message.ToArray());
                message.SetLength(0);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The client is gone: that ends what it asked for.
        }
        finally
        {
            await _input.Writer.CompleteAsync();
            Resizes.Writer.TryComplete();
            if (_socket.State != WebSocketState.CloseSent && _socket.State != WebSocketState.Closed)
                await _gone.CancelAsync();
        }
    }

    private async Task TakeAsync(byte[] message)
    {
        switch (message)
        {
            case [Stdin, _, ..]:
                await _input.Writer.WriteAsync(message.AsMemory(1), Gone);
                break;
            case [Resize, _, ..]:
                Resizes.Writer.TryWrite(TerminalSize.Parse(message.AsSpan(1)));
                break;
            case [Close, Stdin] when _v5:
                await _input.Writer.CompleteAsync();
                break;
        }
    }
}
