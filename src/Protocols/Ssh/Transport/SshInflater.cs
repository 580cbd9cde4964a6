using System.IO.Compression;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>Decompresses payloads (RFC 4253 6.2). What a packet grows to is bounded as packets are: a few bytes can stand for a thousand times as many. One owner.</summary>
internal sealed class SshInflater : IDisposable
{
    private readonly Feed _feed = new();
    private readonly ZLibStream _zlib;
    private byte[] _plain = new byte[16 << 10];

    public SshInflater() => _zlib = new ZLibStream(_feed, CompressionMode.Decompress, leaveOpen: true);

    /// <summary>The payload, valid until the next call; false: it is none, or too large.</summary>
    public bool TryInflate(ReadOnlyMemory<byte> compressed, out Memory<byte> payload)
    {
        payload = default;
        _feed.Next = compressed;
        int length = 0;
        try
        {
            while (true)
            {
                int count = _zlib.Read(_plain, length, _plain.Length - length);
                if (count == 0)
                    break;
                length += count;
                if (length < _plain.Length)
                    continue;
                if (length > SshPacket.MaxLength)
                    return false;
                Array.Resize(ref _plain, Math.Min(_plain.Length * 4, SshPacket.MaxLength + 1));
            }
        }
        catch (InvalidDataException)
        {
            return false;
        }

        payload = _plain.AsMemory(0, length);
        return length > 0 && length <= SshPacket.MaxLength && _feed.Next.IsEmpty;
    }

    public void Dispose()
    {
        _zlib.Dispose();
        _feed.Dispose();
    }

    /// <summary>Gives what there is, and "nothing now" after it.</summary>
    private sealed class Feed : Stream
    {
        public ReadOnlyMemory<byte> Next { get; set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            int count = Math.Min(buffer.Length, Next.Length);
            Next.Span[..count].CopyTo(buffer);
            Next = Next[count..];
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
