using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>
/// The form of an API token: <c>sp_pat_</c>, 256 random bits, and a checksum. The prefix lets secret scanners find it, the checksum lets
/// them, and us, tell it from something that only looks like one without asking anybody.
/// </summary>
internal static class ApiTokenText
{
    public const string Prefix = "sp_pat_";

    private const int SecretLength = 43;
    private const int CheckLength = 6;
    private const int Length = 7 + SecretLength + CheckLength;

    private static readonly SearchValues<char> Alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>A new token.</summary>
    public static string Create()
    {
        string body = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return body + Check(body);
    }

    /// <summary>True when it claims to be one.</summary>
    public static bool IsMeant(string token) => token.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>True when it has the form of one and its checksum is right.</summary>
    public static bool IsWhole(string token) =>
        token.Length == Length && IsMeant(token) && token.AsSpan(Prefix.Length).IndexOfAnyExcept(Alphabet) < 0
        && token.AsSpan(Length - CheckLength).SequenceEqual(Check(token[..(Length - CheckLength)]));

    /// <summary>What is kept of a token.</summary>
    public static byte[] Hash(string token) => SHA256.HashData(Encoding.ASCII.GetBytes(token));

    private static string Check(string body) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(body)))[..CheckLength];
}
