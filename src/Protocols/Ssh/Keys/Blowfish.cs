using System.Globalization;
using System.Numerics;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>Blowfish with the salted key schedule that bcrypt asks for. Its tables are the digits of pi, and are worked out rather than copied.</summary>
internal sealed class Blowfish
{
    private const int Rounds = 16;
    private const int Subkeys = Rounds + 2;
    private const int Box = 256;
    private const int Words = Subkeys + (4 * Box);

    private static readonly Lazy<uint[]> Pi = new(DigitsOfPi);

    /// <summary>The subkeys, then the four boxes.</summary>
    private readonly uint[] _state = [.. Pi.Value];

    /// <summary>Mixes a key in; an empty salt is one of zeros.</summary>
    public void Expand(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt)
    {
        int at = 0;
        for (int i = 0; i < Subkeys; i++)
            _state[i] ^= Next(key, ref at);
        uint left = 0, right = 0;
        at = 0;
        for (int i = 0; i < Words; i += 2)
        {
            if (!salt.IsEmpty)
            {
                left ^= Next(salt, ref at);
                right ^= Next(salt, ref at);
            }

            Encrypt(ref left, ref right);
            _state[i] = left;
            _state[i + 1] = right;
        }
    }

    public void Encrypt(ref uint left, ref uint right)
    {
        uint l = left, r = right;
        for (int i = 0; i < Rounds; i += 2)
        {
            l ^= _state[i];
            r ^= Mix(l);
            r ^= _state[i + 1];
            l ^= Mix(r);
        }

        left = r ^ _state[Rounds + 1];
        right = l ^ _state[Rounds];
    }

    private uint Mix(uint x) =>
        ((_state[Subkeys + (int)(x >> 24)] + _state[Subkeys + Box + (int)((x >> 16) & 0xFF)]) ^ _state[Subkeys + (2 * Box) + (int)((x >> 8) & 0xFF)]) + _state[Subkeys + (3 * Box) + (int)(x & 0xFF)];

    /// <summary>The next four bytes of a key that repeats.</summary>
    private static uint Next(ReadOnlySpan<byte> key, ref int at)
    {
        uint word = 0;
        for (int i = 0; i < 4; i++)
        {
            word = (word << 8) | key[at];
            at = (at + 1) % key.Length;
        }

        return word;
    }

    /// <summary>The fraction of pi in words of 32 bits, by Machin's formula: pi = 16 arctan(1/5) - 4 arctan(1/239).</summary>
    private static uint[] DigitsOfPi()
    {
        const int Guard = 64;
        BigInteger one = BigInteger.One << ((Words * 32) + Guard);
        BigInteger pi = (16 * ArcTangent(5, one)) - (4 * ArcTangent(239, one));
        string hex = ((pi - (3 * one)) >> Guard).ToString("x", CultureInfo.InvariantCulture).TrimStart('0').PadLeft(Words * 8, '0');
        uint[] words = new uint[Words];
        for (int i = 0; i < Words; i++)
            words[i] = uint.Parse(hex.AsSpan(8 * i, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return words;
    }

    private static BigInteger ArcTangent(int inverse, BigInteger one)
    {
        BigInteger term = one / inverse, sum = term;
        int square = inverse * inverse;
        for (int n = 3; !term.IsZero; n += 2)
        {
            term /= -square;
            sum += term / n;
        }

        return sum;
    }
}
