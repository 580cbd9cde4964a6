using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// One side's SSH transport (RFC 4253): version exchange, key exchange, packets, rekeying. One loop reads; any loop writes.
/// </summary>
/// <remarks>
/// Reading: <see cref="ReadAsync"/> waits for a packet, <see cref="TryRead"/> takes those that have come already. Messages 1 to 49, ping@openssh.com and
/// EXT_INFO are dealt with inside; the caller sees 50 and above (and SERVICE_REQUEST/ACCEPT), decrypted in place and free to be changed, valid until the next read.
/// Writing: <see cref="TryWrite(ReadOnlySpan{byte})"/> encrypts into the send buffer, and is false while a key exchange bars it or when the buffer is full:
/// then <see cref="WritableAsync"/>. <see cref="FlushAsync"/> sends what was written; several loops may call it at once.
/// Key exchanges of a session's two transports take turns (<see cref="SshTurn"/>), so that neither loop ever waits for an exchange that the other must carry on.
/// </remarks>
internal sealed class SshTransport : IAsyncDisposable
{
    private SshTransport()
    {
    }

    /// <summary>Towards a client.</summary>
    public static SshTransport Server(IDuplex duplex, SshServerKeys keys, SshTransportOptions options, SshTurn turn, TimeProvider time) => throw new NotImplementedException();

    /// <summary>Towards a target, whose host key <paramref name="hostKeys"/> judges.</summary>
    public static SshTransport Client(IDuplex duplex, IHostKeys hostKeys, SshTransportOptions options, SshTurn turn, TimeProvider time) => throw new NotImplementedException();

    /// <summary>The exchange hash of the first key exchange (RFC 4253 7.2).</summary>
    public ReadOnlyMemory<byte> SessionId => throw new NotImplementedException();

    /// <summary>The peer's identification string without CR LF.</summary>
    public string PeerVersion => throw new NotImplementedException();

    /// <summary>What was agreed, for the log: <c>kex hostkey cipher/mac cipher/mac compression</c>.</summary>
    public string Negotiated => throw new NotImplementedException();

    /// <summary>Signature algorithms the peer, a server, accepts from users (RFC 8308 3.1); empty until it has said so.</summary>
    public IReadOnlyList<string> ServerSigAlgs => throw new NotImplementedException();

    /// <summary>The address of the peer.</summary>
    public IDuplex Duplex => throw new NotImplementedException();

    /// <summary>Version exchange and first key exchange. A server has sent EXT_INFO afterwards.</summary>
    /// <exception cref="SshEndException">They failed; the peer has been told.</exception>
    public ValueTask HandshakeAsync(CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>The next packet's payload.</summary>
    /// <returns>Empty: the peer has closed, or disconnected (<see cref="PeerDisconnect"/>).</returns>
    /// <exception cref="SshEndException">The peer broke a rule of the transport.</exception>
    public ValueTask<Memory<byte>> ReadAsync(CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>A packet that is here already; false: none is whole yet, use <see cref="ReadAsync"/>.</summary>
    public bool TryRead(out Memory<byte> payload) => throw new NotImplementedException();

    /// <summary>What the peer's DISCONNECT said; null: it did not send one.</summary>
    public string? PeerDisconnect => throw new NotImplementedException();

    /// <summary>Encrypts one message into the send buffer. Safe from any thread.</summary>
    public bool TryWrite(ReadOnlySpan<byte> payload) => throw new NotImplementedException();

    /// <summary>The same for a message in two parts (a header that was changed, data that was not).</summary>
    public bool TryWrite(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body) => throw new NotImplementedException();

    /// <summary>Waits until <see cref="TryWrite(ReadOnlySpan{byte})"/> may succeed again; sends meanwhile what fills the buffer.</summary>
    public ValueTask WritableAsync(CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Sends what was written.</summary>
    public ValueTask FlushAsync(CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>TryWrite, waiting as long as it must, then FlushAsync.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> payload, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Delayed compression (zlib@openssh.com) begins in both directions after USERAUTH_SUCCESS: called by both sides' auth at that point, between the two messages.</summary>
    public void Authenticated() => throw new NotImplementedException();

    /// <summary>Sends DISCONNECT if the peer takes it within the deadline, then closes the sending direction. Never throws.</summary>
    public ValueTask DisconnectAsync(uint reason, string message) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
