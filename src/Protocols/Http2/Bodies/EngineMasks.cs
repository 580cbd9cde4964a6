using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>No value at all.</summary>
internal sealed class NoValue : IFieldMask
{
    public static NoValue Instance { get; } = new();

    public string Strategy => "null";

    public int MaxLength(int length) => 0;

    public bool TryMask(ReadOnlySpan<byte> value, FieldKind kind, Span<byte> destination, out int written)
    {
        written = 0;
        return false;
    }
}

/// <summary>In the place of a message that may quote what is masked.</summary>
internal sealed class NoMessage : IFieldMask
{
    public static NoMessage Instance { get; } = new();

    private static ReadOnlySpan<byte> Text => "The message of the API server is not shown, since it may quote fields that are masked."u8;

    public string Strategy => "redact";

    public int MaxLength(int length) => Text.Length;

    public bool TryMask(ReadOnlySpan<byte> value, FieldKind kind, Span<byte> destination, out int written)
    {
        written = Text.TryCopyTo(destination) ? Text.Length : 0;
        return written > 0;
    }
}
