using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// ChaCha20 as first published: a 64-bit nonce and a 64-bit counter, of which the lower half suffices here. Eight blocks at a time in vectors whose lanes
/// are blocks; what is left, one at a time.
/// </summary>
internal static class ChaCha20
{
    public const int BlockSize = 64;
    public const int KeySize = 32;

    private const int Wide = 8;

    /// <summary>XORs the key stream from block <paramref name="counter"/> on over <paramref name="data"/>.</summary>
    public static void Xor(ReadOnlySpan<uint> key, ulong nonce, uint counter, Span<byte> data)
    {
        while (data.Length >= Wide * BlockSize && Vector256.IsHardwareAccelerated && BitConverter.IsLittleEndian)
        {
            XorWide(key, nonce, counter, ref MemoryMarshal.GetReference(data));
            data = data[(Wide * BlockSize)..];
            counter += Wide;
        }

        Span<byte> stream = stackalloc byte[BlockSize];
        while (!data.IsEmpty)
        {
            Block(key, nonce, counter++, stream);
            int count = Math.Min(BlockSize, data.Length);
            for (int i = 0; i < count; i++)
                data[i] ^= stream[i];
            data = data[count..];
        }
    }

    /// <summary>The first bytes of a block of the key stream.</summary>
    public static void Block(ReadOnlySpan<uint> key, ulong nonce, uint counter, Span<byte> stream)
    {
        Vector128<uint> k0 = Vector128.Create(key[0], key[1], key[2], key[3]);
        Vector128<uint> k1 = Vector128.Create(key[4], key[5], key[6], key[7]);
        Vector128<uint> start = Vector128.Create(counter, 0, (uint)nonce, (uint)(nonce >> 32));
        Vector128<uint> constants = Vector128.Create(0x61707865u, 0x3320646e, 0x79622d32, 0x6b206574);
        (Vector128<uint> a, Vector128<uint> b, Vector128<uint> c, Vector128<uint> d) = (constants, k0, k1, start);
        for (int i = 0; i < 10; i++)
        {
            Quarters(ref a, ref b, ref c, ref d);
            b = Vector128.Shuffle(b, Vector128.Create(1u, 2, 3, 0));
            c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
            d = Vector128.Shuffle(d, Vector128.Create(3u, 0, 1, 2));
            Quarters(ref a, ref b, ref c, ref d);
            b = Vector128.Shuffle(b, Vector128.Create(3u, 0, 1, 2));
            c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
            d = Vector128.Shuffle(d, Vector128.Create(1u, 2, 3, 0));
        }

        Store(a + constants, stream);
        Store(b + k0, stream[16..]);
        Store(c + k1, stream[32..]);
        Store(d + start, stream[48..]);
    }

