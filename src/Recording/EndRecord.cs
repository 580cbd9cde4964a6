using Sallyport.Contract;

namespace Sallyport.Recording;

/// <summary>The payload of SessionEnd. Layout: docs/recording-format.md, "SessionEnd".</summary>
internal static class EndRecord
{
    private const int MaxReasonChars = 128;
    private const int MaxWireCodeChars = 64;
    private const int MaxDetailChars = 4096;

    /// <summary>No payload is longer.</summary>
    public const int MaxBytes = 64 + (3 * (MaxReasonChars + MaxWireCodeChars + MaxDetailChars));

    public static int Write(Span<byte> target, SessionEnd end, (long FromClient, long ToClient) offsets)
    {
        var writer = new SpanWriter(target);
        writer.U8((byte)end.Side);
        writer.U8((byte)end.Stage);
        writer.Varint((ulong)offsets.FromClient);
        writer.Varint((ulong)offsets.ToClient);
        writer.Text(Head(end.Reason, MaxReasonChars));
        writer.U8((byte)((end.WireCode is null ? 0 : 1) | (end.Detail is null ? 0 : 2)));
        writer.Text(Head(end.WireCode, MaxWireCodeChars));
        writer.Text(Head(end.Detail, MaxDetailChars));
        return writer.Position;
    }

    /// <summary>The end, or null when the payload is none.</summary>
    public static SessionEnd? Read(ReadOnlySpan<byte> payload)
    {
        var reader = new SpanReader(payload);
        byte side = reader.U8();
        byte stage = reader.U8();
        reader.Varint();
        reader.Varint();
        string reason = reader.Text();
        byte present = reader.U8();
        string wireCode = reader.Text();
        string detail = reader.Text();
        if (!reader.Ok || side > (byte)SessionSide.Proxy)
            return null;
        return new SessionEnd((SessionSide)side, (SessionStage)stage, reason, (present & 1) == 0 ? null : wireCode, (present & 2) == 0 ? null : detail);
    }

    private static ReadOnlySpan<char> Head(string? text, int chars) => text.AsSpan(0, Math.Min(text?.Length ?? 0, chars));
}
