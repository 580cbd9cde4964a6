using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;
using Sallyport.Contract;

namespace Sallyport.Protocols.Wire;

/// <summary>A duplex inside TLS over another duplex.</summary>
internal sealed class TlsDuplex : IDuplex
{
    private readonly IDuplex _inner;
    private readonly SslStream _tls;
    private readonly StreamReader _reader;

    private TlsDuplex(IDuplex inner, SslStream tls)
    {
        _inner = inner;
        _tls = tls;
        _reader = new StreamReader(tls);
    }

    public PipeReader Input => _reader;

    public IPEndPoint Remote => _inner.Remote;

    public SslStream? Tls => _tls;

    /// <summary>Runs <paramref name="handshake"/> over <paramref name="inner"/>.</summary>
    public static async ValueTask<IDuplex> StartAsync(IDuplex inner, Func<SslStream, Task> handshake)
    {
        var tls = new SslStream(new DuplexStream(inner), leaveInnerStreamOpen: true);
        try
        {
            await handshake(tls).ConfigureAwait(false);
            return new TlsDuplex(inner, tls);
        }
        catch
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel = default) => _tls.WriteAsync(bytes, cancel);

    public ValueTask<IDuplex> StartTlsAsServerAsync(SslServerAuthenticationOptions options, CancellationToken cancel) =>
        throw new InvalidOperationException("TLS inside TLS.");

    public ValueTask<IDuplex> StartTlsAsClientAsync(SslClientAuthenticationOptions options, CancellationToken cancel) =>
        throw new InvalidOperationException("TLS inside TLS.");

    public void CloseOutput() => _inner.CloseOutput();

    public void Abort() => _inner.Abort();

    public async ValueTask DisposeAsync()
    {
        Abort();
        await _tls.DisposeAsync().ConfigureAwait(false);
        _reader.Complete();
        await _inner.DisposeAsync().ConfigureAwait(false);
    }

    private sealed class StreamReader(Stream stream) : BufferedReader
    {
        private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _receive;

        protected override bool BeginReceive(Memory<byte> buffer, CancellationToken cancel)
        {
            _receive = stream.ReadAsync(buffer, cancel).ConfigureAwait(false).GetAwaiter();
            return _receive.IsCompleted;
        }

        protected override void OnReceived(Action ended) => _receive.UnsafeOnCompleted(ended);

        protected override int EndReceive() => _receive.GetResult();
    }
}
