using System.Security.Cryptography;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>IDs of our own messages.</summary>
internal static class SamlId
{
    /// <summary>An underscore, as xs:ID begins with no digit, and 160 bits that nobody guesses (SAML core 1.3.4 wants 128 at least).</summary>
    public static string New() => "_" + RandomNumberGenerator.GetHexString(40, lowercase: true);
}
