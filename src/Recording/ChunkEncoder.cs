using ZstdSharp;

namespace Sallyport.Recording;

/// <summary>Compresses chunks, one after another. One per writer thread: a zstd context and an output buffer are dear to make.</summary>
internal sealed class ChunkEncoder : IDisposable
{
    // Below this, zstd's frame eats what it saves, and a reader of the plain file sees the records as they are.
    private const int WorthCompressing = 512;

    private readonly Compressor _zstd;
    private byte[] _output = [];

    public ChunkEncoder(int level) => _zstd = new Compressor(level);

    /// <summary>The chunk with room for its header in front: the body compressed, or as it is when that is no smaller. Valid until the next call.</summary>
    public Span<byte> Encode(ReadOnlySpan<byte> raw, out ChunkFlags flags)
    {
        int bound = Compressor.GetCompressBound(raw.Length);
        if (_output.Length < ChunkHeader.Length + bound)
            _output = GC.AllocateUninitializedArray<byte>(ChunkHeader.Length + bound);
        Span<byte> body = _output.AsSpan(ChunkHeader.Length);

        flags = ChunkFlags.None;
        int length = raw.Length;
        if (raw.Length >= WorthCompressing && _zstd.TryWrap(raw, body, out int written) && written < raw.Length)
        {
            flags = ChunkFlags.Compressed;
            length = written;
        }
        else
        {
            raw.CopyTo(body);
        }

        return _output.AsSpan(0, ChunkHeader.Length + length);
    }

    public void Dispose() => _zstd.Dispose();
}
