using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>Tokens made by hand, so that they can be wrong in every way.</summary>
public static class Jwt
{
    /// <summary>The claims of somebody in the group engineering, good for <paramref name="seconds"/> seconds.</summary>
    public static Dictionary<string, object> Claims(string issuer, int seconds = 600)
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return new Dictionary<string, object>
        {
            ["iss"] = issuer,
            ["aud"] = "sallyport",
            ["sub"] = "eve@example.com",
            ["groups"] = new[] { "engineering" },
            ["iat"] = Math.Min(now, now + seconds) - 60,
            ["nbf"] = Math.Min(now, now + seconds) - 60,
            ["exp"] = now + seconds,
        };
    }

    /// <summary>A token signed with ES256.</summary>
    public static string Sign(ECDsa key, Dictionary<string, object> claims, string algorithm = "ES256")
    {
        string body = $"{Encode(new Dictionary<string, object> { ["alg"] = algorithm, ["typ"] = "JWT" })}.{Encode(claims)}";
        return $"{body}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(body), HashAlgorithmName.SHA256))}";
    }

    /// <summary>A token with HS256 under whatever is taken for the secret.</summary>
    public static string SignSymmetric(byte[] secret, Dictionary<string, object> claims)
    {
        string body = $"{Encode(new Dictionary<string, object> { ["alg"] = "HS256", ["typ"] = "JWT" })}.{Encode(claims)}";
        return $"{body}.{Base64Url.EncodeToString(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(body)))}";
    }

    /// <summary>A token that is not signed.</summary>
    public static string Unsigned(Dictionary<string, object> claims) => $"{Encode(new Dictionary<string, object> { ["alg"] = "none" })}.{Encode(claims)}.";

    /// <summary>A key set with one key (RFC 7517).</summary>
    public static string KeySet(ECDsa key)
    {
        ECParameters point = key.ExportParameters(includePrivateParameters: false);
        return JsonSerializer.Serialize(new
        {
            keys = new[]
            {
                new { kty = "EC", crv = "P-256", use = "sig", alg = "ES256", kid = "1", x = Base64Url.EncodeToString(point.Q.X), y = Base64Url.EncodeToString(point.Q.Y) },
            },
        });
    }

    private static string Encode(Dictionary<string, object> json) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(json));
}
