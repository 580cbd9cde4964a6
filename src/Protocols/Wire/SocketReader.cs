using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Pipelines.Sockets.Unofficial;

namespace Sallyport.Protocols.Wire;

/// <summary>Receives from a socket, straight into the buffer that the engine reads.</summary>
internal sealed class SocketReader(Socket socket) : BufferedReader, IDisposable
{
    private readonly SocketAwaitableEventArgs _receive = new();

    public void Dispose()
    {
        _receive.Dispose();
        Complete();
    }

    protected override ValueTask<ReadResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        _receive.SetBuffer(buffer);
        if (socket.ReceiveAsync(_receive))
            return AwaitAsync();

        _receive.Complete();
        return _receive.SocketError == SocketError.Success ? new ValueTask<ReadResult>(Received(_receive.GetResult())) : AwaitAsync();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> AwaitAsync()
    {
        try
        {
            return Received(await _receive);
        }
        catch (SocketException e)
        {
            throw new IOException($"receive failed: {e.SocketErrorCode}", e);
        }
    }
}
