using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// Poly1305 (RFC 8439 2.5) in limbs of 64 bits: h·r modulo 2^130 - 5, block after block; long data first four blocks at a time (<see cref="Poly1305Wide"/>).
/// Constant in time for its length.
/// </summary>
internal static class Poly1305
{
    public const int KeySize = 32;
    public const int TagSize = 16;

    private const ulong ClampLow = 0x0ffffffc0fffffff;
    private const ulong ClampHigh = 0x0ffffffc0ffffffc;

    public static void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> tag)
    {
        ulong r0 = BinaryPrimitives.ReadUInt64LittleEndian(key) & ClampLow;
        ulong r1 = BinaryPrimitives.ReadUInt64LittleEndian(key[8..]) & ClampHigh;
        ulong h0 = 0, h1 = 0, h2 = 0;
        if (Poly1305Wide.IsSupported && data.Length >= Poly1305Wide.Least)
        {
            ReadOnlySpan<byte> wide = data[..(data.Length & ~(Poly1305Wide.Stride - 1))];
            Poly1305Wide.Absorb(Powers(r0, r1), wide, out h0, out h1, out h2);
            data = data[wide.Length..];
        }

        int whole = data.Length & ~15;
        for (int i = 0; i < whole; i += 16)
        {
            ReadOnlySpan<byte> block = data.Slice(i, 16);
            Step(ref h0, ref h1, ref h2, r0, r1, BinaryPrimitives.ReadUInt64LittleEndian(block), BinaryPrimitives.ReadUInt64LittleEndian(block[8..]), 1);
        }

        if (whole < data.Length)
        {
            Span<byte> last = stackalloc byte[16];
            last.Clear();
            data[whole..].CopyTo(last);
            last[data.Length - whole] = 1;
            Step(ref h0, ref h1, ref h2, r0, r1, BinaryPrimitives.ReadUInt64LittleEndian(last), BinaryPrimitives.ReadUInt64LittleEndian(last[8..]), 0);
        }

        Finish(h0, h1, h2, key[16..], tag);
    }

    /// <summary>r, r^2, r^3, r^4.</summary>
    private static Poly1305Wide.Powers Powers(ulong r0, ulong r1)
    {
        var powers = new Poly1305Wide.Powers();
        (ulong h0, ulong h1, ulong h2) = (r0, r1, 0);
        powers[0] = (h0, h1, h2);
        for (int i = 1; i < 4; i++)
        {
            Step(ref h0, ref h1, ref h2, r0, r1, 0, 0, 0);
            powers[i] = (h0, h1, h2);
        }

        return powers;
    }

    /// <summary>h = (h + m)·r, partly reduced. What would weigh 2^128 comes back as 5/4 of it: 2^130 is 5, and r1's two lowest bits are clear.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(ref ulong h0, ref ulong h1, ref ulong h2, ulong r0, ulong r1, ulong m0, ulong m1, ulong m2)
    {
        ulong s1 = r1 + (r1 >> 2);
        ulong a0 = h0 + m0;
        ulong carry = a0 < m0 ? 1UL : 0;
        ulong a1 = h1 + m1;
        ulong carry1 = a1 < m1 ? 1UL : 0;
        a1 += carry;
        carry1 += a1 < carry ? 1UL : 0;
        ulong a2 = h2 + m2 + carry1;

        ulong d0High = Math.BigMul(a0, r0, out ulong d0Low);
        ulong xHigh = Math.BigMul(a1, s1, out ulong xLow);
        d0Low += xLow;
        d0High += xHigh + (d0Low < xLow ? 1UL : 0);

        ulong d1High = Math.BigMul(a0, r1, out ulong d1Low);
        ulong yHigh = Math.BigMul(a1, r0, out ulong yLow);
        d1Low += yLow;
        d1High += yHigh + (d1Low < yLow ? 1UL : 0);
        ulong z = a2 * s1;
        d1Low += z;
        d1High += d1Low < z ? 1UL : 0;
        ulong d2 = a2 * r0;

        d1Low += d0High;
        d1High += d1Low < d0High ? 1UL : 0;
        d2 += d1High;
        ulong fold = (d2 >> 2) + (d2 & ~3UL);
        h0 = d0Low + fold;
        ulong c = h0 < fold ? 1UL : 0;
        h1 = d1Low + c;
        h2 = (d2 & 3) + (h1 < c ? 1UL : 0);
    }

    /// <summary>tag = (h mod 2^130 - 5) + s mod 2^128.</summary>
    private static void Finish(ulong h0, ulong h1, ulong h2, ReadOnlySpan<byte> s, Span<byte> tag)
    {
        // h + 5 reaches 2^130 exactly when h is at least the prime.
        ulong g0 = h0 + 5;
        ulong c = g0 < 5 ? 1UL : 0;
        ulong g1 = h1 + c;
        c = g1 < c ? 1UL : 0;
        ulong g2 = h2 + c;
        ulong mask = 0 - (g2 >> 2 != 0 ? 1UL : 0);
        h0 = (h0 & ~mask) | (g0 & mask);
        h1 = (h1 & ~mask) | (g1 & mask);
        ulong s0 = BinaryPrimitives.ReadUInt64LittleEndian(s);
        h0 += s0;
        h1 += BinaryPrimitives.ReadUInt64LittleEndian(s[8..]) + (h0 < s0 ? 1UL : 0);
        BinaryPrimitives.WriteUInt64LittleEndian(tag, h0);
        BinaryPrimitives.WriteUInt64LittleEndian(tag[8..], h1);
    }
}
