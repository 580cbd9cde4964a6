using System.Buffers;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>Two pooled buffers: one fills while the other is sent. Neither is held while there is nothing to send. Guarded by its owner's lock.</summary>
/// <param name="capacity">Bytes that ordinary messages may fill.</param>
internal sealed class SshSendBuffer(int capacity, int first) : IDisposable
{
    private byte[] _filling = [];
    private byte[] _leaving = [];
    private int _used;

    public bool IsEmpty => _used == 0;

    /// <summary>True when another <paramref name="size"/> bytes fit; a buffer that is empty takes any message.</summary>
    public bool HasRoom(int size) => _used == 0 || _used + size <= capacity;

    /// <summary>True when another <paramref name="size"/> bytes are at most so far beyond the capacity.</summary>
    public bool HasRoomBeyond(int size, int beyond) => _used + size <= capacity + beyond;

    /// <summary>The next <paramref name="size"/> bytes; the caller has asked for room, or writes a message that must always go out.</summary>
    public Span<byte> Take(int size)
    {
        if (_used + size > _filling.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_used == 0 && size <= first ? first : Math.Max(_used + size, Math.Min(capacity, (_used + size) * 4)));
            _filling.AsSpan(0, _used).CopyTo(larger);
            Return(ref _filling);
            _filling = larger;
        }

        Span<byte> taken = _filling.AsSpan(_used, size);
        _used += size;
        return taken;
    }

    /// <summary>What was written, to be sent; it must not be touched before <see cref="Sent"/>.</summary>
    public ReadOnlyMemory<byte> Swap()
    {
        _leaving = _filling;
        _filling = [];
        ReadOnlyMemory<byte> bytes = _leaving.AsMemory(0, _used);
        _used = 0;
        return bytes;
    }

    public void Sent() => Return(ref _leaving);

    /// <summary>A buffer that may still be sent from is left to the collector.</summary>
    public void Dispose()
    {
        _leaving = [];
        _used = 0;
        Return(ref _filling);
    }

    private static void Return(ref byte[] buffer)
    {
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }
}
