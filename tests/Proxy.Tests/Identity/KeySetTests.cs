using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity;

public sealed class KeySetTests
{
    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"keys\":7}")]
    [InlineData("{\"keys\":[")]
    public void What_is_no_document_is_an_error(string json) => Assert.Throws<FormatException>(() => KeySet.Parse(json));

    [Fact]
    public void Keys_that_cannot_verify_a_token_are_left_out()
    {
        TestIssuer issuer = TestIssuer.Shared;
        using RSA small = RSA.Create(1024);
        JsonObject encryption = issuer.RsaJwk("enc");
        encryption["use"] = "enc";
        JsonObject operations = issuer.RsaJwk("ops");
        operations["key_ops"] = new JsonArray("encrypt");
        JsonObject weak = issuer.RsaJwk("weak");
        weak["n"] = Base64UrlEncoder.Encode(small.ExportParameters(false).Modulus);
        JsonObject slow = issuer.RsaJwk("slow");
        slow["e"] = Base64UrlEncoder.Encode(new byte[200]);
        JsonObject curve = issuer.EcJwk("curve");
        curve["crv"] = "secp256k1";
        var shared = new JsonObject { ["kty"] = "oct", ["kid"] = "shared", ["k"] = "c2VjcmV0" };
        KeySet keys = KeySet.Parse(new JsonObject { ["keys"] = new JsonArray(encryption, operations, weak, slow, curve, shared, issuer.EcJwk("good")) }.ToJsonString());
        Assert.Equal(1, keys.Count);
        Assert.Single(keys.Find("good", "ES256"));
        Assert.Empty(keys.Find("good", "ES384"));
        Assert.Empty(keys.Find("good", "RS256"));
        Assert.Empty(keys.Find("shared", "HS256"));
    }

    [Fact]
    public void A_key_for_another_algorithm_does_not_fit()
    {
        TestIssuer issuer = TestIssuer.Shared;
        JsonObject key = issuer.RsaJwk("a");
        key["alg"] = "PS256";
        KeySet keys = KeySet.Parse(new JsonObject { ["keys"] = new JsonArray(key) }.ToJsonString());
        Assert.Single(keys.Find("a", "PS256"));
        Assert.Empty(keys.Find("a", "RS256"));
    }

    [Fact]
    public void A_token_without_a_key_id_makes_only_a_few_keys_be_tried()
    {
        TestIssuer issuer = TestIssuer.Shared;
        JsonNode[] many = [.. Enumerable.Range(0, 300).Select(i => issuer.EcJwk($"{i}"))];
        KeySet keys = KeySet.Parse(new JsonObject { ["keys"] = new JsonArray(many) }.ToJsonString());
        Assert.Equal(KeySet.MostKeys, keys.Count);
        Assert.Equal(8, keys.Find(null, "ES256").Count);
    }
}
