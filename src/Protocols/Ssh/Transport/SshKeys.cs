using System.Security.Cryptography;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>What a key exchange yields (RFC 4253 7.2): everything that ciphers need is derived from it.</summary>
/// <param name="secret">K as the hash takes it: an mpint, or for hybrid methods a string.</param>
internal sealed class SshKeys(HashAlgorithmName hash, byte[] secret, byte[] exchangeHash, byte[] sessionId) : IDisposable
{
    /// <summary>The exchange hash of the connection's first exchange.</summary>
    public byte[] SessionId => sessionId;

    /// <summary>The cipher of one direction.</summary>
    public SshCipher Cipher(SshSuite suite, bool toServer)
    {
        byte[] iv = Derive(toServer ? 'A' : 'B', SshCiphers.IvSize(suite.Cipher));
        byte[] key = Derive(toServer ? 'C' : 'D', SshCiphers.KeySize(suite.Cipher));
        byte[] mac = Derive(toServer ? 'E' : 'F', SshCiphers.MacKeySize(suite.Mac));
        try
        {
            return SshCiphers.Create(suite, key, iv, mac);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(mac);
        }
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(secret);

    /// <summary>K1 = HASH(K || H || X || session_id), K2 = HASH(K || H || K1), … as long as needed.</summary>
    private byte[] Derive(char letter, int size)
    {
        byte[] key = new byte[size];
        using var hasher = IncrementalHash.CreateHash(hash);
        hasher.AppendData(secret);
        hasher.AppendData(exchangeHash);
        hasher.AppendData([(byte)letter]);
        hasher.AppendData(sessionId);
        byte[] block = hasher.GetHashAndReset();
        int done = 0;
        while (true)
        {
            int count = Math.Min(block.Length, size - done);
            block.AsSpan(0, count).CopyTo(key.AsSpan(done));
            done += count;
            CryptographicOperations.ZeroMemory(block);
            if (done == size)
                return key;
            hasher.AppendData(secret);
            hasher.AppendData(exchangeHash);
            hasher.AppendData(key.AsSpan(0, done));
            block = hasher.GetHashAndReset();
        }
    }
}
