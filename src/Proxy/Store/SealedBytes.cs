using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Proxy.Store;

/// <summary>
/// The form of a sealed secret, and of a sealed key:
/// <code>
///   +------+----------------+----------+---------+-------------------+
///   | 0xE1 | key id (4, BE) | nonce 12 | tag 16  | AES-256-GCM text  |
///   +------+----------------+----------+---------+-------------------+
/// </code>
/// The format, the key id and the purpose are authenticated with it (NIST SP 800-38D, additional authenticated data). The first byte begins no UTF-8 text
/// that JSON could be, so what is sealed and what is not are told apart.
/// </summary>
internal static class SealedBytes
{
    public const int TagLength = 16;
    private const byte Format = 0xE1;
    private const int NonceLength = 12;
    private const int IdEnd = 1 + sizeof(int);
    private const int NonceEnd = IdEnd + NonceLength;
    private const int HeaderLength = NonceEnd + TagLength;

    /// <summary>Longest purpose, UTF-8 bytes.</summary>
    private const int LongestPurpose = 512;

    /// <summary>True for what has the form of a sealed secret.</summary>
    public static bool Is(ReadOnlySpan<byte> bytes) => bytes.Length >= HeaderLength && bytes[0] == Format;

    /// <summary>Which key sealed it.</summary>
    /// <exception cref="CryptographicException">It is nothing sealed.</exception>
    public static int KeyId(ReadOnlySpan<byte> bytes) => Is(bytes) ? BinaryPrimitives.ReadInt32BigEndian(bytes[1..]) : throw new CryptographicException("This is not sealed.");

    public static byte[] Seal(AesGcm cipher, int keyId, string purpose, ReadOnlySpan<byte> secret)
    {
        byte[] bytes = new byte[HeaderLength + secret.Length];
        bytes[0] = Format;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), keyId);
        RandomNumberGenerator.Fill(bytes.AsSpan(IdEnd, NonceLength));
        cipher.Encrypt(bytes.AsSpan(IdEnd, NonceLength), secret, bytes.AsSpan(HeaderLength), bytes.AsSpan(NonceEnd, TagLength), Associated(bytes, purpose));
        return bytes;
    }

    /// <exception cref="CryptographicException">Not sealed by this key for this purpose.</exception>
    public static byte[] Open(AesGcm cipher, string purpose, ReadOnlySpan<byte> bytes)
    {
        if (!Is(bytes))
            throw new CryptographicException("This is not sealed.");
        byte[] secret = new byte[bytes.Length - HeaderLength];
        cipher.Decrypt(bytes[IdEnd..NonceEnd], bytes[HeaderLength..], bytes[NonceEnd..HeaderLength], secret, Associated(bytes, purpose));
        return secret;
    }

    private static byte[] Associated(ReadOnlySpan<byte> bytes, string purpose)
    {
        int length = Encoding.UTF8.GetByteCount(purpose);
        if (length is 0 or > LongestPurpose)
            throw new ArgumentException("A purpose has 1 to 512 bytes.", nameof(purpose));
        byte[] associated = new byte[IdEnd + length];
        bytes[..IdEnd].CopyTo(associated);
        Encoding.UTF8.GetBytes(purpose, associated.AsSpan(IdEnd));
        return associated;
    }
}
