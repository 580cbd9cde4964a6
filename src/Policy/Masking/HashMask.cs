using System.Security.Cryptography;
using Sallyport.Contract;

namespace Sallyport.Policy.Masking;

/// <summary>
/// <c>hash</c>: a pseudonym of 16 hexadecimal digits, the first 64 bits of HMAC-SHA-256 of the value's bytes. The same value has the same pseudonym
/// in every column, so that rows can still be joined and counted; without the key nobody can try values out.
/// </summary>
internal sealed class HashMask : IFieldMask
{
    /// <summary>Shortest key: as long as the hash (RFC 2104, 3).</summary>
    public const int ShortestKey = 32;

    private const int ShownBytes = 8;

    private readonly byte[] _key;

    public HashMask(byte[] key)
    {
        if (key.Length < ShortestKey)
            throw new ArgumentException($"The mask key must have at least {ShortestKey} bytes.", nameof(key));
        _key = [.. key];
    }

    public string Strategy => "hash";

    public int MaxLength(int length) => ShownBytes * 2;

    public bool TryMask(ReadOnlySpan<byte> value, FieldKind kind, Span<byte> destination, out int written)
    {
        written = 0;
        if (kind != FieldKind.Text || destination.Length < ShownBytes * 2)
            return false;
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, value, hash);
        Convert.TryToHexStringLower(hash[..ShownBytes], destination, out _);
        written = ShownBytes * 2;
        return true;
    }
}
