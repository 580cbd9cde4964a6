namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>Names of key types and signature algorithms (RFC 5656, 8332, 8709; OpenSSH PROTOCOL.u2f and PROTOCOL.certkeys).</summary>
public static class SshKeyTypes
{
    public const string Ed25519 = "ssh-ed25519";
    public const string EcdsaP256 = "ecdsa-sha2-nistp256";
    public const string EcdsaP384 = "ecdsa-sha2-nistp384";
    public const string EcdsaP521 = "ecdsa-sha2-nistp521";

    /// <summary>The type of an RSA key. As a signature algorithm it means SHA-1, and is taken nowhere.</summary>
    public const string Rsa = "ssh-rsa";
    public const string RsaSha256 = "rsa-sha2-256";
    public const string RsaSha512 = "rsa-sha2-512";
    public const string SkEd25519 = "sk-ssh-ed25519@openssh.com";
    public const string SkEcdsaP256 = "sk-ecdsa-sha2-nistp256@openssh.com";

    /// <summary>How the names of certificate types end.</summary>
    public const string CertificateSuffix = "-cert-v01@openssh.com";

    private const string Vendor = "@openssh.com";

    /// <summary>Every signature algorithm that is verified, best first: what a server may send as <c>server-sig-algs</c> (RFC 8308 3.1).</summary>
    public static IReadOnlyList<string> SignatureAlgorithms { get; } = [Ed25519, SkEd25519, EcdsaP256, EcdsaP384, EcdsaP521, SkEcdsaP256, RsaSha512, RsaSha256];

    /// <summary>True for the name of a certificate type or of a signature algorithm by a certified key.</summary>
    public static bool IsCertificate(string name) => name.EndsWith(CertificateSuffix, StringComparison.Ordinal);

    /// <summary>The name without what says that the key is certified: <c>rsa-sha2-256</c> of <c>rsa-sha2-256-cert-v01@openssh.com</c>, and FIDO types get their vendor back.</summary>
    public static string Plain(string name)
    {
        if (!IsCertificate(name))
            return name;
        string plain = name[..^CertificateSuffix.Length];
        return plain.StartsWith("sk-", StringComparison.Ordinal) ? plain + Vendor : plain;
    }

    /// <summary>The name that says the key is certified.</summary>
    public static string Certified(string plain) =>
        (plain.EndsWith(Vendor, StringComparison.Ordinal) ? plain[..^Vendor.Length] : plain) + CertificateSuffix;

    /// <summary>True when a key of this plain type makes signatures of this plain algorithm. RSA with SHA-1 fits nothing.</summary>
    public static bool Fits(string type, string algorithm) => type == Rsa ? algorithm is RsaSha256 or RsaSha512 : type == algorithm;
}
