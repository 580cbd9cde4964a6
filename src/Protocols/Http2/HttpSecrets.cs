using System.Text;

namespace Sallyport.Protocols.Http2;

/// <summary>Parameters of a query whose values are secrets: they go into no record, no approval and no message.</summary>
internal static class HttpSecrets
{
    // Without hyphens, underscores and dots, in lower case.
    private static readonly byte[][] Names =
    [
        .. new[]
        {
            "auth", "authorization", "apikey", "assertion", "code", "codeverifier", "credential", "credentials", "jwt", "key", "pass", "pwd", "privatekey", "samlrequest", "samlresponse",
            "sessionid", "sid", "sig", "xamzcredential", "xgoogcredential", "ticket", "otp",
        }.Select(Encoding.ASCII.GetBytes),
    ];

    private static readonly byte[][] Endings = [.. new[] { "token", "secret", "password", "passwd", "signature", "accesskey", "apikey", "passphrase" }.Select(Encoding.ASCII.GetBytes)];

    /// <summary>What stands in the place of a secret.</summary>
    public static ReadOnlySpan<byte> Blank => "[redacted]"u8;

    /// <summary>True when the value of this parameter is a secret.</summary>
    /// <param name="name">As it was sent.</param>
    public static bool IsSecret(ReadOnlySpan<byte> name)
    {
        const int Longest = 128;
        Span<byte> decoded = stackalloc byte[Longest];
        // What cannot be read could be anything.
        if (name.Length > Longest || !PercentText.TryDecodeForm(name, decoded, out int length))
            return true;
        int kept = 0;
        foreach (byte c in decoded[..length])
        {
            if (c is not ((byte)'-' or (byte)'_' or (byte)'.'))
                decoded[kept++] = c is >= (byte)'A' and <= (byte)'Z' ? (byte)(c + 32) : c;
        }

        ReadOnlySpan<byte> plain = decoded[..kept];
        foreach (byte[] ending in Endings)
        {
            if (plain.EndsWith(ending))
                return true;
        }

        foreach (byte[] known in Names)
        {
            if (plain.SequenceEqual(known))
                return true;
        }

        return false;
    }
}
