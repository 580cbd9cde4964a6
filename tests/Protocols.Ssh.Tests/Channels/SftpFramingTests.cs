using CsCheck;
using Sallyport.Protocols.Ssh.Channels;

namespace Sallyport.Protocols.Ssh.Tests.Channels;

/// <summary>Where packets end, whatever pieces they come in.</summary>
public sealed class SftpFramingTests
{
    private static readonly Gen<byte[]> Packet = Gen.Byte.Array[0, 20].Select(body => (byte[])[0, 0, 0, (byte)body.Length, .. body]);

    [Fact]
    public void Boundaries_are_found_in_any_pieces() => Gen.Select(Packet.Array[0, 12], Gen.Int[1, 9].Array[1, 40]).Sample(Run, iter: 5000);

    [Fact]
    public void A_stream_without_packets_may_be_cut_anywhere()
    {
        var framing = new SftpFraming(framed: false);
        Assert.Equal(3, framing.LastBoundary("abc"u8));
        framing.Take("abc"u8);
        Assert.True(framing.AtBoundary);
    }

    [Fact]
    public void A_length_of_32_bits_is_no_negative_one()
    {
        var framing = new SftpFraming(framed: true);
        framing.Take([0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
        Assert.False(framing.AtBoundary);
        Assert.False(framing.HasBoundary(new byte[1000]));
    }

    private static void Run(byte[][] packets, int[] sizes)
    {
        byte[] stream = [.. packets.SelectMany(p => p)];
        var ends = new HashSet<int>();
        int end = 0;
        foreach (byte[] packet in packets)
            ends.Add(end += packet.Length);

        var framing = new SftpFraming(framed: true);
        int at = 0;
        for (int i = 0; at < stream.Length; i++)
        {
            int size = Math.Min(sizes[i % sizes.Length], stream.Length - at);
            ReadOnlySpan<byte> piece = stream.AsSpan(at, size);
            int last = ends.Where(e => e > at && e <= at + size).DefaultIfEmpty(at - 1).Max() - at;
            Assert.Equal(last, framing.LastBoundary(piece));
            Assert.Equal(last >= 0, framing.HasBoundary(piece));
            framing.Take(piece);
            at += size;
            Assert.Equal(ends.Contains(at), framing.AtBoundary);
        }

        Assert.True(framing.AtBoundary);
    }
}
