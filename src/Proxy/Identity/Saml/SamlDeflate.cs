using System.IO.Compression;
using System.Text;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>The DEFLATE encoding of HTTP-Redirect (SAML bindings 3.4.4.1): RFC 1951 without a zlib header, then base64.</summary>
internal static class SamlDeflate
{
    /// <summary>A message as a query carries it, before URL encoding.</summary>
    public static string Encode(string xml)
    {
        using var octets = new MemoryStream();
        using (var deflate = new DeflateStream(octets, CompressionLevel.Optimal, leaveOpen: true))
            deflate.Write(Encoding.UTF8.GetBytes(xml));
        return Convert.ToBase64String(octets.ToArray());
    }

    /// <summary>The octets inside; null with the word for it. Stops at <see cref="SamlLimits.LongestXml"/>, however much would come out.</summary>
    /// <exception cref="InvalidDataException">It is not DEFLATE.</exception>
    public static byte[]? Decode(string text, out string? refusal)
    {
        refusal = text.Length > SamlLimits.LongestMessage ? SamlRefusals.TooLarge : SamlRefusals.Malformed;
        if (text.Length > SamlLimits.LongestMessage || SamlBase64.Decode(text) is not { } packed)
            return null;
        using var deflate = new DeflateStream(new MemoryStream(packed), CompressionMode.Decompress);
        byte[] octets = new byte[SamlLimits.LongestXml + 1];
        int length = deflate.ReadAtLeast(octets, octets.Length, throwOnEndOfStream: false);
        refusal = length > SamlLimits.LongestXml ? SamlRefusals.TooLarge : null;
        return refusal is null ? octets[..length] : null;
    }
}
