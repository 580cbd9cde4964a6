namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>Names of algorithms on the wire, and which of them are known here.</summary>
public static class SshAlgorithms
{
    public const string MlKem768X25519 = "mlkem768x25519-sha256";
    public const string Sntrup761X25519 = "sntrup761x25519-sha512";
    public const string Sntrup761X25519OpenSsh = "sntrup761x25519-sha512@openssh.com";
    public const string Curve25519 = "curve25519-sha256";
    public const string Curve25519LibSsh = "curve25519-sha256@libssh.org";
    public const string EcdhNistp256 = "ecdh-sha2-nistp256";
    public const string EcdhNistp384 = "ecdh-sha2-nistp384";
    public const string EcdhNistp521 = "ecdh-sha2-nistp521";
    public const string Group14 = "diffie-hellman-group14-sha256";
    public const string Group16 = "diffie-hellman-group16-sha512";
    public const string Group18 = "diffie-hellman-group18-sha512";
    public const string GroupExchange = "diffie-hellman-group-exchange-sha256";

    public const string Aes128Gcm = "aes128-gcm@openssh.com";
    public const string Aes256Gcm = "aes256-gcm@openssh.com";
    public const string ChaCha20Poly1305 = "chacha20-poly1305@openssh.com";
    public const string Aes128Ctr = "aes128-ctr";
    public const string Aes192Ctr = "aes192-ctr";
    public const string Aes256Ctr = "aes256-ctr";

    public const string HmacSha256Etm = "hmac-sha2-256-etm@openssh.com";
    public const string HmacSha512Etm = "hmac-sha2-512-etm@openssh.com";
    public const string HmacSha256 = "hmac-sha2-256";
    public const string HmacSha512 = "hmac-sha2-512";

    public const string NoCompression = "none";
    public const string ZlibOpenSsh = "zlib@openssh.com";

    internal const string StrictClient = "kex-strict-c-v00@openssh.com";
    internal const string StrictServer = "kex-strict-s-v00@openssh.com";
    internal const string ExtInfoClient = "ext-info-c";
    internal const string ExtInfoServer = "ext-info-s";

    internal const string CertificateSuffix = "-cert-v01@openssh.com";

    public static IReadOnlyList<string> KeyExchanges { get; } =
    [
        MlKem768X25519, Sntrup761X25519, Sntrup761X25519OpenSsh, Curve25519, Curve25519LibSsh, EcdhNistp256, EcdhNistp384, EcdhNistp521,
        GroupExchange, Group14, Group16, Group18,
    ];

    public static IReadOnlyList<string> HostKeys { get; } =
    [
        "ssh-ed25519-cert-v01@openssh.com", "ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp384-cert-v01@openssh.com",
        "ecdsa-sha2-nistp521-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com",
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256",
    ];

    public static IReadOnlyList<string> Ciphers { get; } = [Aes128Gcm, Aes256Gcm, ChaCha20Poly1305, Aes128Ctr, Aes192Ctr, Aes256Ctr];

    public static IReadOnlyList<string> Macs { get; } = [HmacSha256Etm, HmacSha512Etm, HmacSha256, HmacSha512];

    public static IReadOnlyList<string> Compressions { get; } = [NoCompression, ZlibOpenSsh];

    /// <summary>The name of a certificate's algorithm without what makes it one: what the signature itself is called.</summary>
    internal static string WithoutCertificate(string algorithm) =>
        algorithm.EndsWith(CertificateSuffix, StringComparison.Ordinal) ? algorithm[..^CertificateSuffix.Length] : algorithm;

    internal static bool IsCertificate(string algorithm) => algorithm.EndsWith(CertificateSuffix, StringComparison.Ordinal);

    /// <summary>The type that a key of this signature algorithm names itself by: only RSA's differ (RFC 8332 3).</summary>
    internal static string KeyType(string algorithm) => algorithm switch
    {
        "rsa-sha2-256" or "rsa-sha2-512" => "ssh-rsa",
        "rsa-sha2-256-cert-v01@openssh.com" or "rsa-sha2-512-cert-v01@openssh.com" => "ssh-rsa-cert-v01@openssh.com",
        _ => algorithm,
    };

    /// <summary>True where the cipher authenticates by itself, and no MAC is agreed.</summary>
    internal static bool IsAuthenticated(string cipher) => cipher is Aes128Gcm or Aes256Gcm or ChaCha20Poly1305;

    /// <summary>
    /// True where an attacker who removes packets at the beginning goes unnoticed unless both sides do strict key exchange (CVE-2023-48795): all that
    /// decrypts a packet is its sequence number, which the attacker makes right again with packets put in front. AES-GCM counts by itself. CTR counts
    /// blocks: under an EtM MAC the packet behind the gap passes the MAC and decrypts to noise, as does all that follows, so that nothing is gained by it;
    /// CBC, which recovers from a gap, is not spoken here at all.
    /// </summary>
    internal static bool NeedsStrict(string cipher) => cipher == ChaCha20Poly1305;
}
