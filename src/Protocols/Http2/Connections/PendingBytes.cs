using System.Buffers;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>Bytes of one stream that its reader has no room for yet. Bounded by the window that was granted to their sender; holds no memory while it is empty.</summary>
internal struct PendingBytes
{
    private const int Smallest = 4096;

    private byte[]? _buffer;
    private int _start;

    public int Length { get; private set; }

    public readonly bool IsEmpty => Length == 0;

    /// <summary>What is there, first come first.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _buffer.AsSpan(_start, Length);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        MakeRoom(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_start + Length));
        Length += bytes.Length;
    }

    /// <summary>The first <paramref name="count"/> bytes are gone.</summary>
    public void Consume(int count)
    {
        _start += count;
        Length -= count;
        if (Length == 0)
            Clear();
    }

    public void Clear()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _start = 0;
        Length = 0;
    }

    private void MakeRoom(int count)
    {
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(Smallest, count));
            return;
        }

        if (_buffer.Length - _start - Length >= count)
            return;
        byte[] old = _buffer;
        byte[] into = old.Length - Length >= count && Length <= old.Length / 2 ? old : ArrayPool<byte>.Shared.Rent(Math.Max(old.Length * 2, Length + count));
        old.AsSpan(_start, Length).CopyTo(into);
        if (into != old)
            ArrayPool<byte>.Shared.Return(old);
        _buffer = into;
        _start = 0;
    }
}
