using System.Buffers.Binary;
using System.IO.Hashing;

namespace Sallyport.Recording;

/// <summary>The first 64 bytes of a recording. Layout: docs/recording-format.md, "File header".</summary>
/// <param name="SessionId">The session's id, as in its facts.</param>
/// <param name="StartedAt">The moment (UTC, whole microseconds) that every time in the file counts from.</param>
public readonly record struct FileHeader(Guid SessionId, DateTimeOffset StartedAt)
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 64;

    /// <summary>The version that this code writes and reads.</summary>
    public const int Version = 1;

    // The CR LF and the DOS end-of-file byte betray a transfer in text mode at once, as in PNG (RFC 2083 12.12).
    private static ReadOnlySpan<byte> Magic => "SPREC\r\n\x1a"u8;

    internal void Write(Span<byte> target)
    {
        target = target[..Length];
        target.Clear();
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt16LittleEndian(target[8..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(target[10..], Length);
        SessionId.TryWriteBytes(target[16..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], (StartedAt.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);
        BinaryPrimitives.WriteUInt64LittleEndian(target[56..], XxHash3.HashToUInt64(target[..56]));
    }

    internal static DamageKind TryParse(ReadOnlySpan<byte> source, out FileHeader header)
    {
        header = default;
        if (source.Length < Length || !source.StartsWith(Magic))
            return DamageKind.NotARecording;
        if (XxHash3.HashToUInt64(source[..56]) != BinaryPrimitives.ReadUInt64LittleEndian(source[56..]))
            return DamageKind.FileHeader;
        bool known = BinaryPrimitives.ReadUInt16LittleEndian(source[8..]) == Version
            && BinaryPrimitives.ReadUInt16LittleEndian(source[10..]) == Length
            && BinaryPrimitives.ReadUInt32LittleEndian(source[12..]) == 0;
        if (!known)
            return DamageKind.Unsupported;

        long micros = BinaryPrimitives.ReadInt64LittleEndian(source[32..]);
        if (micros < 0 || micros > RecordTime.MaxMicros)
            return DamageKind.FileHeader;
        header = new FileHeader(new Guid(source.Slice(16, 16), bigEndian: true), RecordTime.At(DateTimeOffset.UnixEpoch, micros));
        return DamageKind.None;
    }
}
