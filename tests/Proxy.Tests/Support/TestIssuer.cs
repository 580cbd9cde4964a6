using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;

namespace Sallyport.Proxy.Tests.Support;

/// <summary>An issuer made by hand, so that it can sign what no library would.</summary>
internal sealed class TestIssuer : IDisposable
{
    public const string Address = "https://issuer.example";

    public const string Audience = "sallyport";

    /// <summary>One for all tests: RSA keys take long to make. Never disposed.</summary>
    public static TestIssuer Shared { get; } = new();

    public RSA Rsa { get; } = RSA.Create(2048);

    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string Jwks => new JsonObject { ["keys"] = new JsonArray(RsaJwk("rsa-1"), EcJwk("ec-1")) }.ToJsonString();

    public JsonObject RsaJwk(string kid)
    {
        RSAParameters key = Rsa.ExportParameters(false);
        return new JsonObject { ["kty"] = "RSA", ["kid"] = kid, ["use"] = "sig", ["n"] = Base64UrlEncoder.Encode(key.Modulus), ["e"] = Base64UrlEncoder.Encode(key.Exponent) };
    }

    public JsonObject EcJwk(string kid)
    {
        ECParameters key = Ec.ExportParameters(false);
        return new JsonObject { ["kty"] = "EC", ["kid"] = kid, ["crv"] = "P-256", ["x"] = Base64UrlEncoder.Encode(key.Q.X), ["y"] = Base64UrlEncoder.Encode(key.Q.Y) };
    }

    public static JsonObject Header(string alg = "RS256", string? kid = "rsa-1", string? typ = "JWT")
    {
        var header = new JsonObject { ["alg"] = alg };
        if (kid is not null)
            header["kid"] = kid;
        if (typ is not null)
            header["typ"] = typ;
        return header;
    }

    public static JsonObject Claims(DateTimeOffset now) => new()
    {
        ["iss"] = Address,
        ["aud"] = Audience,
        ["sub"] = "alice",
        ["groups"] = new JsonArray("engineers", "on-call"),
        ["iat"] = now.ToUnixTimeSeconds(),
        ["nbf"] = now.ToUnixTimeSeconds(),
        ["exp"] = now.AddMinutes(10).ToUnixTimeSeconds(),
        ["jti"] = "token-1",
    };

    public string Sign(JsonNode header, JsonNode claims) => Sign(header.ToJsonString(), claims.ToJsonString(), header["alg"]?.GetValue<string>());

    public string Sign(string header, string claims, string? alg = "RS256")
    {
        string signed = $"{Encode(header)}.{Encode(claims)}";
        byte[] data = Encoding.ASCII.GetBytes(signed);
        byte[] signature = alg switch
        {
            "ES256" => Ec.SignData(data, HashAlgorithmName.SHA256),
            "PS256" => Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
            // The classic confusion: the public key, as everyone can read it, taken for a shared secret.
            "HS256" => HMACSHA256.HashData(Encoding.ASCII.GetBytes(Rsa.ExportSubjectPublicKeyInfoPem()), data),
            "none" => [],
            _ => Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    public void Dispose()
    {
        Rsa.Dispose();
        Ec.Dispose();
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
