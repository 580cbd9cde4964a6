using System.Security.Cryptography;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>Ciphers and MACs by name, and the sizes of their keys.</summary>
internal static class SshCiphers
{
    public static int KeySize(string cipher) => cipher switch
    {
        SshAlgorithms.Aes128Gcm or SshAlgorithms.Aes128Ctr => 16,
        SshAlgorithms.Aes192Ctr => 24,
        SshAlgorithms.Aes256Gcm or SshAlgorithms.Aes256Ctr => 32,
        SshAlgorithms.ChaCha20Poly1305 => 64,
        _ => throw new ArgumentOutOfRangeException(nameof(cipher), cipher, null),
    };

    public static int IvSize(string cipher) => cipher switch
    {
        SshAlgorithms.Aes128Gcm or SshAlgorithms.Aes256Gcm => 12,
        SshAlgorithms.ChaCha20Poly1305 => 0,
        _ => 16,
    };

    public static int MacKeySize(string mac) => mac switch
    {
        "" => 0,
        SshAlgorithms.HmacSha256 or SshAlgorithms.HmacSha256Etm => 32,
        SshAlgorithms.HmacSha512 or SshAlgorithms.HmacSha512Etm => 64,
        _ => throw new ArgumentOutOfRangeException(nameof(mac), mac, null),
    };

    public static SshCipher Create(SshSuite suite, ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> macKey) => suite.Cipher switch
    {
        SshAlgorithms.Aes128Gcm or SshAlgorithms.Aes256Gcm => new SshAesGcm(key, iv),
        SshAlgorithms.ChaCha20Poly1305 => new SshChaCha20Poly1305(key),
        _ when suite.Mac is SshAlgorithms.HmacSha256Etm or SshAlgorithms.HmacSha512Etm => new SshAesCtrEtm(new AesCtr(key, iv), new SshMac(Hash(suite.Mac), macKey)),
        _ => new SshAesCtrMac(new AesCtr(key, iv), new SshMac(Hash(suite.Mac), macKey)),
    };

    private static HashAlgorithmName Hash(string mac) =>
        mac is SshAlgorithms.HmacSha256 or SshAlgorithms.HmacSha256Etm ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512;
}
