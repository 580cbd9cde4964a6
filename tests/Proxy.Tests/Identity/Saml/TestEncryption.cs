using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Sallyport.Proxy.Tests.Identity.Saml;

/// <summary>Encrypts assertions (XML Encryption 1.1).</summary>
internal sealed record TestEncryption
{
    public string Cipher { get; init; } = "http://www.w3.org/2009/xmlenc11#aes256-gcm";

    public int KeyLength { get; init; } = 32;

    public X509Certificate2 To { get; init; } = TestKeys.SpDecryption;

    /// <summary>The EncryptionMethod of the key.</summary>
    public string Transport { get; init; } = """<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/>""";

    public RSAEncryptionPadding Padding { get; init; } = RSAEncryptionPadding.OaepSHA1;

    /// <summary>The key beside the data instead of within its KeyInfo.</summary>
    public bool KeyBeside { get; init; }

    /// <summary>Changes the ciphertext.</summary>
    public Func<byte[], byte[]> Content { get; init; } = content => content;

    public string Encrypt(string xml)
    {
        byte[] key = RandomNumberGenerator.GetBytes(KeyLength);
        byte[] content = Content(Cipher.Contains("gcm") ? Gcm(key, Encoding.UTF8.GetBytes(xml)) : Cbc(key, Encoding.UTF8.GetBytes(xml)));
        using RSA rsa = To.GetRSAPublicKey()!;
        string wrapped = $"<xenc:EncryptedKey>{Transport}<xenc:CipherData><xenc:CipherValue>{Convert.ToBase64String(rsa.Encrypt(key, Padding))}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>";
        string inside = KeyBeside ? "" : $"""<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{wrapped}</ds:KeyInfo>""";
        return """<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#">"""
            + $"""<xenc:EncryptedData Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="{Cipher}"/>{inside}"""
            + $"<xenc:CipherData><xenc:CipherValue>{Convert.ToBase64String(content)}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"
            + $"{(KeyBeside ? wrapped : "")}</saml:EncryptedAssertion>";
    }

    private static byte[] Gcm(byte[] key, byte[] plain)
    {
        byte[] content = new byte[12 + plain.Length + 16];
        RandomNumberGenerator.Fill(content.AsSpan(0, 12));
        using var gcm = new AesGcm(key, 16);
        gcm.Encrypt(content.AsSpan(0, 12), plain, content.AsSpan(12, plain.Length), content.AsSpan(12 + plain.Length));
        return content;
    }

    private static byte[] Cbc(byte[] key, byte[] plain)
    {
        using Aes aes = Aes.Create();
        aes.Key = key;
        return [.. aes.IV, .. aes.EncryptCbc(plain, aes.IV, PaddingMode.ISO10126)];
    }
}
