using System.Buffers.Binary;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>Where the packets of an SFTP stream begin and end: each is a uint32 length and so many bytes (draft-ietf-secsh-filexfer-02 3).</summary>
/// <param name="framed">False: the stream is none of packets, and anything may be said at any time.</param>
internal sealed class SftpFraming(bool framed)
{
    private readonly byte[] _length = new byte[4];
    private int _lengthHave;
    private long _left;

    /// <summary>True when the last packet is whole.</summary>
    public bool AtBoundary => !framed || (_left == 0 && _lengthHave == 0);

    /// <summary>Takes up the stream.</summary>
    public void Take(ReadOnlySpan<byte> data)
    {
        if (framed)
            Walk(data, _length, ref _lengthHave, ref _left);
    }

    /// <summary>True when a packet ends in what comes next.</summary>
    public bool HasBoundary(ReadOnlySpan<byte> data) => LastBoundary(data) >= 0;

    /// <summary>Behind the last packet that ends in what comes next; -1: none does.</summary>
    public int LastBoundary(ReadOnlySpan<byte> data)
    {
        if (!framed)
            return data.Length;
        Span<byte> length = stackalloc byte[4];
        _length.CopyTo(length);
        int have = _lengthHave;
        long left = _left;
        return Walk(data, length, ref have, ref left);
    }

    private static int Walk(ReadOnlySpan<byte> data, Span<byte> length, ref int have, ref long left)
    {
        int last = -1;
        int at = 0;
        while (at < data.Length)
        {
            if (left > 0)
            {
                int step = (int)Math.Min(left, data.Length - at);
                left -= step;
                at += step;
            }
            else
            {
                length[have++] = data[at++];
                if (have < 4)
                    continue;
                have = 0;
                left = BinaryPrimitives.ReadUInt32BigEndian(length);
            }

            if (left == 0)
                last = at;
        }

        return last;
    }
}
