namespace Sallyport.Proxy.Identity.Saml;

/// <summary>Base64 as forms and XML carry it: the standard alphabet, with line breaks.</summary>
internal static class SamlBase64
{
    /// <summary>The octets; null when it is not base64.</summary>
    public static byte[]? Decode(string text)
    {
        byte[] octets = new byte[(text.Length / 4 * 3) + 3];
        return Convert.TryFromBase64String(text, octets, out int written) ? octets[..written] : null;
    }
}
