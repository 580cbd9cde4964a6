using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>A NIST curve (RFC 5656 10.1, FIPS 186-5), and whether a point is on it: a library asked for a signature by a point that is not would throw, or worse.</summary>
internal sealed class SshCurve
{
    private readonly BigInteger _prime;
    private readonly BigInteger _b;

    private SshCurve(string type, string name, ECCurve curve, HashAlgorithmName hash, int fieldBytes, string prime, string b)
    {
        Type = type;
        Name = name;
        Curve = curve;
        Hash = hash;
        FieldBytes = fieldBytes;
        _prime = Parse(prime);
        _b = Parse(b);
    }

    public static SshCurve P256 { get; } = new(
        SshKeyTypes.EcdsaP256, "nistp256", ECCurve.NamedCurves.nistP256, HashAlgorithmName.SHA256, 32,
        "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
        "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B");

    public static SshCurve P384 { get; } = new(
        SshKeyTypes.EcdsaP384, "nistp384", ECCurve.NamedCurves.nistP384, HashAlgorithmName.SHA384, 48,
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF",
        "B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF");

    public static SshCurve P521 { get; } = new(
        SshKeyTypes.EcdsaP521, "nistp521", ECCurve.NamedCurves.nistP521, HashAlgorithmName.SHA512, 66,
        "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
        "0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00");

    /// <summary>The key type it makes.</summary>
    public string Type { get; }

    /// <summary>Its name in the key.</summary>
    public string Name { get; }

    public ECCurve Curve { get; }

    /// <summary>The hash that goes with it (RFC 5656 6.2.1).</summary>
    public HashAlgorithmName Hash { get; }

    /// <summary>Length of a coordinate, bytes.</summary>
    public int FieldBytes { get; }

    /// <summary>The curve of an <c>ecdsa-sha2-*</c> type; null: none of ours.</summary>
    public static SshCurve? OfType(string type) => type switch
    {
        SshKeyTypes.EcdsaP256 => P256,
        SshKeyTypes.EcdsaP384 => P384,
        SshKeyTypes.EcdsaP521 => P521,
        _ => null,
    };

    /// <summary>True for an uncompressed point (SEC 1 2.3.3) of exact length that is on the curve. Its cofactor is 1, so every such point is a good key.</summary>
    public bool IsPoint(ReadOnlySpan<byte> point)
    {
        if (point.Length != 1 + (2 * FieldBytes) || point[0] != 4)
            return false;
        var x = new BigInteger(point.Slice(1, FieldBytes), isUnsigned: true, isBigEndian: true);
        var y = new BigInteger(point[(1 + FieldBytes)..], isUnsigned: true, isBigEndian: true);
        if (x >= _prime || y >= _prime)
            return false;
        BigInteger right = ((((x * x) - 3) * x) + _b) % _prime;
        return (y * y) % _prime == (right.Sign < 0 ? right + _prime : right);
    }

    private static BigInteger Parse(string hex) => BigInteger.Parse("0" + hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
