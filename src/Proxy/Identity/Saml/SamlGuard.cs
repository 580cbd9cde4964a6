using System.Security.Cryptography;
using System.Text;
using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>The one place where what libraries throw over hostile bytes becomes a word. Their messages may quote the bytes, so none is kept.</summary>
internal static class SamlGuard
{
    /// <summary>Reads something of a message.</summary>
    public delegate T? Reading<T>(out string? refusal)
        where T : class;

    /// <summary>The result of <paramref name="reading"/>, or null with its refusal, or <see cref="SamlRefusals.Malformed"/> when it threw.</summary>
    public static T? Run<T>(Reading<T> reading, out string? refusal)
        where T : class
    {
        try
        {
            T? result = reading(out refusal);
            if (result is null)
                refusal ??= SamlRefusals.Structure;
            return result;
        }
        catch (Exception failure) when (failure is XmlException or DecoderFallbackException or CryptographicException or FormatException or InvalidDataException)
        {
            refusal = SamlRefusals.Malformed;
            return null;
        }
    }
}
