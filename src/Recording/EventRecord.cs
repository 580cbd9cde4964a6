namespace Sallyport.Recording;

/// <summary>An event of the session, as recorded. Layout: docs/recording-format.md, "Event".</summary>
/// <param name="Name">A fixed word.</param>
/// <param name="Detail">One line.</param>
public sealed record EventRecord(string Name, string Detail)
{
    private const int MaxNameChars = 128;
    private const int MaxDetailChars = 4096;

    internal static int MaxBytes(string name, string detail) =>
        (2 * SpanWriter.MaxVarint) + (3 * (Math.Min(name.Length, MaxNameChars) + Math.Min(detail.Length, MaxDetailChars)));

    internal static int Write(Span<byte> target, string name, string detail, out RecordFlags flags)
    {
        flags = name.Length > MaxNameChars || detail.Length > MaxDetailChars ? RecordFlags.Truncated : RecordFlags.None;
        var writer = new SpanWriter(target);
        writer.Text(name.AsSpan(0, Math.Min(name.Length, MaxNameChars)));
        writer.Text(detail.AsSpan(0, Math.Min(detail.Length, MaxDetailChars)));
        return writer.Position;
    }

    /// <summary>The event that a record holds, or null when its payload is none.</summary>
    public static EventRecord? Read(ReadOnlySpan<byte> payload)
    {
        var reader = new SpanReader(payload);
        var read = new EventRecord(reader.Text(), reader.Text());
        return reader.Ok ? read : null;
    }
}
