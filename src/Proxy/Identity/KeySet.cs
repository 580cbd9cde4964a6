using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Sallyport.Proxy.Identity;

/// <summary>The public keys of one issuer, as its JWKS document (RFC 7517) had them at one moment. Immutable; compared by reference.</summary>
internal sealed class KeySet
{
    /// <summary>Largest JWKS document read, bytes. Real ones are under 20 KiB.</summary>
    public const int LargestDocument = 256 * 1024;

    /// <summary>Most keys taken from a document.</summary>
    public const int MostKeys = 100;

    /// <summary>Most keys tried for a token that names none: each costs a verification before anything is known of the sender.</summary>
    private const int MostTried = 8;

    /// <summary>RSA below is breakable (NIST SP 800-131A), above costs the verifier too much.</summary>
    private const int SmallestRsa = 2048;
    private const int LargestRsa = 8192;

    private readonly ImmutableArray<JsonWebKey> _keys;

    private KeySet(ImmutableArray<JsonWebKey> keys)
    {
        _keys = keys;
    }

    /// <summary>Usable keys in it.</summary>
    public int Count => _keys.Length;

    /// <summary>Reads a document; keys of other kinds and uses are left out.</summary>
    /// <exception cref="FormatException">It is no JWKS document.</exception>
    public static KeySet Parse(string json)
    {
        try
        {
            JsonWebKeySet document = JsonWebKeySet.Create(json);
            return new KeySet([.. document.Keys.Where(Usable).Take(MostKeys)]);
        }
        catch (Exception malformed) when (malformed is ArgumentException or JsonException or SecurityTokenException)
        {
            throw new FormatException("not a JWKS document (RFC 7517)", malformed);
        }
    }

    /// <summary>The set of one public key.</summary>
    public static KeySet Of(JsonWebKey key) => new([key]);

    /// <summary>Keys that could have made a signature by <paramref name="algorithm"/> under that <paramref name="keyId"/>. Empty: none.</summary>
    public IReadOnlyList<SecurityKey> Find(string? keyId, string algorithm)
    {
        List<SecurityKey> found = [];
        foreach (JsonWebKey key in _keys)
        {
            // A key without an id in the document fits any id in the token; the signature decides.
            bool named = keyId is null || string.IsNullOrEmpty(key.Kid) || key.Kid == keyId;
            if (named && Fits(key, algorithm) && found.Count < MostTried)
                found.Add(key);
        }

        return found;
    }

    private static bool Usable(JsonWebKey key)
    {
        bool signs = (string.IsNullOrEmpty(key.Use) || key.Use == "sig") && (key.KeyOps.Count == 0 || key.KeyOps.Contains("verify"));
        return signs && key.Kty switch
        {
            // An exponent beyond 64 bits has no use but to make verifying slow.
            JsonWebAlgorithmsKeyTypes.RSA => key.KeySize is >= SmallestRsa and <= LargestRsa && key.E is { Length: > 0 and <= 11 },
            JsonWebAlgorithmsKeyTypes.EllipticCurve => key.Crv is "P-256" or "P-384" or "P-521" && key.X is { Length: > 0 } && key.Y is { Length: > 0 },
            _ => false,
        };
    }

    /// <summary>RFC 7518 3.1: each algorithm has one kind of key, and each ES algorithm one curve.</summary>
    private static bool Fits(JsonWebKey key, string algorithm) =>
        (string.IsNullOrEmpty(key.Alg) || key.Alg == algorithm) && algorithm switch
        {
            "ES256" => key.Crv == "P-256",
            "ES384" => key.Crv == "P-384",
            "ES512" => key.Crv == "P-521",
            _ => key.Kty == JsonWebAlgorithmsKeyTypes.RSA,
        };
}
