using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>How the secret part of OpenSSH's private key files is encrypted: not at all, or <c>aes256-ctr</c> by a key from <c>bcrypt</c>.</summary>
internal static class OpenSshKeyCipher
{
    private const int MaxRounds = 4096;
    private const int KeyLength = 32;
    private const int Block = 16;

    public static byte[] Decrypt(string cipher, string kdf, ReadOnlySpan<byte> kdfOptions, ReadOnlySpan<byte> secret, string? passphrase)
    {
        if (cipher == "none" && kdf == "none")
            return kdfOptions.IsEmpty && secret.Length % 8 == 0 ? secret.ToArray() : throw Bad();
        if (cipher != "aes256-ctr" || kdf != "bcrypt")
            throw new FormatException("The private key is encrypted in a way that is not known: aes256-ctr with bcrypt is, as ssh-keygen does it.");
        if (string.IsNullOrEmpty(passphrase))
            throw new FormatException("The private key is encrypted, and there is no passphrase for it.");
        var reader = new SshReader(kdfOptions);
        ReadOnlySpan<byte> salt = reader.ReadString();
        uint rounds = reader.ReadUInt32();
        if (!reader.AtEnd || salt.Length is < 1 or > 1024 || rounds is < 1 or > MaxRounds || secret.Length % Block != 0)
            throw Bad();
        byte[] words = Encoding.UTF8.GetBytes(passphrase);
        byte[] key = BcryptPbkdf.Derive(words, salt, (int)rounds, KeyLength + Block);
        try
        {
            return Counter(key.AsSpan(0, KeyLength), key.AsSpan(KeyLength), secret);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(words);
        }
    }

    /// <summary>AES in counter mode (RFC 4344 4): the same both ways.</summary>
    private static byte[] Counter(ReadOnlySpan<byte> key, ReadOnlySpan<byte> start, ReadOnlySpan<byte> secret)
    {
        using var aes = Aes.Create();
        aes.Key = key.ToArray();
        byte[] clear = new byte[secret.Length];
        Span<byte> counter = stackalloc byte[Block], stream = stackalloc byte[Block];
        start.CopyTo(counter);
        for (int at = 0; at < secret.Length; at += Block)
        {
            aes.EncryptEcb(counter, stream, PaddingMode.None);
            for (int i = 0; i < Block; i++)
                clear[at + i] = (byte)(secret[at + i] ^ stream[i]);
            for (int i = Block - 1; i >= 0 && ++counter[i] == 0; i--)
            {
            }
        }

        return clear;
    }

    private static FormatException Bad() => new("The file is not a private key that OpenSSH would have written.");
}
