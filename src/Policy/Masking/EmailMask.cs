using System.Buffers;
using System.Text.Unicode;
using Sallyport.Contract;

namespace Sallyport.Policy.Masking;

/// <summary>
/// <c>email</c>: <c>jane@example.com</c> becomes <c>j***@example.com</c>: the first character and the domain stay, and the stars are always three.
/// A local part of one character is not shown at all. What is not plainly one address is redacted.
/// </summary>
internal sealed class EmailMask : IFieldMask
{
    // RFC 5321, 4.5.3.1.3: a path has at most 256 octets, its two angle brackets included.
    private const int LongestAddress = 254;

    // What no unquoted address contains (RFC 5322, 3.2.3). With one of these the text is a list, has a display name, or is something else.
    private static readonly SearchValues<byte> Foreign = SearchValues.Create("\"(),:;<>[\\] \t\r\n\v\f\0"u8);

    public static EmailMask Instance { get; } = new();

    public string Strategy => "email";

    public int MaxLength(int length) => length > LongestAddress ? RedactMask.WordLength : Math.Max(RedactMask.WordLength, length + 2);

    public bool TryMask(ReadOnlySpan<byte> value, FieldKind kind, Span<byte> destination, out int written)
    {
        int at = value.IndexOf((byte)'@');
        if (!IsAddress(value, at))
            return RedactMask.Instance.TryMask(value, kind, destination, out written);
        written = 0;
        int first = FirstCharacter(value[..at]);
        // Of "j@example.com" the first character would be everything.
        ReadOnlySpan<byte> head = first < at ? value[..first] : [];
        ReadOnlySpan<byte> domain = value[at..];
        int length = head.Length + 3 + domain.Length;
        if (kind != FieldKind.Text || destination.Length < length)
            return false;
        head.CopyTo(destination);
        "***"u8.CopyTo(destination[head.Length..]);
        domain.CopyTo(destination[(head.Length + 3)..]);
        written = length;
        return true;
    }

    private static bool IsAddress(ReadOnlySpan<byte> value, int at)
    {
        if (at < 1 || value.Length > LongestAddress || !Utf8.IsValid(value) || value.ContainsAny(Foreign))
            return false;
        ReadOnlySpan<byte> domain = value[(at + 1)..];
        int dot = domain.LastIndexOf((byte)'.');
        return dot > 0 && dot < domain.Length - 1 && !domain.Contains((byte)'@');
    }

    private static int FirstCharacter(ReadOnlySpan<byte> text)
    {
        int length = 1;
        while (length < text.Length && (text[length] & 0xC0) == 0x80)
            length++;
        return length;
    }
}
