using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Pipelines.Sockets.Unofficial;
using Sallyport.Contract;

namespace Sallyport.Protocols.Wire;

/// <summary>
/// A TCP connection as engines see it. Completions run inline on the thread that saw the socket become ready: between the kernel and the
/// engine there is no queue, no pipe and no thread switch.
/// </summary>
public sealed class SocketDuplex : IDuplex
{
    private readonly Socket _socket;
    private readonly SocketAwaitableEventArgs _send = new();
    private readonly SocketReader _reader;

    /// <summary>Takes over a connected socket.</summary>
    /// <exception cref="SocketException">The peer is gone already.</exception>
    public SocketDuplex(Socket socket)
    {
        _socket = socket;
        if (socket.ProtocolType == ProtocolType.Tcp)
            socket.NoDelay = true;
        Remote = socket.RemoteEndPoint as IPEndPoint ?? new IPEndPoint(IPAddress.None, 0);
        if (Remote.Address.IsIPv4MappedToIPv6)
            Remote = new IPEndPoint(Remote.Address.MapToIPv4(), Remote.Port);
        _reader = new SocketReader(socket);
    }

    public PipeReader Input => _reader;

    public IPEndPoint Remote { get; }

    public SslStream? Tls => null;

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel = default)
    {
        _send.SetBuffer(System.Runtime.InteropServices.MemoryMarshal.AsMemory(bytes));
        if (_socket.SendAsync(_send))
            return AwaitSendAsync(bytes, cancel);

        _send.Complete();
        return Sent(bytes.Length) ? default : AwaitSendAsync(bytes, cancel);
    }

    public ValueTask<IDuplex> StartTlsAsServerAsync(SslServerAuthenticationOptions options, CancellationToken cancel) =>
        TlsDuplex.StartAsync(this, tls => tls.AuthenticateAsServerAsync(options, cancel));

    public ValueTask<IDuplex> StartTlsAsClientAsync(SslClientAuthenticationOptions options, CancellationToken cancel) =>
        TlsDuplex.StartAsync(this, tls => tls.AuthenticateAsClientAsync(options, cancel));

    public void CloseOutput() => Shutdown(SocketShutdown.Send);

    public void Abort() => Shutdown(SocketShutdown.Both);

    public ValueTask DisposeAsync()
    {
        Abort();
        _socket.Dispose();
        _send.Dispose();
        _reader.Dispose();
        return default;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask AwaitSendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        try
        {
            int sent = await _send;
            while (sent < bytes.Length)
            {
                cancel.ThrowIfCancellationRequested();
                _send.SetBuffer(System.Runtime.InteropServices.MemoryMarshal.AsMemory(bytes[sent..]));
                if (!_socket.SendAsync(_send))
                    _send.Complete();
                sent += await _send;
            }
        }
        catch (SocketException e)
        {
            throw new SendFailedException($"send failed: {e.SocketErrorCode}", e);
        }
    }

    /// <summary>True when a send that completed at once took everything. Otherwise the awaiting path finishes it, or throws its error.</summary>
    private bool Sent(int length) => _send.SocketError == SocketError.Success && _send.BytesTransferred == length && Consume();

    private bool Consume()
    {
        _send.GetResult();
        return true;
    }

    private void Shutdown(SocketShutdown how)
    {
        try
        {
            _socket.Shutdown(how);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer, or another thread, was first: it is shut down, which is all that was asked for.
            return;
        }
    }
}
