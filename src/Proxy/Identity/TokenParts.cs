using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Sallyport.Proxy.Identity;

/// <summary>
/// The outer form of a token, read before anything is believed: enough to choose the issuer whose keys and rules then judge it, and to
/// refuse what no issuer may send. Nothing here verifies.
/// </summary>
internal sealed record TokenParts
{
    /// <summary>Longest token taken. Identity providers stay far below it: they must fit an HTTP header (commonly 8 KiB).</summary>
    public const int LongestToken = 16 * 1024;

    /// <summary>Longest <c>kid</c>, <c>iss</c>, and any claim taken over into an identity.</summary>
    public const int LongestName = 512;

    /// <summary>Algorithms with a public key to verify with. <c>none</c> and HS* are not among them, so no configuration can allow them.</summary>
    public static readonly IReadOnlyList<string> Algorithms =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>A member twice is how two parsers are made to see two tokens (RFC 7519 4 lets a reader refuse it).</summary>
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Header members that carry or point to a key (RFC 7515 4.1.2, 4.1.3, 4.1.5, 4.1.6): the sender would choose what verifies it.</summary>
    private static readonly string[] KeyMembers = ["jwk", "jku", "x5u", "x5c"];

    /// <summary>The signature algorithm the token claims.</summary>
    public required string Algorithm { get; init; }

    /// <summary>A lookup key among the issuer's keys and nothing else; null when there is none.</summary>
    public required string? KeyId { get; init; }

    /// <summary>The issuer the token claims.</summary>
    public required string Issuer { get; init; }

    /// <summary>True when it says that it is an access token (RFC 9068 2.1), not only that it is a JWT.</summary>
    public required bool IsAccessToken { get; init; }

    /// <summary>The payload. Believe it only after the signature over it has been verified.</summary>
    public required JsonElement Payload { get; init; }

    /// <summary>Reads the parts; null with the word for it when the token is refused.</summary>
    /// <param name="type">The one <c>typ</c> it may have, upper case, or none; null: those of access tokens.</param>
    public static TokenParts? Read(string token, out string? refusal, string? type = null)
    {
        refusal = token.Length == 0 ? Refusals.Missing : token.Length > LongestToken ? Refusals.TooLarge : null;
        if (refusal is not null)
            return null;

        refusal = Refusals.Malformed;
        string[] segments = token.Split('.', 4);
        if (segments.Length != 3 || Decode(segments[0]) is not { } header || Decode(segments[1]) is not { } payload)
            return null;
        refusal = RefuseHeader(header, type) ?? (IsBase64Url(segments[2]) ? null : Refusals.Malformed);
        if (refusal is not null)
            return null;

        string? issuer = Text(payload, "iss");
        refusal = issuer is null ? Refusals.Issuer : null;
        return issuer is null ? null : new TokenParts
        {
            Algorithm = Text(header, "alg")!,
            KeyId = Text(header, "kid"),
            Issuer = issuer,
            IsAccessToken = Type(header) is "AT+JWT" or "APPLICATION/AT+JWT",
            Payload = payload,
        };
    }

    /// <summary>A non-empty string member of bounded length, else null.</summary>
    public static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && StringOf(value) is { Length: > 0 and <= LongestName } text ? text : null;

    /// <summary>The string this is; null when it is none, or holds half a surrogate pair (which JSON can write and Unicode has no meaning for).</summary>
    public static string? StringOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Nothing is nested (<c>cty</c>, RFC 7519 5.2) or compressed (<c>zip</c>) in an access token; <c>b64</c> (RFC 7797) would change what is signed.</summary>
    private static string? RefuseHeader(JsonElement header, string? type)
    {
        if (Text(header, "alg") is not { } algorithm)
            return Refusals.Malformed;
        if (!Algorithms.Contains(algorithm))
            return Refusals.Algorithm;
        if (header.TryGetProperty("crit", out _) || header.TryGetProperty("b64", out _))
            return Refusals.Critical;
        if (header.TryGetProperty("cty", out _) || header.TryGetProperty("zip", out _))
            return Refusals.Type;
        if (KeyMembers.Any(member => header.TryGetProperty(member, out _)))
            return Refusals.EmbeddedKey;
        if (header.TryGetProperty("kid", out _) && Text(header, "kid") is null)
            return Refusals.Malformed;
        return TypeAccepted(header, type) ? null : Refusals.Type;
    }

    /// <summary>
    /// RFC 9068 2.1: <c>at+jwt</c>, with or without <c>application/</c>; RFC 7519 5.1: <c>JWT</c>. Without <c>typ</c> it is taken, since
    /// Kubernetes service account tokens have none.
    /// </summary>
    private static bool TypeAccepted(JsonElement header, string? only)
    {
        if (!header.TryGetProperty("typ", out _))
            return true;
        string? named = Type(header);
        return only is null ? named is "JWT" or "AT+JWT" or "APPLICATION/AT+JWT" : named == only || (only == "LOGOUT+JWT" && named == "JWT");
    }

    private static string? Type(JsonElement header) =>
        header.TryGetProperty("typ", out JsonElement type) ? StringOf(type)?.ToUpperInvariant() : null;

    private static JsonElement? Decode(string segment)
    {
        if (segment.Length == 0 || !IsBase64Url(segment))
            return null;
        try
        {
            using JsonDocument json = JsonDocument.Parse(Base64Url.DecodeFromChars(segment), Strict);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone() : null;
        }
        catch (Exception malformed) when (malformed is JsonException or FormatException or DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>RFC 7515 2: the URL-safe alphabet, no padding, no white space.</summary>
    private static bool IsBase64Url(string segment) =>
        segment.AsSpan().IndexOfAnyExcept(UrlAlphabet) < 0 && segment.Length % 4 != 1;

    private static readonly System.Buffers.SearchValues<char> UrlAlphabet =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}
