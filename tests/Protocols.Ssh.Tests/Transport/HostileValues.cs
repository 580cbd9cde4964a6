using System.Security.Cryptography;
using Org.BouncyCastle.Math;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Transport;

/// <summary>A value that is none of its method; null towards a side where it would be one.</summary>
internal sealed record HostileValue(string Method, string Name, byte[]? ToServer, byte[]? ToClient);

/// <summary>Public values and groups that break the rules of their methods.</summary>
internal static class HostileValues
{
    private const int MlKemPublic = 1184, MlKemCiphertext = 1088, SntrupPublic = 1158, SntrupCiphertext = 1039;

    /// <summary>A point of curve25519 that is one.</summary>
    public static byte[] Point { get; } = SshKexCurve25519.Generate(new byte[32]);

    public static IReadOnlyList<HostileValue> Public { get; } =
    [
        .. Numbers(SshAlgorithms.Group14, SshGroup.Modp2048), .. Numbers(SshAlgorithms.Group16, SshGroup.Modp4096), .. Numbers(SshAlgorithms.GroupExchange, SshGroup.Modp2048),
        .. Points(SshAlgorithms.EcdhNistp256, ECCurve.NamedCurves.nistP256, 32), .. Points(SshAlgorithms.EcdhNistp384, ECCurve.NamedCurves.nistP384, 48),
        .. Points(SshAlgorithms.EcdhNistp521, ECCurve.NamedCurves.nistP521, 66),
        .. SmallOrder().Select((point, i) => Both(SshAlgorithms.Curve25519, $"small order {i}", point)),
        .. new[] { 0, 1, 31, 33, 64 }.Select(length => Both(SshAlgorithms.Curve25519, $"{length} bytes", new byte[length])),
        .. Hybrid(SshAlgorithms.MlKem768X25519, MlKemPublic, MlKemCiphertext),
        new(SshAlgorithms.MlKem768X25519, "coefficients not reduced", [.. Filled(MlKemPublic, 0xFF), .. Point], null),
        new(SshAlgorithms.MlKem768X25519, "one coefficient not reduced", [0x01, 0x0D, .. new byte[MlKemPublic - 2], .. Point], null),
        .. Hybrid(SshAlgorithms.Sntrup761X25519, SntrupPublic, SntrupCiphertext),
    ];

    /// <summary>SSH_MSG_KEX_DH_GEX_GROUP for a request of 2048 to 8192 bits (RFC 4419 3).</summary>
    public static IReadOnlyList<(string Name, byte[] Message)> Groups { get; } = [.. GroupList()];

    public static byte[] Group(BigInteger prime, BigInteger generator) => new SshWriter().Byte(31).String(prime.ToByteArray()).String(generator.ToByteArray()).ToArray();

    private static IEnumerable<(string, byte[])> GroupList()
    {
        BigInteger good = SshGroup.Modp2048.Prime, one = BigInteger.One, two = BigInteger.Two;
        BigInteger Sized(int bits) => one.ShiftLeft(bits - 1).Add(one);
        yield return ("p of 0", Group(BigInteger.Zero, two));
        yield return ("p of 1", Group(one, two));
        yield return ("p of 5", Group(BigInteger.ValueOf(5), two));
        yield return ("512 bits", Group(Sized(512), two));
        yield return ("1024 bits", Group(Sized(1024), two));
        yield return ("2047 bits", Group(Sized(2047), two));
        yield return ("8193 bits", Group(Sized(8193), two));
        yield return ("30000 bits", Group(Sized(30000), two));
        yield return ("even", Group(good.Add(one), two));
        yield return ("negative p", Group(good.Negate(), two));
        yield return ("g of 0", Group(good, BigInteger.Zero));
        yield return ("g of 1", Group(good, one));
        yield return ("g of p-1", Group(good, good.Subtract(one)));
        yield return ("g of p", Group(good, good));
        yield return ("g of p+2", Group(good, good.Add(two)));
        yield return ("negative g", Group(good, two.Negate()));
        yield return ("long form of g", new SshWriter().Byte(31).String(good.ToByteArray()).String([0, 0, 2]).ToArray());
        yield return ("something behind it", [.. Group(good, two), 0]);
        yield return ("cut off", Group(good, two)[..^1]);
        yield return ("nothing", [31]);
        byte[] other = Group(good, two);
        other[0] = 33;
        yield return ("another message", other);
    }

