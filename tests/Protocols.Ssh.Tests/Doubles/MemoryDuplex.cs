using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Tests.Doubles;

/// <summary>Two ends of a connection in memory. What one end reads comes in chunks of the test's choosing.</summary>
internal sealed class MemoryDuplex : IDuplex
{
    private readonly MemoryReader _input;
    private readonly MemoryReader _output;

    private MemoryDuplex(MemoryReader input, MemoryReader output)
    {
        _input = input;
        _output = output;
    }

    public PipeReader Input => _input;

    public IPEndPoint Remote { get; } = new(IPAddress.Loopback, 22);

    public SslStream? Tls => null;

    /// <summary>Sees what this end sends before the other end gets it, and may change it.</summary>
    public Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>? Tap { get; set; }

    public long BytesSent { get; private set; }

    /// <summary>How this end's peer comes to read: bytes more at each read.</summary>
    public static (MemoryDuplex A, MemoryDuplex B) Pair(Func<Func<int>>? chunks = null, int capacity = int.MaxValue)
    {
        var toA = new MemoryReader(chunks?.Invoke(), capacity);
        var toB = new MemoryReader(chunks?.Invoke(), capacity);
        return (new MemoryDuplex(toA, toB), new MemoryDuplex(toB, toA));
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel = default)
    {
        if (Tap is { } tap)
            bytes = tap(bytes);
        BytesSent += bytes.Length;
        return _output.AddAsync(bytes, cancel);
    }

    /// <summary>From now on no send ends before the connection is cut.</summary>
    public void StopReading() => _input.Stop();

    public ValueTask<IDuplex> StartTlsAsServerAsync(SslServerAuthenticationOptions options, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<IDuplex> StartTlsAsClientAsync(SslClientAuthenticationOptions options, CancellationToken cancel) => throw new NotSupportedException();

    public void CloseOutput() => _output.End(null);

    public void Abort()
    {
        _output.End(new IOException("aborted"));
        _input.End(new IOException("aborted"));
    }

    public ValueTask DisposeAsync()
    {
        CloseOutput();
        _input.End(new IOException("disposed"));
        return default;
    }
}
