using System.Net.Sockets;
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

    protected override bool BeginReceive(Memory<byte> buffer, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        _receive.SetBuffer(buffer);
        if (socket.ReceiveAsync(_receive))
            return false;
        _receive.Complete();
        return true;
    }

    protected override void OnReceived(Action ended) => _receive.OnCompleted(ended);

    protected override int EndReceive()
    {
        try
        {
            return _receive.GetResult();
        }
        catch (SocketException e)
        {
            throw new IOException($"receive failed: {e.SocketErrorCode}", e);
        }
    }
}