    private static IEnumerable<HostileValue> Numbers(string method, SshGroup group)
    {
        BigInteger p = group.Prime, one = BigInteger.One;
        foreach ((string name, BigInteger value) in new[] { ("1", one), ("p-1", p.Subtract(one)), ("p", p), ("p+1", p.Add(one)), ("2p-1", p.ShiftLeft(1).Subtract(one)), ("-2", BigInteger.Two.Negate()) })
            yield return Both(method, name, value.ToByteArray());
        yield return Both(method, "0", []);
        yield return Both(method, "0 in a byte", [0]);
        yield return Both(method, "2 in its long form", [0, 2]);
        yield return Both(method, "30000 bits", one.ShiftLeft(30000).ToByteArray());
    }

    private static IEnumerable<HostileValue> Points(string method, ECCurve curve, int size)
    {
        using var key = ECDiffieHellman.Create(curve);
        ECPoint q = key.ExportParameters(includePrivateParameters: false).Q;
        byte[] off = [4, .. q.X!, .. q.Y!];
        off[^1] ^= 1;
        yield return Both(method, "off the curve", off);
        yield return Both(method, "infinity", [0]);
        yield return Both(method, "infinity, filled", new byte[1 + 2 * size]);
        yield return Both(method, "0, 0", [4, .. new byte[2 * size]]);
        yield return Both(method, "beyond the field", [4, .. Filled(2 * size, 0xFF)]);
        yield return Both(method, "compressed", [(byte)(2 + (q.Y![^1] & 1)), .. q.X!]);
        yield return Both(method, "hybrid form", [(byte)(6 + (q.Y![^1] & 1)), .. q.X!, .. q.Y!]);
        yield return Both(method, "a byte short", [4, .. q.X!, .. q.Y![1..]]);
        yield return Both(method, "a byte long", [4, .. q.X!, .. q.Y!, 0]);
        yield return Both(method, "nothing", []);
        if (size != 66)
            yield break;

        // The field of nistp521 is smaller than its bytes: the same point, its coordinate not reduced.
        BigInteger p = BigInteger.One.ShiftLeft(521).Subtract(BigInteger.One);
        byte[] x = new BigInteger(1, q.X!).Add(p).ToByteArrayUnsigned();
        yield return Both(method, "not reduced", [4, .. new byte[size - x.Length], .. x, .. q.Y!]);
    }

    private static IEnumerable<HostileValue> Hybrid(string method, int publicSize, int ciphertextSize)
    {
        yield return new(method, "a byte short", new byte[publicSize + 31], new byte[ciphertextSize + 31]);
        yield return new(method, "a byte long", new byte[publicSize + 33], new byte[ciphertextSize + 33]);
        yield return Both(method, "nothing", []);
        yield return Both(method, "the curve's half alone", Point);
        yield return new(method, "the other half alone", new byte[publicSize], new byte[ciphertextSize]);
        yield return new(method, "the other side's length", new byte[ciphertextSize + 32], new byte[publicSize + 32]);
        yield return new(method, "a point of small order", new byte[publicSize + 32], new byte[ciphertextSize + 32]);
    }

    /// <summary>Points whose multiples are 0 (RFC 7748 6.1, RFC 8731 3): 0, 1, the two of order 8, p-1, p, p+1, and two of them with the bit that is ignored.</summary>
    private static IEnumerable<byte[]> SmallOrder()
    {
        yield return new byte[32];
        yield return [1, .. new byte[31]];
        yield return Convert.FromHexString("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
        yield return Convert.FromHexString("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157");
        yield return [0xEC, .. Filled(30, 0xFF), 0x7F];
        yield return [0xED, .. Filled(30, 0xFF), 0x7F];
        yield return [0xEE, .. Filled(30, 0xFF), 0x7F];
        yield return [.. new byte[31], 0x80];
        yield return [0xED, .. Filled(30, 0xFF), 0xFF];
    }

    private static byte[] Filled(int length, byte with)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(with);
        return bytes;
    }

    private static HostileValue Both(string method, string name, byte[] value) => new(method, name, value, value);
}
