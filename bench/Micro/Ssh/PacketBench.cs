using BenchmarkDotNet.Attributes;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Micro.Ssh;

/// <summary>One packet of 32 KiB, as bulk data comes in: sealed, and opened, per cipher. 0 bytes.</summary>
public class PacketBench
{
    private const int Payload = 32 << 10;

    private readonly byte[] _source = new byte[64 << 10];
    private readonly byte[] _packet = new byte[64 << 10];
    private SshCipher _seal = null!;
    private SshCipher _open = null!;
    private int _length;
    private uint _sequence;

    [Params("aes128-gcm", "aes256-gcm", "chacha20-poly1305", "aes128-ctr")]
    public string Cipher { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        string name = Cipher == SshAlgorithms.Aes128Ctr ? Cipher : Cipher + "@openssh.com";
        var suite = new SshSuite(name, SshAlgorithms.IsAuthenticated(name) ? "" : SshAlgorithms.HmacSha256Etm, SshAlgorithms.NoCompression);
        byte[] key = Filled(SshCiphers.KeySize(suite.Cipher)), iv = Filled(SshCiphers.IvSize(suite.Cipher)), mac = Filled(SshCiphers.MacKeySize(suite.Mac));
        _seal = SshCiphers.Create(suite, key, iv, mac);
        _open = SshCiphers.Create(suite, key, iv, mac);
        int padding = _seal.Padding(Payload);
        _length = sizeof(uint) + 1 + Payload + padding + _seal.TagSize;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(_source, (uint)(1 + Payload + padding));
        _source[4] = (byte)padding;
        new Random(1).NextBytes(_source.AsSpan(5, Payload));
        Sample.Require(SealAndOpen(), "what was sealed opens");
        Sample.Require(_packet.AsSpan(4, Payload).SequenceEqual(_source.AsSpan(4, Payload)), "and is what it was");
    }

    /// <summary>Both, of one packet: a packet opens only once where its number counts.</summary>
    [Benchmark]
    public bool SealAndOpen()
    {
        Span<byte> packet = _packet.AsSpan(0, _length);
        _source.AsSpan(0, _length).CopyTo(packet);
        _seal.Seal(_sequence, packet);
        _open.ReadLength(_sequence, packet[..4]);
        return _open.TryOpen(_sequence++, packet);
    }

    [Benchmark]
    public void Seal()
    {
        Span<byte> packet = _packet.AsSpan(0, _length);
        _source.AsSpan(0, _length).CopyTo(packet);
        _seal.Seal(_sequence++, packet);
    }

    private static byte[] Filled(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
