namespace Sallyport.Protocols.Http2.Heads;

/// <summary>Values of fields that have a form.</summary>
internal static class HeadValues
{
    /// <summary>The client waits for 100 before it sends the body (RFC 9110 10.1.1).</summary>
    public static bool ExpectsContinue(HttpHead head) => FieldRules.EqualsIgnoringCase(head.Value("expect"u8), "100-continue"u8);

    /// <summary>Three digits (RFC 9110 15); 0: it is not that.</summary>
    public static int Status(HttpHead head)
    {
        ReadOnlySpan<byte> value = head.Value(":status"u8);
        if (value.Length != 3)
            return 0;
        int status = 0;
        foreach (byte digit in value)
        {
            if (digit is < (byte)'0' or > (byte)'9')
                return 0;
            status = (status * 10) + digit - '0';
        }

        return status is >= 100 and < 1000 ? status : 0;
    }

    /// <summary>Digits alone (RFC 9110 8.6); -1: there is no such field, or it is not that.</summary>
    public static long ContentLength(HttpHead head) => FieldRules.TryReadLength(head.Value("content-length"u8), out long length) ? length : -1;
}
