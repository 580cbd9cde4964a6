using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Sallyport.Protocols.Http2.WebSockets;

/// <summary>Whether a text that comes in pieces is UTF-8 (RFC 6455 8.1). Keeps at most the first three bytes of a character that is not whole.</summary>
internal struct Utf8Stream
{
    private uint _kept;
    private int _count;

    /// <summary>No character is begun.</summary>
    public readonly bool IsWhole => _count == 0;

    /// <returns>False: it is not UTF-8, whatever follows.</returns>
    public bool TryTake(ReadOnlySpan<byte> bytes)
    {
        while (_count > 0 && !bytes.IsEmpty)
        {
            Span<byte> character = [(byte)_kept, (byte)(_kept >> 8), (byte)(_kept >> 16), 0];
            character[_count] = bytes[0];
            OperationStatus status = Rune.DecodeFromUtf8(character[..(_count + 1)], out _, out _);
            if (status == OperationStatus.InvalidData)
                return false;
            _kept |= (uint)bytes[0] << (8 * _count);
            _count = status == OperationStatus.Done ? 0 : _count + 1;
            _kept = _count == 0 ? 0 : _kept;
            bytes = bytes[1..];
        }

        int tail = TailOf(bytes);
        for (int i = 0; i < tail; i++)
            _kept |= (uint)bytes[bytes.Length - tail + i] << (8 * i);
        if (tail > 0)
            _count = tail;
        return Utf8.IsValid(bytes[..^tail]) && (tail == 0 || Rune.DecodeFromUtf8(bytes[^tail..], out _, out _) == OperationStatus.NeedMoreData);
    }

    /// <summary>Bytes at the end that begin a character and do not end it.</summary>
    private static int TailOf(ReadOnlySpan<byte> bytes)
    {
        for (int i = 1; i <= Math.Min(3, bytes.Length); i++)
        {
            byte b = bytes[^i];
            if (b < 0x80)
                return 0;
            if (b >= 0xc0)
                return i < (b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2) ? i : 0;
        }

        return 0;
    }
}
