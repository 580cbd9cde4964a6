using System.Buffers;
using System.Text;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Http1;

/// <summary>Character classes of RFC 9110 5.6 and small readings over them.</summary>
internal static class H1Bytes
{
    /// <summary>Names of fields are kept in a buffer on the stack while they are made lower case.</summary>
    public const int LongestName = 256;

    /// <summary>What no line may have inside: controls other than HTAB (RFC 9110 5.5).</summary>
    public static readonly SearchValues<byte> Controls = SearchValues.Create([.. Enumerable.Range(0, 32).Where(static b => b != '\t').Append(0x7f).Select(static b => (byte)b)]);

    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789"u8);

    public static ReadOnlySpan<byte> TrimOws(ReadOnlySpan<byte> value) => value.Trim(" \t"u8);

    /// <summary>A number in digits, without sign or leading zeros: some read those as octal.</summary>
    public static bool TryNumber(ReadOnlySpan<byte> text, out long number)
    {
        number = 0;
        if (text.Length is 0 or > 18 || text.ContainsAnyExcept(Digits) || (text.Length > 1 && text[0] == '0'))
            return false;
        foreach (byte digit in text)
            number = (number * 10) + (digit - '0');
        return true;
    }

    /// <summary>Adds a field whose name is a token, with the name in lower case.</summary>
    public static bool TryAddLowered(HttpHead into, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Span<byte> lowered = stackalloc byte[LongestName];
        if (Ascii.ToLower(name, lowered, out int length) != OperationStatus.Done)
            return false;
        lowered = lowered[..length];
        return into.TryAdd(lowered, value, SecretFields.Has(lowered));
    }
}
