using System.IO.Compression;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>Compresses payloads (RFC 4253 6.2): one zlib stream, flushed to a byte's end at every packet. One owner.</summary>
internal sealed class SshDeflater : IDisposable
{
    private readonly MemoryStream _compressed = new();
    private readonly ZLibStream _zlib;

    public SshDeflater() => _zlib = new ZLibStream(_compressed, CompressionLevel.Fastest, leaveOpen: true);

    /// <summary>The compressed payload, valid until the next call.</summary>
    public ReadOnlySpan<byte> Deflate(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        _compressed.SetLength(0);
        _zlib.Write(head);
        _zlib.Write(body);
        _zlib.Flush();
        return _compressed.GetBuffer().AsSpan(0, (int)_compressed.Length);
    }

    public void Dispose()
    {
        _zlib.Dispose();
        _compressed.Dispose();
    }
}
