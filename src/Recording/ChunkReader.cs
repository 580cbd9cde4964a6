using System.IO.Hashing;
using System.Security.Cryptography;
using ZstdSharp;

namespace Sallyport.Recording;

/// <summary>What a step of reading found.</summary>
internal enum ChunkStatus : byte
{
    /// <summary>A chunk whose bytes are those that were written.</summary>
    Chunk,

    /// <summary><see cref="ChunkReader.Damage"/> says what and where.</summary>
    Damaged,

    /// <summary>The end of the file.</summary>
    End,
}

/// <summary>
/// Reads chunks and proves them: checksums, numbers, the hash chain. Takes no more than two bodies of memory, whatever the file says.
/// After damage it goes on at the next chunk that is whole in itself, if the stream can seek; nothing is proven from there on.
/// </summary>
internal sealed class ChunkReader : IDisposable
{
    // Each search may read a window twice; a file made of such places must not make this read it a hundred times.
    private const int MaxSearches = 1000;

    private readonly Stream _stream;
    private readonly Decompressor _zstd = new();
    private readonly byte[] _chain = new byte[ChunkHeader.ChainLength];
    private byte[] _stored = new byte[4096];
    private byte[] _raw = [];
    private long _offset;
    private long _expected;
    private bool _deferred;
    private int _searches;

    public ChunkReader(Stream stream) => _stream = stream;

    public FileHeader FileHeader { get; private set; }

    public ChunkHeader Header { get; private set; }

    /// <summary>Where the chunk begins.</summary>
    public long Offset { get; private set; }

    /// <summary>The chunk's records; valid until the next step.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    public Damage Damage { get; private set; }

    /// <summary>True as long as everything up to here follows, link by link, from the file header.</summary>
    public bool IsProven { get; private set; } = true;

    /// <summary>Bytes consumed so far.</summary>
    public long Position => _offset;

    /// <summary>Reads the file header, once, before the first chunk.</summary>
    public ChunkStatus ReadFileHeader()
    {
        int read = Fill(_stored.AsSpan(0, FileHeader.Length));
        DamageKind kind = FileHeader.TryParse(_stored.AsSpan(0, read), out FileHeader header);
        if (kind != DamageKind.None)
        {
            IsProven = false;
            Damage = new Damage(kind, 0, read);
            return ChunkStatus.Damaged;
        }

        SHA256.HashData(_stored.AsSpan(0, read), _chain);
        FileHeader = header;
        return ChunkStatus.Chunk;
    }

    /// <summary>The next chunk, damage, or the end.</summary>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public ChunkStatus Next()
    {
        if (_deferred)
            return Deferred();

        Offset = _offset;
        int read = Fill(_stored.AsSpan(0, ChunkHeader.Length));
        if (read == 0)
            return ChunkStatus.End;
        if (read < ChunkHeader.Length)
            return Bad(DamageKind.TornTail);
        DamageKind kind = ChunkHeader.TryParse(_stored, out ChunkHeader header);
        if (kind != DamageKind.None)
            return Resynchronise(kind);
        Header = header;

        if (_stored.Length < header.ChunkLength)
            Array.Resize(ref _stored, header.ChunkLength);
        if (Fill(_stored.AsSpan(ChunkHeader.Length, header.StoredLength)) < header.StoredLength)
            return Bad(DamageKind.TornTail);
        kind = Decode(header);
        return kind == DamageKind.None ? Link(header) : Bad(kind);
    }

    public void Dispose()
    {
        _zstd.Dispose();
        _stream.Dispose();
    }

    private ChunkStatus Link(in ChunkHeader header)
    {
        ReadOnlySpan<byte> previous = _stored.AsSpan(ChunkHeader.PreviousOffset, ChunkHeader.ChainLength);
        bool follows = header.Sequence == _expected && previous.SequenceEqual(_chain);
        SHA256.HashData(_stored.AsSpan(0, header.ChunkLength), _chain);
        _expected = header.Sequence + 1;
        if (follows)
            return ChunkStatus.Chunk;

        // Whole in itself but out of its place: say so once, then deliver it.
        IsProven = false;
        Damage = new Damage(DamageKind.ChainBroken, Offset, 0);
        _deferred = true;
        return ChunkStatus.Damaged;
    }

    private ChunkStatus Deferred()
    {
        _deferred = false;
        return ChunkStatus.Chunk;
    }

    private ChunkStatus Bad(DamageKind kind)
    {
        IsProven = false;
        Damage = new Damage(kind, Offset, _offset - Offset);
        return ChunkStatus.Damaged;
    }

    private DamageKind Decode(in ChunkHeader header)
    {
        ReadOnlySpan<byte> stored = _stored.AsSpan(ChunkHeader.Length, header.StoredLength);
        if (XxHash3.HashToUInt64(stored) != header.BodyChecksum)
            return DamageKind.ChunkBody;
        if ((header.Flags & ~ChunkFlags.Compressed) != 0)
            return DamageKind.Unsupported;
        if ((header.Flags & ChunkFlags.Compressed) == 0)
        {
            Body = _stored.AsMemory(ChunkHeader.Length, header.StoredLength);
            return header.RawLength == header.StoredLength ? DamageKind.None : DamageKind.Records;
        }

        // A bomb cannot grow past the buffer that the (bounded) header asked for.
        if (_raw.Length < header.RawLength)
            _raw = new byte[header.RawLength];
        Body = _raw.AsMemory(0, header.RawLength);
        try
        {
            return _zstd.TryUnwrap(stored, _raw.AsSpan(0, header.RawLength), out int written) && written == header.RawLength
                ? DamageKind.None
                : DamageKind.Records;
        }
        catch (ZstdException)
        {
            return DamageKind.Records;
        }
    }

    // Looks for the next place where a chunk header stands, checksum and all, and leaves the stream there.
    private ChunkStatus Resynchronise(DamageKind kind)
    {
        byte[] window = new byte[64 << 10];
        _stored.AsSpan(0, ChunkHeader.Length).CopyTo(window);
        int held = ChunkHeader.Length;
        int from = 1;
        bool search = _stream.CanSeek && _searches++ < MaxSearches;
        while (true)
        {
            int read = Fill(window.AsSpan(held));
            held += read;
            for (int at = from; search && at + ChunkHeader.Length <= held; at++)
            {
                int next = window.AsSpan(at, held - at).IndexOf("SPCK"u8);
                if (next < 0 || at + next + ChunkHeader.Length > held)
                    break;
                at += next;
                if (ChunkHeader.TryParse(window.AsSpan(at, held - at), out _) == DamageKind.None)
                {
                    _stream.Seek(at - held, SeekOrigin.Current);
                    _offset += at - held;
                    return Bad(kind);
                }
            }

            if (read == 0)
                return Bad(kind);
            int keep = Math.Min(held, ChunkHeader.Length - 1);
            window.AsSpan(held - keep, keep).CopyTo(window);
            held = keep;
            from = 0;
        }
    }

    private int Fill(Span<byte> target)
    {
        int read = _stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
        _offset += read;
        return read;
    }
}