    private static void Store(Vector128<uint> row, Span<byte> stream)
    {
        for (int i = 0; i < 4; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(stream[(4 * i)..], row[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarters(ref Vector128<uint> a, ref Vector128<uint> b, ref Vector128<uint> c, ref Vector128<uint> d)
    {
        a += b;
        d = Rotate(d ^ a, 16);
        c += d;
        b = Rotate(b ^ c, 12);
        a += b;
        d = Rotate(d ^ a, 8);
        c += d;
        b = Rotate(b ^ c, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Rotate(Vector128<uint> v, int bits) => (v << bits) | (v >>> (32 - bits));

    private static void XorWide(ReadOnlySpan<uint> key, ulong nonce, uint counter, ref byte data)
    {
        Vector256<uint> count = Vector256.Create(counter) + Vector256.Create(0u, 1, 2, 3, 4, 5, 6, 7);
        var x0 = Vector256.Create(0x61707865u);
        var x1 = Vector256.Create(0x3320646eu);
        var x2 = Vector256.Create(0x79622d32u);
        var x3 = Vector256.Create(0x6b206574u);
        var x4 = Vector256.Create(key[0]);
        var x5 = Vector256.Create(key[1]);
        var x6 = Vector256.Create(key[2]);
        var x7 = Vector256.Create(key[3]);
        var x8 = Vector256.Create(key[4]);
        var x9 = Vector256.Create(key[5]);
        var x10 = Vector256.Create(key[6]);
        var x11 = Vector256.Create(key[7]);
        Vector256<uint> x12 = count;
        Vector256<uint> x13 = Vector256<uint>.Zero;
        var x14 = Vector256.Create((uint)nonce);
        var x15 = Vector256.Create((uint)(nonce >> 32));
        for (int i = 0; i < 10; i++)
        {
            Quarter(ref x0, ref x4, ref x8, ref x12);
            Quarter(ref x1, ref x5, ref x9, ref x13);
            Quarter(ref x2, ref x6, ref x10, ref x14);
            Quarter(ref x3, ref x7, ref x11, ref x15);
            Quarter(ref x0, ref x5, ref x10, ref x15);
            Quarter(ref x1, ref x6, ref x11, ref x12);
            Quarter(ref x2, ref x7, ref x8, ref x13);
            Quarter(ref x3, ref x4, ref x9, ref x14);
        }

        x0 += Vector256.Create(0x61707865u);
        x1 += Vector256.Create(0x3320646eu);
        x2 += Vector256.Create(0x79622d32u);
        x3 += Vector256.Create(0x6b206574u);
        x4 += Vector256.Create(key[0]);
        x5 += Vector256.Create(key[1]);
        x6 += Vector256.Create(key[2]);
        x7 += Vector256.Create(key[3]);
        XorHalves(x0, x1, x2, x3, x4, x5, x6, x7, ref data);
        x8 += Vector256.Create(key[4]);
        x9 += Vector256.Create(key[5]);
        x10 += Vector256.Create(key[6]);
        x11 += Vector256.Create(key[7]);
        x12 += count;
        x14 += Vector256.Create((uint)nonce);
        x15 += Vector256.Create((uint)(nonce >> 32));
        XorHalves(x8, x9, x10, x11, x12, x13, x14, x15, ref Unsafe.Add(ref data, Vector256<byte>.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarter(ref Vector256<uint> a, ref Vector256<uint> b, ref Vector256<uint> c, ref Vector256<uint> d)
    {
        a += b;
        d = Rotate(d ^ a, 16);
        c += d;
        b = Rotate(b ^ c, 12);
        a += b;
        d = Rotate(d ^ a, 8);
        c += d;
        b = Rotate(b ^ c, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Rotate(Vector256<uint> v, [ConstantExpected] byte bits)
    {
        if (Avx512F.VL.IsSupported)
            return Avx512F.VL.RotateLeft(v, bits);
        if (bits == 16 && Avx2.IsSupported)
            return Avx2.Shuffle(v.AsByte(), Vector256.Create((byte)2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)).AsUInt32();
        if (bits == 8 && Avx2.IsSupported)
            return Avx2.Shuffle(v.AsByte(), Vector256.Create((byte)3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14)).AsUInt32();
        return (v << bits) | (v >>> (32 - bits));
    }

    /// <summary>Turns eight words of eight blocks round, and XORs them over half of each block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void XorHalves(
        Vector256<uint> w0, Vector256<uint> w1, Vector256<uint> w2, Vector256<uint> w3,
        Vector256<uint> w4, Vector256<uint> w5, Vector256<uint> w6, Vector256<uint> w7, ref byte data)
    {
        (Vector256<ulong> a0, Vector256<ulong> a1) = Interleave(w0, w1);
        (Vector256<ulong> a2, Vector256<ulong> a3) = Interleave(w2, w3);
        (Vector256<ulong> a4, Vector256<ulong> a5) = Interleave(w4, w5);
        (Vector256<ulong> a6, Vector256<ulong> a7) = Interleave(w6, w7);
        // Each lane of 128 bits: four words of one block; low lanes are blocks 0 to 3, high lanes blocks 4 to 7.
        (Vector256<ulong> b0, Vector256<ulong> b1) = Interleave(a0, a2);
        (Vector256<ulong> b2, Vector256<ulong> b3) = Interleave(a1, a3);
        (Vector256<ulong> c0, Vector256<ulong> c1) = Interleave(a4, a6);
        (Vector256<ulong> c2, Vector256<ulong> c3) = Interleave(a5, a7);
        XorInto(Vector256.Create(b0.GetLower(), c0.GetLower()), ref data, 0);
        XorInto(Vector256.Create(b1.GetLower(), c1.GetLower()), ref data, 1);
        XorInto(Vector256.Create(b2.GetLower(), c2.GetLower()), ref data, 2);
        XorInto(Vector256.Create(b3.GetLower(), c3.GetLower()), ref data, 3);
        XorInto(Vector256.Create(b0.GetUpper(), c0.GetUpper()), ref data, 4);
        XorInto(Vector256.Create(b1.GetUpper(), c1.GetUpper()), ref data, 5);
        XorInto(Vector256.Create(b2.GetUpper(), c2.GetUpper()), ref data, 6);
        XorInto(Vector256.Create(b3.GetUpper(), c3.GetUpper()), ref data, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<ulong> Low, Vector256<ulong> High) Interleave(Vector256<uint> a, Vector256<uint> b) => Avx2.IsSupported
        ? (Avx2.UnpackLow(a, b).AsUInt64(), Avx2.UnpackHigh(a, b).AsUInt64())
        : (Vector256.Create(a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5]).AsUInt64(), Vector256.Create(a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7]).AsUInt64());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<ulong> Low, Vector256<ulong> High) Interleave(Vector256<ulong> a, Vector256<ulong> b) => Avx2.IsSupported
        ? (Avx2.UnpackLow(a, b), Avx2.UnpackHigh(a, b))
        : (Vector256.Create(a[0], b[0], a[2], b[2]), Vector256.Create(a[1], b[1], a[3], b[3]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void XorInto(Vector256<ulong> stream, ref byte data, nuint block)
    {
        ref byte at = ref Unsafe.Add(ref data, block * BlockSize);
        (Vector256.LoadUnsafe(ref at) ^ stream.AsByte()).StoreUnsafe(ref at);
    }
}
