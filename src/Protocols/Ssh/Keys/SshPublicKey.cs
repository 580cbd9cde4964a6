using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>
/// A public key in its wire form (RFC 4253 6.6, 5656 3.1, 8709 4, OpenSSH PROTOCOL.u2f): strictly read, so that one key has one form and one fingerprint.
/// Never a certificate (<see cref="SshCertificate"/>). Immutable; equal when the bytes are.
/// </summary>
public sealed class SshPublicKey : IEquatable<SshPublicKey>
{
    /// <summary>Longest key, bytes: RSA of 16384 bits fits.</summary>
    public const int MaxBlob = 4096;

    /// <summary>Smallest RSA modulus, bits (RFC 8332 has 2048 as the least recommended).</summary>
    public const int MinRsaBits = 2048;

    /// <summary>Largest RSA modulus, bits: what OpenSSL verifies at all.</summary>
    public const int MaxRsaBits = 16384;

    private const int MaxExponentBytes = 8;
    private const int MaxApplication = 256;

    private readonly byte[] _blob;

    private SshPublicKey(byte[] blob, string type, string? application, byte[] material, byte[]? modulus)
    {
        _blob = blob;
        Type = type;
        Application = application;
        Material = material;
        Modulus = modulus;
        Fingerprint = "SHA256:" + Convert.ToBase64String(SHA256.HashData(blob)).TrimEnd('=');
    }

    /// <summary>The wire form.</summary>
    public ReadOnlyMemory<byte> Blob => _blob;

    /// <summary>The key type (<see cref="SshKeyTypes"/>).</summary>
    public string Type { get; }

    /// <summary><c>SHA256:</c> and unpadded base64, as ssh-keygen shows it.</summary>
    public string Fingerprint { get; }

    /// <summary>A FIDO key's application (<c>ssh:</c>); null for other keys.</summary>
    public string? Application { get; }

    /// <summary>True for a key in a FIDO authenticator: its signatures say whether a person was there.</summary>
    public bool IsSecurityKey => Application is not null;

    /// <summary>Length of an RSA modulus in bits; 0 for other keys.</summary>
    public int RsaBits => Modulus is null ? 0 : BitLength(Modulus);

    /// <summary>Ed25519: the 32 bytes. ECDSA: the uncompressed point. RSA: the exponent.</summary>
    internal byte[] Material { get; }

    internal byte[]? Modulus { get; }

    /// <summary>Reads a key. False for anything but exactly one key of a known type; never throws.</summary>
    public static bool TryParse(ReadOnlySpan<byte> blob, [NotNullWhen(true)] out SshPublicKey? key)
    {
        key = null;
        if (blob.Length > MaxBlob)
            return false;
        var reader = new SshReader(blob);
        string type = reader.ReadText(64);
        SshPublicKey? read = ReadFields(ref reader, type, blob);
        if (read is null || !reader.AtEnd)
            return false;
        key = read;
        return true;
    }

    /// <summary>Reads <c>ssh-ed25519 AAAA… comment</c>, a line of a <c>.pub</c> file. The comment may be absent.</summary>
    public static bool TryParseLine(string line, [NotNullWhen(true)] out SshPublicKey? key, out string comment)
    {
        key = null;
        comment = "";
        ArgumentNullException.ThrowIfNull(line);
        string[] words = line.Trim().Split([' ', '\t'], 3, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2 || !KeyText.TryDecode(words[1], MaxBlob, out byte[] blob) || !TryParse(blob, out SshPublicKey? read) || read.Type != words[0])
            return false;
        key = read;
        comment = words.Length > 2 ? words[2].Trim() : "";
        return true;
    }

    public bool Equals(SshPublicKey? other) => other is not null && _blob.AsSpan().SequenceEqual(other._blob);

    public override bool Equals(object? obj) => Equals(obj as SshPublicKey);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(_blob);
        return hash.ToHashCode();
    }

    /// <summary>The line of a <c>.pub</c> file, without comment.</summary>
    public override string ToString() => Type + " " + Convert.ToBase64String(_blob);

    /// <summary>The fields that follow the type and make the key: in a certificate they follow the nonce.</summary>
    internal static SshPublicKey? ReadFields(ref SshReader reader, string type, ReadOnlySpan<byte> whole = default)
    {
        byte[] material;
        byte[]? modulus = null;
        string? application = null;
        switch (type)
        {
            case SshKeyTypes.Ed25519 or SshKeyTypes.SkEd25519:
                material = reader.ReadString(Ed25519.PublicKeySize).ToArray();
                if (reader.Failed || !Ed25519.ValidatePublicKeyFull(material, 0))
                    return null;
                break;
            case SshKeyTypes.EcdsaP256 or SshKeyTypes.EcdsaP384 or SshKeyTypes.EcdsaP521 or SshKeyTypes.SkEcdsaP256:
                SshCurve curve = SshCurve.OfType(type) ?? SshCurve.P256;
                reader.ReadExpected(Encoding.ASCII.GetBytes(curve.Name));
                material = reader.ReadString(1 + (2 * curve.FieldBytes)).ToArray();
                if (reader.Failed || !curve.IsPoint(material))
                    return null;
                break;
            case SshKeyTypes.Rsa:
                material = reader.ReadMpint().ToArray();
                modulus = reader.ReadMpint().ToArray();
                if (reader.Failed || !IsRsa(material, modulus))
                    return null;
                break;
            default:
                return null;
        }

        if (type is SshKeyTypes.SkEd25519 or SshKeyTypes.SkEcdsaP256)
            application = reader.ReadText(MaxApplication);
        if (reader.Failed)
            return null;
        byte[] blob = whole.IsEmpty ? Build(type, material, modulus, application) : whole.ToArray();
        return new SshPublicKey(blob, type, application, material, modulus);
    }

    /// <summary>The wire form of a key's parts.</summary>
    internal static byte[] Build(string type, ReadOnlySpan<byte> material, ReadOnlySpan<byte> modulus, string? application = null)
    {
        SshWriter writer = new SshWriter().String(type);
        if (type == SshKeyTypes.Rsa)
            writer.Mpint(material).Mpint(modulus);
        else if (type is SshKeyTypes.Ed25519 or SshKeyTypes.SkEd25519)
            writer.String(material);
        else
            writer.String((SshCurve.OfType(type) ?? SshCurve.P256).Name).String(material);
        if (application is not null)
            writer.String(application);
        return writer.ToArray();
    }

    private static bool IsRsa(ReadOnlySpan<byte> exponent, ReadOnlySpan<byte> modulus) =>
        BitLength(modulus) is >= MinRsaBits and <= MaxRsaBits
        && (modulus[^1] & 1) == 1
        && exponent.Length <= MaxExponentBytes
        && (exponent[^1] & 1) == 1
        && (exponent.Length > 1 || exponent[0] >= 3);

    private static int BitLength(ReadOnlySpan<byte> magnitude) => (magnitude.Length * 8) - (BitOperations.LeadingZeroCount(magnitude[0]) - 24);
}
