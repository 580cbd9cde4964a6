using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>
/// <c>bcrypt_pbkdf</c>, which OpenSSH protects private key files with: PBKDF2 whose pseudo-random function is bcrypt with SHA-512 before it, and whose output is
/// spread so that no part of a key comes cheaper than the whole. No library has it.
/// </summary>
internal static class BcryptPbkdf
{
    private const int HashWords = 8;
    private const int HashBytes = HashWords * 4;
    private const int Expansions = 64;

    public static byte[] Derive(ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, int rounds, int length)
    {
        byte[] secret = SHA512.HashData(passphrase);
        byte[] key = new byte[length];
        int stride = (length + HashBytes - 1) / HashBytes;
        int amount = (length + stride - 1) / stride;
        byte[] counted = [.. salt, 0, 0, 0, 0];
        for (int block = 0; block < stride; block++)
        {
            BinaryPrimitives.WriteInt32BigEndian(counted.AsSpan(salt.Length), block + 1);
            byte[] round = Hash(secret, SHA512.HashData(counted));
            byte[] sum = [.. round];
            for (int i = 1; i < rounds; i++)
            {
                round = Hash(secret, SHA512.HashData(round));
                for (int at = 0; at < HashBytes; at++)
                    sum[at] ^= round[at];
            }

            for (int i = 0; i < amount && (i * stride) + block < length; i++)
                key[(i * stride) + block] = sum[i];
        }

        CryptographicOperations.ZeroMemory(secret);
        return key;
    }

    private static byte[] Hash(byte[] secret, byte[] salt)
    {
        var state = new Blowfish();
        state.Expand(secret, salt);
        for (int i = 0; i < Expansions; i++)
        {
            state.Expand(salt, []);
            state.Expand(secret, []);
        }

        Span<uint> words = stackalloc uint[HashWords];
        ReadOnlySpan<byte> text = "OxychromaticBlowfishSwatDynamite"u8;
        for (int i = 0; i < HashWords; i++)
            words[i] = BinaryPrimitives.ReadUInt32BigEndian(text[(4 * i)..]);
        for (int i = 0; i < Expansions; i++)
        {
            for (int at = 0; at < HashWords; at += 2)
                state.Encrypt(ref words[at], ref words[at + 1]);
        }

        byte[] hash = new byte[HashBytes];
        for (int i = 0; i < HashWords; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(hash.AsSpan(4 * i), words[i]);
        return hash;
    }
}
