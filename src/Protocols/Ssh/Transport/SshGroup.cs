using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Agreement;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>A group modulo a prime, and the arithmetic of Diffie and Hellman in it.</summary>
internal sealed class SshGroup
{
    /// <summary>Bits of private exponents: twice the strength of the strongest key that is derived (RFC 4419 6.2).</summary>
    private const int ExponentBits = 512;

    public SshGroup(BigInteger prime, BigInteger generator)
    {
        Prime = prime;
        Generator = generator;
    }

    private SshGroup(DHParameters group)
        : this(group.P, group.G)
    {
    }

    public static SshGroup Modp2048 { get; } = new(DHStandardGroups.rfc3526_2048);

    public static SshGroup Modp4096 { get; } = new(DHStandardGroups.rfc3526_4096);

    public static SshGroup Modp8192 { get; } = new(DHStandardGroups.rfc3526_8192);

    /// <summary>The groups of RFC 3526 that are large enough (RFC 8270), by size.</summary>
    public static IReadOnlyList<SshGroup> Modp { get; } =
        [Modp2048, new(DHStandardGroups.rfc3526_3072), Modp4096, new(DHStandardGroups.rfc3526_6144), Modp8192];

    public BigInteger Prime { get; }

    public BigInteger Generator { get; }

    public int Bits => Prime.BitLength;

    /// <summary>A private exponent.</summary>
    public static BigInteger NewExponent()
    {
        Span<byte> bytes = stackalloc byte[ExponentBits / 8];
        RandomNumberGenerator.Fill(bytes);
        // Never small: the first bit is set.
        bytes[0] |= 0x80;
        var exponent = new BigInteger(1, bytes);
        CryptographicOperations.ZeroMemory(bytes);
        return exponent;
    }

    /// <summary>RFC 4253 8, RFC 8268 4: neither 0, 1 nor p-1, whose powers are known.</summary>
    public bool Contains(BigInteger value) => value.CompareTo(BigInteger.One) > 0 && value.CompareTo(Prime.Subtract(BigInteger.One)) < 0;

    /// <summary>A positive number from the bytes of an mpint; null: it is negative, not in its shortest form, or larger than any group.</summary>
    public static BigInteger? Read(ReadOnlySpan<byte> mpint)
    {
        const int Largest = 8192 / 8 + 1;
        if (mpint.IsEmpty || mpint.Length > Largest || mpint[0] >= 0x80)
            return null;
        if (mpint[0] == 0 && (mpint.Length == 1 || mpint[1] < 0x80))
            return null;
        return new BigInteger(1, mpint);
    }

    /// <summary>The bytes of an mpint, without its length.</summary>
    public static byte[] Write(BigInteger value) => value.ToByteArray();
}
