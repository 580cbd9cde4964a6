using Sallyport.Contract;

namespace Sallyport.Policy.Masking;

/// <summary><c>null</c>: every value becomes NULL, whatever its type.</summary>
internal sealed class NullMask : IFieldMask
{
    public static NullMask Instance { get; } = new();

    public string Strategy => "null";

    public int MaxLength(int length) => 0;

    public bool TryMask(ReadOnlySpan<byte> value, FieldKind kind, Span<byte> destination, out int written)
    {
        written = 0;
        return false;
    }
}
