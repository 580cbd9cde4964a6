using System.Buffers.Binary;
using System.IO.Hashing;

namespace Sallyport.Recording;

/// <summary>How a chunk's body is stored.</summary>
[Flags]
internal enum ChunkFlags : ushort
{
    None = 0,

    /// <summary>The body is one zstd frame.</summary>
    Compressed = 1,

    /// <summary>Reserved: the body is encrypted.</summary>
    Encrypted = 2,

    /// <summary>Reserved: the chunk holds a signed checkpoint.</summary>
    Checkpoint = 4,
}

/// <summary>The 96 bytes in front of every chunk. Layout: docs/recording-format.md, "Chunk header".</summary>
internal readonly record struct ChunkHeader
{
    public const int Length = 96;
    public const int ChainLength = 32;
    public const int PreviousOffset = 48;

    /// <summary>Largest body, compressed or not, that a reader accepts: this bounds its memory.</summary>
    public const int MaxBody = 16 << 20;

    // "SPCK", read as a little-endian number.
    private const uint Magic = 0x4b435053;

    public ChunkFlags Flags { get; init; }

    public long Sequence { get; init; }

    /// <summary>Times of the first and the last record, microseconds since the file header's.</summary>
    public long FirstMicros { get; init; }

    public long LastMicros { get; init; }

    public int RawLength { get; init; }

    public int StoredLength { get; init; }

    public int Records { get; init; }

    public ulong BodyChecksum { get; init; }

    /// <summary>Whole length of the chunk in the file.</summary>
    public int ChunkLength => Length + StoredLength;

    public void Write(Span<byte> target, ReadOnlySpan<byte> previousChain)
    {
        target = target[..Length];
        target.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(target[4..], Length);
        BinaryPrimitives.WriteUInt16LittleEndian(target[6..], (ushort)Flags);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], FirstMicros);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], LastMicros);
        BinaryPrimitives.WriteInt32LittleEndian(target[32..], RawLength);
        BinaryPrimitives.WriteInt32LittleEndian(target[36..], StoredLength);
        BinaryPrimitives.WriteInt32LittleEndian(target[40..], Records);
        previousChain.CopyTo(target[PreviousOffset..]);
        BinaryPrimitives.WriteUInt64LittleEndian(target[80..], BodyChecksum);
        BinaryPrimitives.WriteUInt64LittleEndian(target[88..], XxHash3.HashToUInt64(target[..88]));
    }

    /// <summary>The header, or what is wrong with it. Once this says None, every length is within its bound.</summary>
    public static DamageKind TryParse(ReadOnlySpan<byte> source, out ChunkHeader header)
    {
        header = default;
        if (source.Length < Length || BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic)
            return DamageKind.ChunkHeader;
        if (XxHash3.HashToUInt64(source[..88]) != BinaryPrimitives.ReadUInt64LittleEndian(source[88..]))
            return DamageKind.ChunkHeader;

        header = new ChunkHeader
        {
            Flags = (ChunkFlags)BinaryPrimitives.ReadUInt16LittleEndian(source[6..]),
            Sequence = BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            FirstMicros = BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            LastMicros = BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
            RawLength = BinaryPrimitives.ReadInt32LittleEndian(source[32..]),
            StoredLength = BinaryPrimitives.ReadInt32LittleEndian(source[36..]),
            Records = BinaryPrimitives.ReadInt32LittleEndian(source[40..]),
            BodyChecksum = BinaryPrimitives.ReadUInt64LittleEndian(source[80..]),
        };
        bool sane = BinaryPrimitives.ReadUInt16LittleEndian(source[4..]) == Length
            && BinaryPrimitives.ReadUInt32LittleEndian(source[44..]) == 0
            && header.Sequence >= 0
            && header.FirstMicros >= 0 && header.FirstMicros <= header.LastMicros && header.LastMicros <= RecordTime.MaxMicros
            && header.RawLength is > 0 and <= MaxBody && header.StoredLength is > 0 and <= MaxBody
            && header.Records > 0 && header.Records <= header.RawLength;
        return sane ? DamageKind.None : DamageKind.ChunkHeader;
    }
}
