using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using X86Aes = System.Runtime.Intrinsics.X86.Aes;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// AES in counter mode (RFC 4344 4): a counter of 128 bits, encrypted, XORed over the data. With the processor's AES, eight blocks at a time, so that
/// their rounds overlap; without, the platform's ECB over batches of counters.
/// </summary>
internal sealed class AesCtr : IDisposable
{
    private const int BlockSize = 16;
    private const int Wide = 8;
    private const int Batch = 64 * BlockSize;

    private readonly Vector128<byte>[] _rounds = [];
    private readonly Aes? _aes;
    private readonly ICryptoTransform? _ecb;
    private readonly byte[] _counters = [];
    private readonly byte[] _stream = [];
    private ulong _high;
    private ulong _low;

    public AesCtr(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, bool hardware = true)
    {
        _high = BinaryPrimitives.ReadUInt64BigEndian(iv);
        _low = BinaryPrimitives.ReadUInt64BigEndian(iv[8..]);
        if (hardware && X86Aes.IsSupported)
        {
            _rounds = Expand(key);
            return;
        }

        _aes = Aes.Create();
        _aes.Key = key.ToArray();
        _aes.Mode = CipherMode.ECB;
        _aes.Padding = PaddingMode.None;
        _ecb = _aes.CreateEncryptor();
        _counters = new byte[Batch];
        _stream = new byte[Batch];
    }

    /// <summary>Encrypts or decrypts whole blocks.</summary>
    public void Transform(Span<byte> data)
    {
        if (data.Length % BlockSize != 0)
            throw new ArgumentException("Not whole blocks.", nameof(data));
        if (_ecb is null)
            TransformFast(data);
        else
            TransformBatches(data);
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(_rounds.AsSpan()));
        CryptographicOperations.ZeroMemory(_stream);
        _ecb?.Dispose();
        _aes?.Dispose();
    }

    private void TransformBatches(Span<byte> data)
    {
        while (!data.IsEmpty)
        {
            int count = Math.Min(data.Length, Batch);
            for (int i = 0; i < count; i += BlockSize)
            {
                BinaryPrimitives.WriteUInt64BigEndian(_counters.AsSpan(i), _high);
                BinaryPrimitives.WriteUInt64BigEndian(_counters.AsSpan(i + 8), _low);
                Count();
            }

            _ecb!.TransformBlock(_counters, 0, count, _stream, 0);
            for (int i = 0; i < count; i += BlockSize)
            {
                Span<byte> block = data.Slice(i, BlockSize);
                (Vector128.Create<byte>(block) ^ Vector128.Create(_stream, i)).CopyTo(block);
            }

            data = data[count..];
        }
    }

    private void TransformFast(Span<byte> data)
    {
        ReadOnlySpan<Vector128<byte>> rounds = _rounds;
        while (data.Length >= Wide * BlockSize)
        {
            Eight(rounds, ref MemoryMarshal.GetReference(data));
            data = data[(Wide * BlockSize)..];
        }

        for (; !data.IsEmpty; data = data[BlockSize..])
        {
            Vector128<byte> x = Next() ^ rounds[0];
            for (int i = 1; i < rounds.Length - 1; i++)
                x = X86Aes.Encrypt(x, rounds[i]);
            x = X86Aes.EncryptLast(x, rounds[^1]);
            (Vector128.Create<byte>(data[..BlockSize]) ^ x).CopyTo(data);
        }
    }

    private void Eight(ReadOnlySpan<Vector128<byte>> rounds, ref byte data)
    {
        Vector128<byte> key = rounds[0];
        Vector128<byte> x0 = Next() ^ key, x1 = Next() ^ key, x2 = Next() ^ key, x3 = Next() ^ key;
        Vector128<byte> x4 = Next() ^ key, x5 = Next() ^ key, x6 = Next() ^ key, x7 = Next() ^ key;
        for (int i = 1; i < rounds.Length - 1; i++)
        {
            key = rounds[i];
            x0 = X86Aes.Encrypt(x0, key);
            x1 = X86Aes.Encrypt(x1, key);
            x2 = X86Aes.Encrypt(x2, key);
            x3 = X86Aes.Encrypt(x3, key);
            x4 = X86Aes.Encrypt(x4, key);
            x5 = X86Aes.Encrypt(x5, key);
            x6 = X86Aes.Encrypt(x6, key);
            x7 = X86Aes.Encrypt(x7, key);
        }

        key = rounds[^1];
        XorInto(X86Aes.EncryptLast(x0, key), ref data, 0);
        XorInto(X86Aes.EncryptLast(x1, key), ref data, 1);
        XorInto(X86Aes.EncryptLast(x2, key), ref data, 2);
        XorInto(X86Aes.EncryptLast(x3, key), ref data, 3);
        XorInto(X86Aes.EncryptLast(x4, key), ref data, 4);
        XorInto(X86Aes.EncryptLast(x5, key), ref data, 5);
        XorInto(X86Aes.EncryptLast(x6, key), ref data, 6);
        XorInto(X86Aes.EncryptLast(x7, key), ref data, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void XorInto(Vector128<byte> stream, ref byte data, nuint block)
    {
        ref byte at = ref Unsafe.Add(ref data, block * BlockSize);
        (Vector128.LoadUnsafe(ref at) ^ stream).StoreUnsafe(ref at);
    }

    /// <summary>The counter as AES takes it, big-endian; then one more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector128<byte> Next()
    {
        Vector128<byte> block = Vector128.Create(BinaryPrimitives.ReverseEndianness(_high), BinaryPrimitives.ReverseEndianness(_low)).AsByte();
        Count();
        return block;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Count()
    {
        if (++_low == 0)
            _high++;
    }

    /// <summary>The key schedule (FIPS 197 5.2).</summary>
    private static Vector128<byte>[] Expand(ReadOnlySpan<byte> key)
    {
        int words = key.Length / sizeof(uint);
        Span<uint> w = stackalloc uint[4 * (words + 7)];
        MemoryMarshal.Cast<byte, uint>(key).CopyTo(w);
        uint round = 1;
        for (int i = words; i < w.Length; i++)
        {
            uint t = w[i - 1];
            if (i % words == 0)
            {
                // Words are little-endian here: RotWord turns right.
                t = SubWord(uint.RotateRight(t, 8)) ^ round;
                round = (round << 1) ^ (round >= 0x80 ? 0x11bu : 0);
            }
            else if (words > 6 && i % words == 4)
            {
                t = SubWord(t);
            }

            w[i] = w[i - words] ^ t;
        }

        var rounds = new Vector128<byte>[words + 7];
        for (int i = 0; i < rounds.Length; i++)
            rounds[i] = Vector128.Create(w[4 * i], w[(4 * i) + 1], w[(4 * i) + 2], w[(4 * i) + 3]).AsByte();
        w.Clear();
        return rounds;
    }

    private static uint SubWord(uint word) => X86Aes.KeygenAssist(Vector128.Create(word).AsByte(), 0).AsUInt32()[0];
}
