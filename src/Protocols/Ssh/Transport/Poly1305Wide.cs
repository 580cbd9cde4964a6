using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// Poly1305 over four blocks at a time, in limbs of 26 bits. Each lane sums every fourth block by Horner's rule in r^4; in the last round the lanes are multiplied
/// by r^4, r^3, r^2 and r, so that their sum is what one block after another comes to.
/// </summary>
/// <remarks>A limb is below 2^27 when it is multiplied, a power's limb times five below 2^30: five products fit 64 bits with room to spare.</remarks>
internal static class Poly1305Wide
{
    /// <summary>Bytes of a round.</summary>
    public const int Stride = 64;

    /// <summary>Shorter data is done sooner without the powers.</summary>
    public const int Least = 4 * Stride;

    private const ulong Limb = (1 << 26) - 1;

    public static bool IsSupported => Avx2.IsSupported;

    /// <summary>r, r^2, r^3 and r^4, in limbs of 64 bits.</summary>
    [InlineArray(4)]
    public struct Powers
    {
        private (ulong Low, ulong Middle, ulong High) _first;
    }

    /// <summary>A number in each of four lanes.</summary>
    private struct Number
    {
        public Vector256<ulong> L0, L1, L2, L3, L4;
    }

    /// <summary>Starts at zero and takes up <paramref name="data"/>, whole rounds of it.</summary>
    public static void Absorb(in Powers powers, ReadOnlySpan<byte> data, out ulong h0, out ulong h1, out ulong h2)
    {
        // Unpacking leaves the blocks of a round in the order 0, 2, 1, 3.
        Number last = Lanes(powers[3], powers[1], powers[2], powers[0]);
        Number all = Lanes(powers[3], powers[3], powers[3], powers[3]);
        var h = new Number();
        ref byte at = ref MemoryMarshal.GetReference(data);
        ref byte end = ref Unsafe.Add(ref at, data.Length - Stride);
        while (Unsafe.IsAddressLessThan(ref at, ref end))
        {
            Add(ref h, ref at);
            Multiply(ref h, all);
            at = ref Unsafe.Add(ref at, Stride);
        }

        Add(ref h, ref at);
        Multiply(ref h, last);
        Sum(h, out h0, out h1, out h2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Number h, ref byte data)
    {
        Vector256<ulong> first = Vector256.LoadUnsafe(ref data).AsUInt64();
        Vector256<ulong> second = Vector256.LoadUnsafe(ref data, (nuint)Vector256<byte>.Count).AsUInt64();
        Vector256<ulong> low = Avx2.UnpackLow(first, second);
        Vector256<ulong> high = Avx2.UnpackHigh(first, second);
        var limb = Vector256.Create(Limb);
        h.L0 += low & limb;
        h.L1 += (low >>> 26) & limb;
        h.L2 += ((low >>> 52) | (high << 12)) & limb;
        h.L3 += (high >>> 14) & limb;
        // Whole blocks have a bit of their own beyond their 128.
        h.L4 += (high >>> 40) | Vector256.Create(1UL << 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(ref Number h, in Number r)
    {
        // What weighs 2^130 comes back as five.
        Vector256<ulong> s1 = r.L1 + (r.L1 << 2);
        Vector256<ulong> s2 = r.L2 + (r.L2 << 2);
        Vector256<ulong> s3 = r.L3 + (r.L3 << 2);
        Vector256<ulong> s4 = r.L4 + (r.L4 << 2);
        Vector256<ulong> d0 = Product(h.L0, r.L0) + Product(h.L1, s4) + Product(h.L2, s3) + Product(h.L3, s2) + Product(h.L4, s1);
        Vector256<ulong> d1 = Product(h.L0, r.L1) + Product(h.L1, r.L0) + Product(h.L2, s4) + Product(h.L3, s3) + Product(h.L4, s2);
        Vector256<ulong> d2 = Product(h.L0, r.L2) + Product(h.L1, r.L1) + Product(h.L2, r.L0) + Product(h.L3, s4) + Product(h.L4, s3);
        Vector256<ulong> d3 = Product(h.L0, r.L3) + Product(h.L1, r.L2) + Product(h.L2, r.L1) + Product(h.L3, r.L0) + Product(h.L4, s4);
        Vector256<ulong> d4 = Product(h.L0, r.L4) + Product(h.L1, r.L3) + Product(h.L2, r.L2) + Product(h.L3, r.L1) + Product(h.L4, r.L0);

        // Two chains of carries side by side.
        var limb = Vector256.Create(Limb);
        d4 += d3 >>> 26;
        d1 += d0 >>> 26;
        d3 &= limb;
        d0 &= limb;
        Vector256<ulong> over = d4 >>> 26;
        d2 += d1 >>> 26;
        d0 += over + (over << 2);
        d4 &= limb;
        d1 &= limb;
        d3 += d2 >>> 26;
        d1 += d0 >>> 26;
        h.L2 = d2 & limb;
        h.L0 = d0 & limb;
        h.L4 = d4 + (d3 >>> 26);
        h.L3 = d3 & limb;
        h.L1 = d1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Product(Vector256<ulong> a, Vector256<ulong> b) => Avx2.Multiply(a.AsUInt32(), b.AsUInt32());

    private static Number Lanes((ulong, ulong, ulong) a, (ulong, ulong, ulong) b, (ulong, ulong, ulong) c, (ulong, ulong, ulong) d)
    {
        return new Number { L0 = At(0), L1 = At(1), L2 = At(2), L3 = At(3), L4 = At(4) };

        Vector256<ulong> At(int limb) => Vector256.Create(Of(a, limb), Of(b, limb), Of(c, limb), Of(d, limb));
    }

    /// <summary>A limb of 26 bits of a number in limbs of 64; the highest has what there is beyond 130 bits too.</summary>
    private static ulong Of((ulong Low, ulong Middle, ulong High) number, int limb) => limb switch
    {
        0 => number.Low & Limb,
        1 => (number.Low >> 26) & Limb,
        2 => ((number.Low >> 52) | (number.Middle << 12)) & Limb,
        3 => (number.Middle >> 14) & Limb,
        _ => (number.Middle >> 40) | (number.High << 24),
    };

    /// <summary>The sum of the lanes, in limbs of 64 bits.</summary>
    private static void Sum(in Number h, out ulong h0, out ulong h1, out ulong h2)
    {
        ulong t0 = Vector256.Sum(h.L0);
        ulong t1 = Vector256.Sum(h.L1);
        ulong t2 = Vector256.Sum(h.L2);
        ulong t3 = Vector256.Sum(h.L3);
        ulong t4 = Vector256.Sum(h.L4);
        for (int i = 0; i < 2; i++)
        {
            t1 += t0 >> 26;
            t2 += t1 >> 26;
            t3 += t2 >> 26;
            t4 += t3 >> 26;
            (t0, t1, t2, t3) = (t0 & Limb, t1 & Limb, t2 & Limb, t3 & Limb);
            t0 += (t4 >> 26) * 5;
            t4 &= Limb;
        }

        // t0 may have one bit too many, which is carried here.
        h0 = t0 + (t1 << 26);
        ulong top = t2 << 52;
        h0 += top;
        h1 = (t2 >> 12) + (t3 << 14) + (t4 << 40);
        ulong carry = h0 < top ? 1UL : 0;
        h1 += carry;
        h2 = (t4 >> 24) + (h1 < carry ? 1UL : 0);
    }
}
