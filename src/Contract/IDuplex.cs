using System.IO.Pipelines;
using System.Net;
using System.Net.Security;

namespace Sallyport.Contract;

/// <summary>A connected byte stream as engines see it: a reader in, a send out. One loop reads, one loop sends; neither is shared.
/// Awaiting <see cref="SendAsync"/> is the backpressure: it ends when the kernel has taken every byte.</summary>
public interface IDuplex : IAsyncDisposable
{
    /// <summary>What the peer sends. Not advancing it stops the peer.</summary>
    PipeReader Input { get; }

    IPEndPoint Remote { get; }

    /// <summary>The TLS layer, or null when the stream is not encrypted.</summary>
    SslStream? Tls { get; }

    /// <summary>Sends all of <paramref name="bytes"/>. One call at a time.</summary>
    /// <exception cref="IOException">The peer is gone.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel = default);

    /// <summary>Makes this a TLS server's stream. Bytes already in <see cref="Input"/> are taken as the ClientHello's; the returned duplex replaces this one.</summary>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The handshake failed.</exception>
    ValueTask<IDuplex> StartTlsAsServerAsync(SslServerAuthenticationOptions options, CancellationToken cancel);

    /// <summary>Makes this a TLS client's stream; the returned duplex replaces this one.</summary>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The handshake failed, or the certificate is not the target's.</exception>
    ValueTask<IDuplex> StartTlsAsClientAsync(SslClientAuthenticationOptions options, CancellationToken cancel);

    /// <summary>Tells the peer that nothing more will be sent, after what was sent.</summary>
    void CloseOutput();

    /// <summary>Ends both directions now; pending reads and sends end with an error. Safe from any thread, any number of times.</summary>
    void Abort();
}
