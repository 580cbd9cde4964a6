using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>A key that signs tokens.</summary>
internal sealed record SigningKey(string Id, ECDsaSecurityKey Key, JsonWebKey Public, DateTimeOffset ActiveFrom);

/// <summary>A secret that protects what browsers and clients carry without being able to read it.</summary>
internal sealed record ProtectionKey(string Id, byte[] Secret, DateTimeOffset ActiveFrom)
{
    /// <summary>The record's own would print the secret's length at least; nothing of it is anybody's business.</summary>
    public override string ToString() => Id;
}

/// <summary>The broker's keys at one moment. Immutable.</summary>
internal sealed class KeyRing
{
    private KeyRing(ImmutableArray<SigningKey> signing, ImmutableArray<ProtectionKey> protection, KeySet keys)
    {
        Signing = signing;
        Protection = protection;
        Keys = keys;
    }

    /// <summary>All that are published; the one that signs now first.</summary>
    public ImmutableArray<SigningKey> Signing { get; }

    /// <summary>All that may have protected something; the one that protects now first.</summary>
    public ImmutableArray<ProtectionKey> Protection { get; }

    /// <summary>For those who verify.</summary>
    public KeySet Keys { get; }

    public static KeyRing Of(IReadOnlyCollection<SigningKey> signing, IReadOnlyCollection<ProtectionKey> protection, DateTimeOffset now)
    {
        var document = new JsonObject
        {
            ["keys"] = new JsonArray([.. signing.Select(key => JsonSerializer.SerializeToNode(new { kty = "EC", use = "sig", alg = "ES256", kid = key.Id, crv = key.Public.Crv, x = key.Public.X, y = key.Public.Y }))]),
        };
        return new KeyRing(Order(signing, key => key.ActiveFrom, key => key.Id, now), Order(protection, key => key.ActiveFrom, key => key.Id, now), KeySet.Parse(document.ToJsonString()));
    }

    /// <summary>True when both would sign, protect and publish the same.</summary>
    public bool Equals(KeyRing? other) =>
        other is not null && Signing.Select(key => key.Id).SequenceEqual(other.Signing.Select(key => key.Id))
        && Protection.Select(key => key.Id).SequenceEqual(other.Protection.Select(key => key.Id));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as KeyRing);

    /// <inheritdoc/>
    public override int GetHashCode() => Signing.Length > 0 ? Signing[0].Id.GetHashCode(StringComparison.Ordinal) : 0;

    /// <summary>A code that only this broker could have made for that purpose and text.</summary>
    public byte[] Authenticate(string purpose, string text) => Authenticate(Protection[0], purpose, text);

    /// <summary>True when one of the keys made the code.</summary>
    public bool IsAuthentic(string purpose, string text, ReadOnlySpan<byte> code)
    {
        bool found = false;
        foreach (ProtectionKey key in Protection)
            found |= CryptographicOperations.FixedTimeEquals(Authenticate(key, purpose, text), code);
        return found;
    }

    /// <summary>The key that seals codes and refresh tokens (RFC 7518 4.4, 5.2.5).</summary>
    public static EncryptingCredentials Encryption(ProtectionKey key) => new(
        new SymmetricSecurityKey(HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Secret, 32, info: "tokens"u8.ToArray())) { KeyId = key.Id },
        SecurityAlgorithms.Aes256KW,
        SecurityAlgorithms.Aes256CbcHmacSha512);

    private static byte[] Authenticate(ProtectionKey key, string purpose, string text) =>
        HMACSHA256.HashData(HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Secret, 32, info: Encoding.UTF8.GetBytes(purpose)), Encoding.UTF8.GetBytes(text));

    /// <summary>What is active and youngest first, then what was, then what will be; the same on every node whatever order rows come in.</summary>
    private static ImmutableArray<T> Order<T>(IEnumerable<T> keys, Func<T, DateTimeOffset> activeFrom, Func<T, string> id, DateTimeOffset now) =>
        [.. keys.OrderBy(key => activeFrom(key) <= now ? 0 : 1).ThenByDescending(activeFrom).ThenBy(id, StringComparer.Ordinal)];
}
