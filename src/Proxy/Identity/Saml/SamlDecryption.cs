using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>
/// Opens an EncryptedAssertion (SAML core 6.1, XML Encryption 1.1). Whatever goes wrong once algorithms are known to be allowed has one
/// word: which step failed is what padding oracles are made of (Jager and Somorovsky, "How to Break XML Encryption").
/// </summary>
internal static class SamlDecryption
{
    private const int GcmNonce = 12;
    private const int GcmTag = 16;
    private const int CbcBlock = 16;

    /// <summary>The octets inside; null with the word for it.</summary>
    /// <param name="authenticated">A verified signature covers the ciphertext. Without it CBC is refused.</param>
    public static byte[]? Decrypt(XmlElement encrypted, SamlProvider provider, bool authenticated, out string? refusal)
    {
        refusal = SamlRefusals.Structure;
        if (SamlXml.Only(encrypted, SamlNames.Xenc, "EncryptedData") is not { } data || KeyOf(encrypted, data) is not { } wrapped
            || Method(data) is not { } method || Method(wrapped) is not { } transport
            || Value(data) is not { } content || Value(wrapped) is not { } wrappedKey)
            return null;

        string cipher = SamlXml.Attribute(method, "Algorithm") ?? "";
        refusal = SamlRefusals.Algorithm;
        if (!provider.Ciphers.Contains(cipher) || !SamlAlgorithms.Ciphers.TryGetValue(cipher, out int keyLength) || PaddingOf(transport) is not { } padding)
            return null;
        refusal = SamlRefusals.UnauthenticatedCipher;
        if (SamlAlgorithms.IsCbc(cipher) && !authenticated)
            return null;

        refusal = SamlRefusals.Decryption;
        foreach (X509Certificate2 certificate in provider.Sp.DecryptionCertificates)
        {
            if (TryOpen(certificate, padding, wrappedKey, cipher, keyLength, content) is { } plain)
            {
                refusal = null;
                return plain;
            }
        }

        return null;
    }

    private static byte[]? TryOpen(X509Certificate2 certificate, RSAEncryptionPadding padding, byte[] wrappedKey, string cipher, int keyLength, byte[] content)
    {
        byte[] key = [];
        try
        {
            using RSA? rsa = certificate.GetRSAPrivateKey();
            key = rsa?.Decrypt(wrappedKey, padding) ?? [];
            return key.Length != keyLength ? null : SamlAlgorithms.IsCbc(cipher) ? OpenCbc(key, content) : OpenGcm(key, content);
        }
        catch (CryptographicException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>XML Encryption 1.1 5.2.4: a nonce of 96 bits, the ciphertext, a tag of 128 bits.</summary>
    private static byte[]? OpenGcm(byte[] key, byte[] content)
    {
        if (content.Length <= GcmNonce + GcmTag)
            return null;
        byte[] plain = new byte[content.Length - GcmNonce - GcmTag];
        using var gcm = new AesGcm(key, GcmTag);
        gcm.Decrypt(content.AsSpan(0, GcmNonce), content.AsSpan(GcmNonce, plain.Length), content.AsSpan(GcmNonce + plain.Length), plain);
        return plain;
    }

    /// <summary>XML Encryption 1.1 5.2.3: an IV, then blocks; the last byte says how many are padding, the others may be anything (5.2.1).</summary>
    private static byte[]? OpenCbc(byte[] key, byte[] content)
    {
        if (content.Length < 2 * CbcBlock || content.Length % CbcBlock != 0)
            return null;
        using Aes aes = Aes.Create();
        aes.Key = key;
        byte[] plain = aes.DecryptCbc(content.AsSpan(CbcBlock), content.AsSpan(0, CbcBlock), PaddingMode.None);
        int padding = plain[^1];
        return padding is >= 1 and <= CbcBlock && padding < plain.Length ? plain[..^padding] : null;
    }

    /// <summary>The one EncryptedKey: in the data's KeyInfo, or beside the data. Two would be two messages for two readers.</summary>
    private static XmlElement? KeyOf(XmlElement encrypted, XmlElement data)
    {
        XmlElement[] keys = [.. SamlXml.Walk(encrypted).Where(element => element.LocalName == "EncryptedKey").Take(2)];
        if (keys.Length != 1 || !SamlXml.Is(keys[0], SamlNames.Xenc, "EncryptedKey"))
            return null;
        return keys[0].ParentNode == encrypted || keys[0].ParentNode == SamlXml.Only(data, SamlNames.Dsig, "KeyInfo") ? keys[0] : null;
    }

    private static XmlElement? Method(XmlElement of) => SamlXml.Only(of, SamlNames.Xenc, "EncryptionMethod");

    /// <summary>The ciphertext in the message; one that would have to be fetched (CipherReference) is none.</summary>
    private static byte[]? Value(XmlElement of) => SamlXml.Base64(SamlXml.Only(SamlXml.Only(of, SamlNames.Xenc, "CipherData"), SamlNames.Xenc, "CipherValue"));

    /// <summary>
    /// XML Encryption 1.1 5.5.2. The hash of OAEP need not resist collisions, so SHA-1, which <c>rsa-oaep-mgf1p</c> prescribes for the
    /// mask, is taken here and nowhere else. Digest and mask must be by the same hash, and there is no label.
    /// </summary>
    private static RSAEncryptionPadding? PaddingOf(XmlElement transport)
    {
        string uri = SamlXml.Attribute(transport, "Algorithm") ?? "";
        if (!SamlAlgorithms.KeyTransports.Contains(uri) || SamlXml.Has(transport, SamlNames.Xenc, "OAEPparams"))
            return null;
        RSAEncryptionPadding? digest = Hash(SamlXml.Only(transport, SamlNames.Dsig, "DigestMethod"), SamlXml.Has(transport, SamlNames.Dsig, "DigestMethod"));
        RSAEncryptionPadding? mask = Hash(SamlXml.Only(transport, SamlNames.Xenc11, "MGF"), SamlXml.Has(transport, SamlNames.Xenc11, "MGF"));
        return digest == mask ? digest : null;
    }

    private static RSAEncryptionPadding? Hash(XmlElement? method, bool present) => (present ? method?.GetAttribute("Algorithm") : SamlNames.Dsig + "sha1") switch
    {
        SamlNames.Dsig + "sha1" or SamlNames.Xenc11 + "mgf1sha1" => RSAEncryptionPadding.OaepSHA1,
        SamlAlgorithms.Sha256 or SamlNames.Xenc11 + "mgf1sha256" => RSAEncryptionPadding.OaepSHA256,
        SamlAlgorithms.Sha384 or SamlNames.Xenc11 + "mgf1sha384" => RSAEncryptionPadding.OaepSHA384,
        SamlAlgorithms.Sha512 or SamlNames.Xenc11 + "mgf1sha512" => RSAEncryptionPadding.OaepSHA512,
        _ => null,
    };
}
