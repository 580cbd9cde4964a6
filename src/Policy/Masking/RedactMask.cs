using Sallyport.Contract;

namespace Sallyport.Policy.Masking;

/// <summary><c>redact</c>: every text becomes the same word, so that not even its length is told.</summary>
internal sealed class RedactMask : IFieldMask
{
    private static readonly byte[] Word = "[redacted]"u8.ToArray();

    public static RedactMask Instance { get; } = new();

    public static int WordLength => Word.Length;

    public string Strategy => "redact";

    public int MaxLength(int length) => Word.Length;

    public bool TryMask(ReadOnlySpan<byte> value, FieldKind kind, Span<byte> destination, out int written)
    {
        written = 0;
        if (kind != FieldKind.Text || !Word.AsSpan().TryCopyTo(destination))
            return false;
        written = Word.Length;
        return true;
    }
}
