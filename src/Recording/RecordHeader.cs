namespace Sallyport.Recording;

/// <summary>What stands in front of every record's payload: type, flags, time since the record before, length. Layout: docs/recording-format.md, "Record".</summary>
internal static class RecordHeader
{
    /// <summary>Type, flags, a time of up to 63 bits, a length of up to 28 bits (records are far smaller).</summary>
    public const int MaxLength = 2 + SpanWriter.MaxVarint + 4;

    /// <summary>Returns how many bytes it took.</summary>
    public static int Write(Span<byte> target, RecordType type, RecordFlags flags, long deltaMicros, int length)
    {
        // Written aside, since the payload may begin right behind: a varint that grew into it would destroy it.
        Span<byte> header = stackalloc byte[MaxLength];
        var writer = new SpanWriter(header);
        writer.U8((byte)type);
        writer.U8((byte)flags);
        writer.Varint((ulong)deltaMicros);
        writer.Varint((ulong)length);
        header[..writer.Position].CopyTo(target);
        return writer.Position;
    }
}
