using System.Buffers.Binary;
using System.Security.Cryptography;
using CsCheck;
using Sallyport.Protocols.Ssh.Tests.Doubles;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Transport;

public sealed class CipherTests
{
    /// <summary>NIST SP 800-38A F.5.1, F.5.3 and F.5.5.</summary>
    [Theory]
    [InlineData("2b7e151628aed2a6abf7158809cf4f3c", "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee")]
    [InlineData("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e941e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050")]
    [InlineData("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6")]
    public void AES_CTR_has_the_published_values(string key, string expected)
    {
        foreach (bool hardware in new[] { true, false })
        {
            byte[] data = Convert.FromHexString("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
            using var aes = new AesCtr(Convert.FromHexString(key), Convert.FromHexString("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"), hardware);
            aes.Transform(data);
            Assert.Equal(expected, Convert.ToHexStringLower(data));
        }
    }

    [Fact]
    public void AES_CTR_by_the_processor_is_AES_CTR_by_the_platform_whatever_the_length() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Int[0, 40]).Sample((key, blocks) =>
        {
            byte[] iv = [.. Enumerable.Repeat((byte)0xff, 15), 0xf0];
            byte[] one = new byte[16 * blocks], two = new byte[16 * blocks];
            using var fast = new AesCtr(key, iv);
            using var slow = new AesCtr(key, iv, hardware: false);
            fast.Transform(one);
            slow.Transform(two);
            return one.AsSpan().SequenceEqual(two);
        }, iter: 200);

    /// <summary>RFC 8439 2.5.2.</summary>
    [Fact]
    public void Poly1305_has_the_published_value()
    {
        byte[] tag = new byte[16];
        Poly1305.Compute(Convert.FromHexString("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b"), "Cryptographic Forum Research Group"u8, tag);
        Assert.Equal("a8061dc1305136c6c22b8baf0c0127a9", Convert.ToHexStringLower(tag));
    }

    /// <summary>RFC 8439 A.3, 7 to 11: where the reduction carries.</summary>
    [Theory]
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000", "ffffffffffffffffffffffffffffffff", "03000000000000000000000000000000")]
    [InlineData("02000000000000000000000000000000ffffffffffffffffffffffffffffffff", "02000000000000000000000000000000", "03000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000", "fffffffffffffffffffffffffffffffff0ffffffffffffffffffffffffffffff11000000000000000000000000000000", "05000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000", "fffffffffffffffffffffffffffffffffbfefefefefefefefefefefefefefefe01010101010101010101010101010101", "00000000000000000000000000000000")]
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000", "fdffffffffffffffffffffffffffffff", "faffffffffffffffffffffffffffffff")]
    public void Poly1305_reduces_at_the_edges(string key, string data, string expected)
    {
        byte[] tag = new byte[16];
        Poly1305.Compute(Convert.FromHexString(key), Convert.FromHexString(data), tag);
        Assert.Equal(expected, Convert.ToHexStringLower(tag));
    }

    /// <summary>Held against another implementation, at every length about where blocks are taken four at a time, with keys and data that make every carry there is.</summary>
    [Theory]
    [InlineData(0xff, 0xff)]
    [InlineData(0xff, 0x00)]
    [InlineData(0x00, 0xff)]
    [InlineData(-1, 0xff)]
    [InlineData(0xff, -1)]
    [InlineData(-1, -1)]
    public void Poly1305_of_any_length_is_what_others_compute(int keyByte, int dataByte)
    {
        var random = new Random(keyByte * 1000 + dataByte);
        byte[] key = Filled(Poly1305.KeySize, keyByte);
        byte[] data = Filled(32 << 10, dataByte);
        int[] lengths = [.. Enumerable.Range(0, 3 * Poly1305Wide.Least), 1 << 12, (32 << 10) - 1, 32 << 10];
        Span<byte> tag = stackalloc byte[Poly1305.TagSize];
        byte[] expected = new byte[Poly1305.TagSize];
        foreach (int length in lengths)
        {
            var reference = new Org.BouncyCastle.Crypto.Macs.Poly1305();
            reference.Init(new Org.BouncyCastle.Crypto.Parameters.KeyParameter(key));
            reference.BlockUpdate(data, 0, length);
            reference.DoFinal(expected, 0);
            Poly1305.Compute(key, data.AsSpan(0, length), tag);
            Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(tag));
        }

        byte[] Filled(int count, int with)
        {
            byte[] bytes = new byte[count];
            if (with < 0)
                random.NextBytes(bytes);
            else
                bytes.AsSpan().Fill((byte)with);
            return bytes;
        }
    }

    /// <summary>Held against the platform's ChaCha20-Poly1305 (RFC 8439), whose key stream is the same where the nonce's first word is zero.</summary>
    [Fact]
    public void ChaCha20_is_the_platforms_whatever_the_length() =>
        Gen.Select(Gen.Byte.Array[32], Gen.ULong, Gen.Int[0, 2000]).Sample((key, nonce, length) =>
        {
            byte[] ours = new byte[length], theirs = new byte[length], wholeNonce = new byte[12];
            uint[] words = new uint[8];
            for (int i = 0; i < words.Length; i++)
                words[i] = BinaryPrimitives.ReadUInt32LittleEndian(key.AsSpan(4 * i));
            ChaCha20.Xor(words, nonce, 1, ours);
            BinaryPrimitives.WriteUInt64LittleEndian(wholeNonce.AsSpan(4), nonce);
            using var reference = new ChaCha20Poly1305(key);
            reference.Encrypt(wholeNonce, new byte[length], theirs, new byte[16]);
            return ours.AsSpan().SequenceEqual(theirs);
        }, iter: 300);

    [Theory]
    [InlineData(SshAlgorithms.Aes128Gcm)]
    [InlineData(SshAlgorithms.ChaCha20Poly1305)]
    [InlineData(SshAlgorithms.Aes128Ctr)]
    public async Task A_packet_costs_no_allocation(string cipher)
    {
        SshTransportOptions options = new() { KeyExchanges = [SshAlgorithms.Curve25519], Ciphers = [cipher] };
        await using TransportPair pair = await new TransportPair(options).LogInAsync();
        byte[] message = [SshMessageNumber.ChannelData, .. new byte[8000]];
        long allocated = Allocation.Least(200, () =>
        {
            for (int i = 0; i < 3; i++)
                Assert.True(pair.Client.TryWrite(message.AsSpan(0, 9), message.AsSpan(9)));
            ValueTask flush = pair.Client.FlushAsync(default);
            Assert.True(flush.IsCompletedSuccessfully);
            ValueTask<Memory<byte>> read = pair.Server.ReadAsync(default);
            Assert.True(read.IsCompletedSuccessfully);
            Assert.True(read.Result.Length == message.Length);
            Assert.True(pair.Server.TryRead(out _) && pair.Server.TryRead(out _));
        });
        Assert.Equal(0, allocated);
    }
}
