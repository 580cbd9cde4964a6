using System.Text.Unicode;
using Sallyport.Contract;

namespace Sallyport.Policy.Masking;

/// <summary>
/// <c>last4</c>: every character but the last four becomes <c>*</c>; of four or fewer, all. A character is a code point. Text that is not UTF-8
/// is masked whole, because where its characters end is not known.
/// </summary>
internal sealed class Last4Mask : IFieldMask
{
    private const int Kept = 4;

    public static Last4Mask Instance { get; } = new();

    public string Strategy => "last4";

    public int MaxLength(int length) => length;

    public bool TryMask(ReadOnlySpan<byte> value, FieldKind kind, Span<byte> destination, out int written)
    {
        written = 0;
        if (kind != FieldKind.Text || destination.Length < value.Length)
            return false;
        bool valid = Utf8.IsValid(value);
        ReadOnlySpan<byte> tail = valid ? Tail(value) : [];
        int stars = valid ? Characters(value[..^tail.Length]) : value.Length;
        destination[..stars].Fill((byte)'*');
        tail.CopyTo(destination[stars..]);
        written = stars + tail.Length;
        return true;
    }

    // Walks back over the last four lead bytes (a continuation byte is 10xxxxxx; RFC 3629, 3); empty unless more characters lie before them.
    private static ReadOnlySpan<byte> Tail(ReadOnlySpan<byte> value)
    {
        int start = value.Length;
        for (int kept = 0; kept < Kept && start > 0; kept++)
        {
            start--;
            while (start > 0 && (value[start] & 0xC0) == 0x80)
                start--;
        }

        return start == 0 ? [] : value[start..];
    }

    private static int Characters(ReadOnlySpan<byte> value)
    {
        int count = 0;
        foreach (byte b in value)
            count += (b & 0xC0) == 0x80 ? 0 : 1;
        return count;
    }
}
